import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DESYNC_MODES, type DesyncMode, PLAIN_HTTP } from '@evenkeel/model/plan/http.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { DESYNC_REASONS } from '../src/http1/desync.ts';
import { Front, statusesIn } from './front.ts';
import { type RecordingOrigin, recordingOrigin } from './recording-origin.ts';

const NEXT = 'GET /next HTTP/1.1\r\nHost: a.test\r\n\r\n';

interface Case {
  readonly reason: string;
  readonly input: string;
  /** Severe ones have a status of their own. */
  readonly status?: number;
}

const post = (fields: string, body = ''): string => `POST /x HTTP/1.1\r\nHost: a.test\r\n${fields}\r\n\r\n${body}`;
const get = (fields: string, body = ''): string => `GET /x HTTP/1.1\r\nHost: a.test\r\n${fields}\r\n\r\n${body}`;

const SEVERE: readonly Case[] = [
  { reason: 'request-line', input: 'GET /x\r\nHost: a.test\r\n\r\n' },
  { reason: 'request-line', input: `GET /x y HTTP/1.1\r\nHost: a.test\r\n\r\n` },
  { reason: 'request-line', input: 'GET /x\0 HTTP/1.1\r\nHost: a.test\r\n\r\n' },
  { reason: 'version', input: 'GET /x HTTP/1.2\r\nHost: a.test\r\n\r\n', status: 505 },
  { reason: 'field-name', input: get('X : 1') },
  { reason: 'field-name', input: get('X: 1\r\n folded') },
  { reason: 'field-name', input: get('X\0: 1') },
  { reason: 'field-value', input: get('X: a\0b') },
  { reason: 'line-end', input: get('X: 1\nY: 2') },
  { reason: 'line-end', input: get('X: 1\rY: 2') },
  { reason: 'line-end', input: 'GET /x HTTP/1.1\nHost: a.test\r\n\r\n' },
  { reason: 'host-missing', input: 'GET /x HTTP/1.1\r\nX: 1\r\n\r\n' },
  { reason: 'host-repeated', input: get('Host: a.test') },
  { reason: 'host-invalid', input: 'GET /x HTTP/1.1\r\nHost: a/b\r\n\r\n' },
  { reason: 'content-length-invalid', input: post('Content-Length: +5', 'hello') },
  { reason: 'content-length-invalid', input: post('Content-Length: 5, 5', 'hello') },
  { reason: 'content-length-invalid', input: post('Content-Length: 0x5', 'hello') },
  { reason: 'content-length-repeated', input: post('Content-Length: 5\r\nContent-Length: 5', 'hello') },
  {
    reason: 'length-and-transfer-encoding',
    input: post('Content-Length: 5\r\nTransfer-Encoding: chunked', '0\r\n\r\n'),
  },
  { reason: 'transfer-encoding-invalid', input: post('Transfer-Encoding: chunked, identity', '0\r\n\r\n') },
  { reason: 'transfer-encoding-invalid', input: post('Transfer-Encoding: xchunked', '0\r\n\r\n') },
  { reason: 'transfer-encoding-unknown', input: post('Transfer-Encoding: gzip, chunked', '0\r\n\r\n'), status: 501 },
  { reason: 'target-invalid', input: 'GET x HTTP/1.1\r\nHost: a.test\r\n\r\n' },
  { reason: 'target-invalid', input: 'GET http://u@a.test/x HTTP/1.1\r\nHost: a.test\r\n\r\n' },
  { reason: 'target-conflict', input: 'GET http://b.test/x HTTP/1.1\r\nHost: a.test\r\n\r\n' },
  { reason: 'chunk', input: post('Transfer-Encoding: chunked', '5\nhello\r\n0\r\n\r\n') },
  { reason: 'chunk', input: post('Transfer-Encoding: chunked', ' 5\r\nhello\r\n0\r\n\r\n') },
  { reason: 'chunk', input: post('Transfer-Encoding: chunked', '5\r\nhelloX0\r\n\r\n') },
];

const AMBIGUOUS: readonly Case[] = [
  { reason: 'unexpected-body', input: get('Content-Length: 5', 'hello') },
  { reason: 'unexpected-body', input: get('Transfer-Encoding: chunked', '5\r\nhello\r\n0\r\n\r\n') },
  { reason: 'unexpected-body', input: get('Content-Length: 5', 'hello').replace('GET', 'HEAD') },
  { reason: 'upgrade-with-body', input: post('Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 5', 'hello') },
  { reason: 'connection-names-framing', input: post('Connection: Content-Length\r\nContent-Length: 5', 'hello') },
  { reason: 'connection-names-framing', input: get('Connection: x, HOST') },
  { reason: 'framing-white-space', input: post('Content-Length:\t5', 'hello') },
  { reason: 'framing-white-space', input: post('Transfer-Encoding: chunked ', '0\r\n\r\n') },
  { reason: 'lookalike-field', input: post('Content_Length: 7\r\nContent-Length: 5', 'hello') },
  { reason: 'lookalike-field', input: get('X_Forwarded_For: 192.0.2.1') },
];

const ACCEPTABLE: readonly Case[] = [
  { reason: 'zero-length', input: get('Content-Length: 0') },
  { reason: 'absolute-form', input: 'GET http://a.test/x HTTP/1.1\r\nHost: a.test\r\n\r\n' },
];

const AMBIGUOUS_FATE: Readonly<Record<DesyncMode, string>> = {
  monitor: 'passes on and counts',
  defensive: 'passes on and closes behind',
  strict: 'refuses',
};

it('has a case of every reason', () => {
  const cases = [...SEVERE, ...AMBIGUOUS, ...ACCEPTABLE];
  assert.deepEqual([...new Set(cases.map(({ reason }) => reason))], DESYNC_REASONS);
});

for (const reactor of ['uring', 'portable'] as const) {
  describe(`desync modes on ${reactor}`, { skip: requiresReactor(reactor), timeout: 60_000 }, () => {
    let front: Front;
    let origin: RecordingOrigin;
    before(async () => {
      front = await Front.open(reactor);
      origin = await recordingOrigin();
    });
    after(async () => {
      await front.engine.stop(1_000);
      await origin.close();
    });

    /** Sends the case's request and another one behind it. */
    async function send({ reason, input }: Case): Promise<{ statuses: number[]; seen: string[]; line: unknown }> {
      origin.seen.length = 0;
      const before = front.counters.desync[reason] ?? 0;
      const text = await front.talk(`${input}${NEXT}`, { end: true });
      const statuses = statusesIn(text);
      const [first] = await front.lines(statuses.length);
      assert.equal(front.counters.desync[reason], before + 1, `${reason} is counted once`);
      assert.equal(first?.['desync'], reason);
      assert.match(String(first['method']), /^(GET|POST|HEAD)$/);
      assert.deepEqual(origin.faults, []);
      return { statuses, seen: origin.seen.map(({ target }) => target), line: first };
    }

    for (const mode of DESYNC_MODES) {
      describe(mode, () => {
        before(() => front.plan([origin.port], { http: { ...PLAIN_HTTP, desyncMode: mode }, idleTimeout: 500 }));
        for (const one of SEVERE) {
          it(`refuses ${one.reason}: ${JSON.stringify(one.input.slice(0, 60))}`, async () => {
            const { statuses, seen } = await send(one);
            assert.deepEqual(statuses, [one.status ?? 400]);
            assert.deepEqual(seen, []);
          });
        }
        for (const one of AMBIGUOUS) {
          it(`${AMBIGUOUS_FATE[mode]} ${one.reason}: ${JSON.stringify(one.input.slice(0, 60))}`, async () => {
            const { statuses, seen } = await send(one);
            assert.deepEqual(statuses, { monitor: [200, 200], defensive: [200], strict: [400] }[mode]);
            assert.deepEqual(seen, { monitor: ['/x', '/next'], defensive: ['/x'], strict: [] }[mode]);
          });
        }
        for (const one of ACCEPTABLE) {
          it(`${mode === 'strict' ? 'refuses' : 'passes on'} ${one.reason}`, async () => {
            const { statuses, seen } = await send(one);
            assert.deepEqual(statuses, mode === 'strict' ? [400] : [200, 200]);
            assert.deepEqual(seen, mode === 'strict' ? [] : ['/x', '/next']);
          });
        }
      });
    }

    it('sends nothing behind an ambiguous request on its connection to the target, in any mode', async () => {
      await front.plan([origin.port], { http: { ...PLAIN_HTTP, desyncMode: 'monitor' } });
      const made = (): number => front.engine.counters().targets[0]?.connections ?? 0;
      const start = made();
      const usual = get('X: 1');
      await front.talk(`${usual}${usual}`, { end: true });
      const reused = made() - start;
      await front.talk(`${usual}${get('Content-Length: 5', 'hello')}${usual}`, { end: true });
      assert.ok(reused <= 1, `${reused} connections for two usual requests`);
      assert.equal(made() - start - reused, 1, 'one more behind the ambiguous one');
    });
  });
}
