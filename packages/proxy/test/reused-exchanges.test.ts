import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { PLAIN_HTTP } from '@evenkeel/model/plan/http.ts';
import { STANDARD_LIMITS } from '@evenkeel/model/plan/limits.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import { PLAIN_RETRY } from '@evenkeel/model/plan/resilience.ts';
import type { PlannedRule } from '@evenkeel/model/plan/rules.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { ruleGroupOf, ruleOf } from '../src/rules/fixtures/rules.ts';
import { freePort, type Origin, tcpOrigin } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

/** On a busy machine, too. */
const PATIENT = { connectTimeout: 30_000, readTimeout: 30_000 };

const SECRET = Buffer.alloc(32, 7);

/** Longer than what is compressed at once, and than what waits for a client that does not read. */
const LONG = 'a line of words that says little, again and again\n'.repeat(20_000);

const TOKEN = ((): string => {
  const data = [{ alg: 'HS256' }, { sub: 'alice', role: 'admin' }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${data}.${createHmac('sha256', SECRET).update(data).digest('base64url')}`;
})();

const forward = (serviceId: string): PlannedRule['action'] => ({
  type: 'forward',
  services: [{ serviceId, weight: 1 }],
});

const beginning = (value: string): Pick<PlannedRule['match'], 'paths'> => ({
  paths: [{ kind: 'prefix', value, ignoreCase: false }],
});

const RULES: readonly PlannedRule[] = [
  ruleOf('told', 1, beginning('/probe-rule'), {
    action: forward('svc'),
    requestHeaders: [
      { operation: 'set', name: 'X-Told', value: '${host} ${path} ${method} ${request_id}' },
      { operation: 'set', name: 'X-Agent', value: 'of ${client_address}' },
    ],
    responseHeaders: [{ operation: 'set', name: 'X-Path', value: '${path}' }],
  }),
  ruleOf('entry', 2, beginning('/jwt'), {
    action: forward('sticky'),
    rewrite: { host: 'inside', path: { kind: 'prefix', pattern: '', replacement: '/was-jwt' } },
    requestHeaders: [{ operation: 'set', name: 'X-Secret', value: '${path} ${host}' }],
    responseHeaders: [{ operation: 'set', name: 'X-Secret', value: '${path}' }],
    jwt: {
      keys: JSON.stringify({ keys: [{ kty: 'oct', k: SECRET.toString('base64url') }] }),
      algorithms: ['HS256'],
      issuer: null,
      audience: null,
      leeway: 0,
      claims: [
        { claim: 'sub', header: 'X-User' },
        { claim: 'role', header: 'X-Role' },
      ],
    },
  }),
  ruleOf('copied', 3, beginning('/copied'), { action: forward('svc'), mirror: { serviceId: 'other', percent: 100 } }),
  ruleOf('retried', 4, beginning('/retried'), { action: forward('failing') }),
  ruleOf('queued', 5, beginning('/queued'), { action: forward('narrow') }),
  ruleOf('kept', 6, beginning('/kept'), { action: forward('sticky') }),
  ruleOf('own', 7, beginning('/own'), { action: forward('announced') }),
  ruleOf('moved', 8, beginning('/moved'), {
    action: { type: 'redirect', status: 302, protocol: 'https', host: null, port: 0, path: null, query: null },
    responseHeaders: [{ operation: 'add', name: 'X-Moved', value: '${path}' }],
  }),
  ruleOf('fixed', 9, beginning('/fixed'), {
    action: { type: 'respond', status: 418, contentType: 'text/x', body: 'fixed words' },
  }),
];

/** Answers by what the path names; an upload is answered when its head is there, and what goes on for ever when it is asked for. */
async function startOrigin(seen: string[]): Promise<Origin> {
  return tcpOrigin((socket) => {
    let text = '';
    let upgraded = false;
    socket.on('end', () => socket.end());
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      if (upgraded) return void socket.write(chunk);
      text += chunk;
      for (;;) {
        const end = text.indexOf('\r\n\r\n');
        if (end < 0) return;
        const head = text.slice(0, end + 4);
        const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
        const chunked = /transfer-encoding: chunked/i.test(head);
        if (!/early/.test(head) && (chunked ? !text.endsWith('0\r\n\r\n') : text.length < end + 4 + length)) return;
        text = chunked ? '' : text.slice(end + 4 + length);
        seen.push(head);
        upgraded = / \S*upgrade /.test(head);
        answer(socket, head);
      }
    });
  });
}

function answer(socket: Socket, head: string): void {
  const path = / (\S+) /.exec(head)?.[1] ?? '';
  const plain = (status: string, body: string, fields = ''): string =>
    `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n${fields}\r\n${head.startsWith('HEAD') ? '' : body}`;
  if (path.includes('upgrade'))
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: words\r\n\r\nhello');
  else if (path.includes('garbage')) socket.write('HTTP/1.1 2x0 garbage\r\n\r\n');
  else if (path.includes('dies')) socket.destroy();
  else if (path.includes('interim-death')) {
    socket.write('HTTP/1.1 103 Early Hints\r\nLink: </secret>\r\n\r\n', () => socket.destroy());
  } else if (path.includes('interim')) {
    socket.write(`HTTP/1.1 103 Early Hints\r\nLink: </secret>\r\n\r\n${plain('200 OK', 'after a hint')}`);
  } else if (path.includes('cut')) {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsecret', () => socket.destroy());
  } else if (path.includes('endless')) {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n`);
    socket.write(`${LONG.length.toString(16)}\r\n${LONG}\r\n`);
  } else if (path.includes('chunks')) {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n`);
    socket.write(`${LONG.length.toString(16)}\r\n${LONG}\r\n0\r\n\r\n`);
  } else if (path.includes('early')) socket.write(plain('413 Content Too Large', 'too large'));
  else if (path.includes('silent')) return;
  else if (path.includes('hold')) setTimeout(() => socket.write(plain('200 OK', 'late')), 30);
  else if (path.includes('words')) {
    socket.write(plain('200 OK', LONG.slice(0, 4_000), 'Content-Type: text/plain\r\nETag: "words"\r\n'));
  } else socket.write(plain('200 OK', 'ok'));
}

interface Said {
  readonly [request: string]: { readonly answer: string; readonly seen: string[]; readonly logged: unknown[] };
}

/** What a client is given, targets are told and the log says of it is masked where it has to differ. */
const masked = (text: string): string =>
  text
    .replaceAll(/^Date: .*/gm, 'Date: <now>')
    .replaceAll(/[0-9a-f]{32}/g, '<id>')
    .replaceAll(/EK=[^;\r]+/g, 'EK=<cookie>');

const UNLIKE = [
  'time',
  'client_port',
  'connection',
  'request_ms',
  'connect_ms',
  'response_ms',
  'exchange_ms',
  'rtt_us',
];

const PROBES: Readonly<Record<string, string>> = {
  '/probe-plain': 'GET /probe-plain HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n',
  '/probe-old': 'GET /probe-old HTTP/1.0\r\nUser-Agent: old\r\n\r\n',
  '/probe-rule': 'GET /probe-rule HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n',
  '/probe-post': 'POST /probe-post HTTP/1.1\r\nHost: p\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody',
  '/probe-bad': 'GET /probe-bad HTTP/1.1\r\nHost : probe\r\n\r\n',
  '/probe-large': `GET /probe-large HTTP/1.1\r\nHost: p\r\nContent-Length: 99999999\r\n\r\n`,
};

/**
 * The exchanges of a worker serve one client after the other (ADR 051). What anybody is given, targets are told and the log
 * says is the same on a worker that has served nobody, and behind a client of which the request has ended in whatever way.
 */
for (const reactor of ['uring', 'portable'] as const) {
  describe(`exchanges that are used again on ${reactor}`, { skip: requiresReactor(reactor), timeout: 60_000 }, () => {
    test('nothing of one request reaches the next one', async (t) => {
      const seen: string[] = [];
      const origin = await startOrigin(seen);
      const second = await startOrigin(seen);
      const mirror = await startOrigin([]);
      const dead = await freePort();
      const port = await freePort();
      const hasty = await freePort();
      t.after(() => Promise.all([origin.close(), second.close(), mirror.close()]));
      const retry = { ...PLAIN_RETRY, conditions: ['connect-failure', 'no-response'] as const };
      const stickiness = {
        type: 'cookie' as const,
        cookieName: 'EK',
        expiry: 3_600_000,
        key: Buffer.alloc(32, 5).toString('base64'),
        oldKeys: [],
      };
      const narrow = { maxConnections: 1, maxRequests: 1, queueSize: 8, queueTimeout: 40 };
      const change = changeOf(
        [
          serviceOf([origin.port], PATIENT),
          serviceOf([origin.port, second.port], { id: 'sticky', stickiness, ...PATIENT }),
          serviceOf([mirror.port], { id: 'other', ...PATIENT }),
          serviceOf([dead, origin.port], { id: 'failing', retry, ...PATIENT }),
          serviceOf([origin.port], { id: 'narrow', targetLimits: narrow, readTimeout: 80 }),
          serviceOf([origin.port], { id: 'announced', proxyProtocol: 1, ...PATIENT }),
        ],
        [listenerOf(port, listener), listenerOf(hasty, { ...listener, id: 'hasty', headerTimeout: 60 })],
      );
      const group = ruleGroupOf('priority', RULES);
      const key = `rule-group/${group.id}`;
      const shared = new Map([[key, { key, kind: 'rule-group' as const, hash: '', value: group }]]);
      const engine = await createEngine({ workers: 1, reactor });
      t.after(() => engine.stop(1_000));
      assert.deepEqual(await engine.apply({ ...change, shared }), []);

      const fresh = await probe(engine, port, seen);
      assert.match(fresh['/probe-plain']!.answer, /^HTTP\/1\.1 200 /);
      assert.match(fresh['/probe-rule']!.answer, /X-Path: \/probe-rule/);
      assert.match(fresh['/probe-bad']!.answer, /^HTTP\/1\.1 400 /);
      assert.match(fresh['/probe-large']!.answer, /^HTTP\/1\.1 413 /);
      for (const [name, end] of Object.entries(ENDINGS)) {
        await end(port, hasty);
        await untilQuiet(engine);
        assert.deepEqual(await probe(engine, port, seen), fresh, `behind ${name}`);
      }
    });
  });
}

const listener: Partial<PlannedListener> = {
  ruleGroupId: 'rules',
  http: { ...PLAIN_HTTP, compression: true, requestId: 'always' },
  limits: { ...STANDARD_LIMITS, bodySize: 2_000_000 },
};

/** Everything at once, so that several exchanges are taken. */
async function probe(engine: ProxyEngine, port: number, seen: string[]): Promise<Said> {
  while (engine.readAccessLog() !== null);
  seen.length = 0;
  const names = Object.keys(PROBES);
  const answers = await Promise.all(names.map((name) => talk(port, PROBES[name]!)));
  const lines: Record<string, unknown>[] = [];
  while (lines.length < names.length) {
    const bytes = engine.readAccessLog();
    if (bytes === null) await pass();
    else lines.push(...linesIn(bytes));
  }
  await untilQuiet(engine);
  for (const line of lines) {
    for (const field of UNLIKE) delete line[field];
    line.request_id = masked(String(line.request_id));
  }
  const of = (name: string, index: number) => ({
    answer: masked(answers[index]!),
    seen: seen.filter((head) => head.includes(` ${name} `)).map(masked),
    logged: lines.filter(({ uri }) => uri === name),
  });
  assert.deepEqual(lines.map(({ uri }) => uri).sort(), [...names].sort());
  return Object.fromEntries(names.map((name, index) => [name, of(name, index)]));
}

/** Those of probes: the line of a request that has ended may come a moment later. */
function linesIn(bytes: Uint8Array): Record<string, unknown>[] {
  const lines = Buffer.from(bytes).toString().trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line)).filter(({ uri }) => uri.startsWith('/probe'));
}

const pass = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

async function untilQuiet(engine: ProxyEngine): Promise<void> {
  for (;;) {
    const { listeners } = engine.counters();
    if (listeners.every((one) => one.activeRequests === 0 && one.activeConnections === 0)) return;
    await pass();
  }
}

async function open(port: number, bytes: string): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  socket.setEncoding('latin1').on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(bytes, 'latin1');
  return socket;
}

/** Everything that comes until the proxy ends it, or until the client has seen `sign` and goes. */
async function talk(port: number, bytes: string, sign: string | null = null): Promise<string> {
  const socket = await open(port, bytes);
  let text = '';
  socket.on('data', (chunk: string) => {
    text += chunk;
    if (sign !== null && text.includes(sign)) socket.resetAndDestroy();
  });
  await new Promise((resolve) => socket.on('end', resolve).on('close', resolve));
  socket.destroy();
  return text;
}

const HEAD =
  ' HTTP/1.1\r\nHost: secret.example\r\nUser-Agent: secret\r\nReferer: /secret\r\nX-Request-ID: secret\r\n' +
  'Cookie: EK=secret; session=secret\r\nAccept-Encoding: gzip\r\n';
const CLOSE = 'Connection: close\r\n\r\n';

/** Ways in which a request ends; `hasty`: the port of a listener that waits for no head that is late. */
const ENDINGS: Readonly<Record<string, (port: number, hasty: number) => Promise<unknown>>> = {
  'a whole exchange': (port) => talk(port, `GET /whole${HEAD}${CLOSE}`),
  'a HEAD': (port) => talk(port, `HEAD /words${HEAD}${CLOSE}`),
  'an HTTP/1.0 client with chunks': (port) => talk(port, 'GET /chunks HTTP/1.0\r\nCookie: secret\r\n\r\n'),
  'an upgrade': (port) => talk(port, `GET /upgrade${HEAD}Connection: upgrade\r\nUpgrade: words\r\n\r\n`, 'hello'),
  'an upgrade that is not granted': (port) =>
    talk(port, `GET /x${HEAD}Connection: upgrade, close\r\nUpgrade: words\r\n\r\n`),
  'an upload that is given up': async (port) => {
    const socket = await open(port, `POST /given-up${HEAD}Content-Length: 100000\r\n\r\nsecret`);
    await pass();
    socket.resetAndDestroy();
  },
  'an upload that ends too soon': async (port) => {
    const socket = await open(port, `POST /too-soon${HEAD}Content-Length: 1000\r\n\r\nsecret`);
    socket.end();
    socket.resume();
    await once(socket, 'end');
  },
  'bad chunks': (port) => talk(port, `POST /bad-chunks${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n`),
  'a body that is too large': (port) =>
    talk(port, `POST /too-large${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nfffffff\r\n`),
  'an answer that nobody takes': (port) => talk(port, `GET /endless${HEAD}\r\n`, 'HTTP/1.1 200'),
  'an answer that is compressed, and not taken': async (port) => {
    const socket = await open(port, `GET /endless${HEAD}\r\n`);
    await once(socket, 'readable');
    socket.resetAndDestroy();
  },
  'an answer that is compressed': (port) => talk(port, `GET /words${HEAD}${CLOSE}`),
  'a stream that is compressed': (port) => talk(port, `GET /chunks${HEAD}${CLOSE}`),
  'an answer before the body': (port) => talk(port, `POST /early${HEAD}Content-Length: 100000\r\n\r\nsecret`),
  'an interim answer': (port) => talk(port, `GET /interim${HEAD}${CLOSE}`),
  'an interim answer and no other': (port) => talk(port, `GET /interim-death${HEAD}${CLOSE}`),
  'a target that is no HTTP server': (port) => talk(port, `GET /garbage${HEAD}${CLOSE}`),
  'a target that cuts its answer': (port) => talk(port, `GET /cut${HEAD}${CLOSE}`, 'nothing'),
  'a retry': (port) =>
    Promise.all([talk(port, `GET /retried${HEAD}${CLOSE}`), talk(port, `GET /retried${HEAD}${CLOSE}`)]),
  'retries that fail': (port) => talk(port, `GET /retried/dies${HEAD}${CLOSE}`),
  'a wait in the queue': (port) => Promise.all([1, 2].map((i) => talk(port, `GET /queued/hold/${i}${HEAD}${CLOSE}`))),
  'a wait that is too long': (port) =>
    Promise.all([1, 2, 3].map((i) => talk(port, `GET /queued/silent/${i}${HEAD}${CLOSE}`))),
  'a wait that is given up': async (port) => {
    const first = talk(port, `GET /queued/silent/1${HEAD}${CLOSE}`);
    const other = await open(port, `GET /queued/silent/2${HEAD}${CLOSE}`);
    await pass();
    other.resetAndDestroy();
    await first;
  },
  'a copy': (port) => talk(port, `POST /copied${HEAD}Content-Length: 6\r\n${CLOSE}secret`),
  'a copy that is given up': async (port) => {
    const socket = await open(port, `POST /copied${HEAD}Content-Length: 60000\r\n\r\nsecret`);
    await pass();
    socket.resetAndDestroy();
  },
  'a token': (port) => talk(port, `GET /jwt/secret${HEAD}Authorization: Bearer ${TOKEN}\r\n${CLOSE}`),
  'a token that is refused': (port) => talk(port, `GET /jwt/secret${HEAD}Authorization: Bearer x\r\n${CLOSE}`),
  'a cookie': (port) => talk(port, `GET /kept${HEAD}${CLOSE}`),
  'a target that is told of the client': (port) => talk(port, `GET /own/1${HEAD}\r\nGET /own/2${HEAD}${CLOSE}`),
  'a redirect': (port) => talk(port, `GET /moved/secret?secret${HEAD}${CLOSE}`),
  'a fixed answer': (port) => talk(port, `GET /fixed${HEAD}${CLOSE}`),
  'a doubtful request': (port) => talk(port, `GET /doubtful${HEAD}Content-Length: 6\r\n\r\nsecret`),
  'a path that rules refuse': (port) => talk(port, `GET /a/../secret${HEAD}${CLOSE}`),
  'an absolute form': (port) => talk(port, `GET http://secret.example/absolute${HEAD}${CLOSE}`),
  'a refused head': (port) => talk(port, `GET /refused${HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`),
  'a head that does not end': (_, hasty) => talk(hasty, `GET /unended${HEAD}`),
  'requests in a row': (port) =>
    talk(port, `GET /row/1${HEAD}\r\nGET /fixed${HEAD}\r\nHEAD /words${HEAD}\r\nGET /row/2${HEAD}${CLOSE}`),
  'requests in a row, and nobody there': async (port) => {
    const socket = await open(port, `GET /endless${HEAD}\r\nGET /fixed${HEAD}\r\nGET /words${HEAD}\r\n`);
    await once(socket, 'readable');
    socket.resetAndDestroy();
  },
};
