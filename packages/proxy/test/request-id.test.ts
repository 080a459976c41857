import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { PLAIN_HTTP } from '@evenkeel/model/plan/http.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import { httpOrigin, type Origin } from './exchange.ts';
import { Front } from './front.ts';

const OURS = /^[0-9a-f]{32}$/;

/** The identifier that the client was told, or null. */
const toldIn = (text: string): string | null => /^X-Request-ID: (.*)\r$/m.exec(text)?.[1] ?? null;

const withMode = (requestId: 'off' | 'errors' | 'always', more: Partial<PlannedListener> = {}) => ({
  http: { ...PLAIN_HTTP, requestId },
  ...more,
});

const get = (fields = '', path = '/'): string =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\n${fields}Connection: close\r\n\r\n`;

for (const reactor of ['uring', 'portable'] as const) {
  describe(`identifiers of requests on ${reactor}`, () => {
    let front: Front;
    let origin: Origin;
    let seen: (string | undefined)[] = [];

    before(async () => {
      front = await Front.open(reactor);
      origin = await httpOrigin((request, response) => {
        seen.push(request.headers['x-request-id'] as string | undefined);
        if (request.url === '/own') response.setHeader('X-Request-ID', 'of-the-target');
        response.end('ok');
      });
    });
    after(async () => {
      await front.engine.stop(0);
      await origin.close();
    });

    const ask = async (text: string): Promise<{ told: string | null; logged: unknown; got: string | undefined }> => {
      seen = [];
      const answer = await front.talk(text);
      const [line] = await front.lines(1);
      return { told: toldIn(answer), logged: line!['request_id'], got: seen[0] };
    };

    test('every line of the log has one, and connections have numbers', async () => {
      await front.plan([origin.port]);
      await front.talk(`GET / HTTP/1.1\r\nHost: a\r\n\r\n${get()}`);
      await front.talk(get());
      const [first, second, third] = await front.lines(3);
      for (const line of [first, second, third]) assert.match(String(line!['request_id']), OURS);
      assert.equal(new Set([first, second, third].map((line) => line!['request_id'])).size, 3);
      assert.equal(first!['connection'], second!['connection']);
      assert.notEqual(first!['connection'], third!['connection']);
      const rtt = first!['rtt_us'];
      if (reactor === 'uring') assert.ok(typeof rtt === 'number' && rtt > 0 && rtt < 10_000_000, String(rtt));
      else assert.equal(rtt, undefined);
    });

    test('errors: error answers tell it, others do not, and what a client says goes through', async () => {
      await front.plan([origin.port], withMode('errors'));
      assert.deepEqual(await ask(get('X-Request-ID: theirs\r\n')), { told: null, logged: 'theirs', got: 'theirs' });
      await front.plan([], withMode('errors'));
      const failed = await ask(get());
      assert.match(failed.told ?? '', OURS);
      assert.equal(failed.logged, failed.told);
      const named = await ask(get('X-Request-ID: theirs\r\n'));
      assert.deepEqual([named.told, named.logged], ['theirs', 'theirs']);
      const malformed = await ask('GET / HTTP/1.1\r\nHost a\r\n\r\n');
      assert.match(malformed.told ?? '', OURS);
      assert.equal(malformed.logged, malformed.told);
    });

    test('always: client, target and log have the same, and no stranger chooses it', async () => {
      await front.plan([origin.port], withMode('always'));
      for (const fields of ['', 'X-Request-ID: forged\r\n', `X-Request-ID: ${'x'.repeat(500)}\r\n`]) {
        const { told, logged, got } = await ask(get(fields));
        assert.match(told ?? '', OURS, fields);
        assert.deepEqual([logged, got], [told, told]);
      }
      const own = await ask(get('', '/own'));
      assert.equal(own.told, 'of-the-target');
      await front.plan([origin.port], withMode('always', { trustedProxies: ['127.0.0.0/8'] }));
      assert.deepEqual(await ask(get('X-Request-ID: p-1\r\n')), { told: 'p-1', logged: 'p-1', got: 'p-1' });
      assert.match((await ask(get())).told ?? '', OURS);
    });

    test('off: nobody is told, and the log has it all the same', async () => {
      await front.plan([], withMode('off'));
      const { told, logged } = await ask(get());
      assert.equal(told, null);
      assert.match(String(logged), OURS);
    });
  });
}
