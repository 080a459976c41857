import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import type { PlannedRule, PlannedRuleGroup } from '@evenkeel/model/plan/rules.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { ruleGroupOf, ruleOf } from '../src/rules/fixtures/rules.ts';
import { bodyOf, freePort, httpOrigin, type Origin, rawExchange } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

interface Seen {
  readonly origin: string;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

async function send(port: number, path: string, options: RequestOptions = {}, body?: string | Buffer): Promise<Answer> {
  const message = request({ host: '127.0.0.1', port, path, ...options });
  message.end(body);
  const [response] = (await once(message, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: (await bodyOf(response)).toString() };
}

const seenIn = (answer: Answer): Seen => JSON.parse(answer.body) as Seen;

const prefix = (value: string): Pick<PlannedRule['match'], 'paths'> => ({
  paths: [{ kind: 'prefix', value, ignoreCase: false }],
});

const forward = (serviceId: string): PlannedRule['action'] => ({
  type: 'forward',
  services: [{ serviceId, weight: 1 }],
});

const secret = randomBytes(32);

function token(claims: unknown, key = secret): string {
  const data = [{ alg: 'HS256' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${data}.${createHmac('sha256', key).update(data).digest('base64url')}`;
}

const RULES: readonly PlannedRule[] = [
  ruleOf('to-other', 1, prefix('/other'), { action: forward('other') }),
  ruleOf('fixed', 2, prefix('/fixed'), {
    action: { type: 'respond', status: 418, contentType: 'text/x', body: 'ü'.repeat(20_000) },
    responseHeaders: [
      { operation: 'set', name: 'Server', value: 'pot' },
      { operation: 'add', name: 'X-Method', value: '${method}' },
    ],
  }),
  ruleOf('empty', 3, prefix('/empty'), { action: { type: 'respond', status: 204, contentType: 'text/x', body: '' } }),
  ruleOf('https', 4, prefix('/https'), {
    action: { type: 'redirect', status: 308, protocol: 'https', host: null, port: 8443, path: null, query: null },
  }),
  ruleOf('moved', 5, prefix('/moved'), {
    action: { type: 'redirect', status: 302, protocol: null, host: 'new.example', port: 0, path: '/x', query: '' },
  }),
  ruleOf('rewritten', 6, prefix('/old'), {
    action: forward('svc'),
    rewrite: { host: 'inside.example', path: { kind: 'prefix', pattern: '', replacement: '/a/much/longer/path' } },
  }),
  ruleOf('regex', 7, prefix('/user/'), {
    action: forward('svc'),
    rewrite: { host: null, path: { kind: 'regex', pattern: '^/user/(\\w+)/(.*)$', replacement: '/$2/of/$1' } },
  }),
  ruleOf('headers', 8, prefix('/headers'), {
    action: forward('svc'),
    requestHeaders: [
      { operation: 'set', name: 'X-Set', value: 'a ${client_address} ${host} ${path} ${listener_port} ${protocol}' },
      { operation: 'remove', name: 'X-Gone', value: '' },
      { operation: 'add', name: 'X-Added', value: 'second' },
      { operation: 'remove', name: 'User-Agent', value: '' },
      { operation: 'set', name: 'X-Request-Id', value: '${request_id}' },
    ],
    responseHeaders: [
      { operation: 'remove', name: 'X-Origin', value: '' },
      { operation: 'set', name: 'X-Long', value: 'z'.repeat(2_000) },
    ],
  }),
  ruleOf('jwt', 9, prefix('/jwt'), {
    action: forward('svc'),
    jwt: {
      keys: JSON.stringify({ keys: [{ kty: 'oct', k: secret.toString('base64url') }] }),
      algorithms: ['HS256'],
      issuer: null,
      audience: null,
      leeway: 0,
      claims: [{ claim: 'sub', header: 'X-User' }],
    },
  }),
  ruleOf('canary', 10, prefix('/canary'), {
    action: {
      type: 'forward',
      services: [
        { serviceId: 'svc', weight: 50 },
        { serviceId: 'other', weight: 50 },
      ],
    },
  }),
  ruleOf('mirrored', 11, prefix('/mirrored'), { action: forward('svc'), mirror: { serviceId: 'other', percent: 50 } }),
  ruleOf('nowhere', 12, prefix('/nowhere'), { action: forward('missing') }),
];

const GROUP: PlannedRuleGroup = ruleGroupOf('priority', RULES);

const shared = (group: PlannedRuleGroup | null, id = 'rules') =>
  new Map([
    [
      `rule-group/${id}`,
      group === null ? null : { key: `rule-group/${id}`, kind: 'rule-group' as const, hash: '', value: group },
    ],
  ]);

for (const reactor of ['uring', 'portable'] as const) {
  describe(`rules on ${reactor}`, () => {
    let engine: ProxyEngine;
    const origins: Origin[] = [];
    const seenByOther: Seen[] = [];
    let waiting: (() => void) | null = null;
    let port: number;

    before(async () => {
      engine = await createEngine({ workers: 2, reactor });
      for (const name of ['svc', 'other']) {
        origins.push(
          await httpOrigin(async (incoming, response) => {
            const body = (await bodyOf(incoming)).toString();
            const { method = '', url = '', headers } = incoming;
            const seen = { origin: name, method, url, headers, body };
            response.setHeader('x-origin', name);
            response.end(JSON.stringify(seen));
            if (name !== 'other') return;
            seenByOther.push(seen);
            waiting?.();
          }),
        );
      }
      port = await freePort();
      const services = origins.map((origin, index) => serviceOf([origin.port], { id: ['svc', 'other'][index]! }));
      const refused = await engine.apply({
        ...changeOf(services, [listenerOf(port, { ruleGroupId: 'rules' })]),
        shared: shared(GROUP),
      });
      assert.deepEqual(refused, []);
    });

    after(async () => {
      await engine.stop(1_000);
      for (const origin of origins) await origin.close();
    });

    /** What the service `other` has got, as soon as there are `count` of it. */
    async function otherSees(count: number): Promise<Seen[]> {
      while (seenByOther.length < count) {
        await new Promise<void>((resolve) => {
          waiting = resolve;
        });
      }
      return seenByOther.splice(0);
    }

    test('a request goes to the service of its rule, and without one to that of the listener', async () => {
      assert.equal(seenIn(await send(port, '/other/x?y')).origin, 'other');
      assert.equal(seenIn(await send(port, '/others')).url, '/others');
      assert.equal(seenIn(await send(port, '/Other')).origin, 'svc');
      assert.equal(seenIn(await send(port, '/%6Fther?%6F')).url, '/other?%6F');
      assert.equal((await send(port, '/nowhere')).status, 503);
      seenByOther.length = 0;
    });

    test('a path that could be understood in two ways is refused', async () => {
      for (const path of ['/a/../other', '/a/%2e%2E/other', '/a%2F..%5cother', '/other/.', '/100%', '/%zz', '/x/..']) {
        assert.equal((await send(port, path)).status, 400, path);
      }
      for (const path of ['/a/..b', '/a/...', '/.well-known/x', '/a.b/?../']) {
        assert.equal(seenIn(await send(port, path)).url, path);
      }
      const text = await rawExchange(port, 'GET / HTTP/1.1\r\nHost: a:80:90\r\n\r\n');
      assert.match(text, /^HTTP\/1.1 400 /);
    });

    test('a fixed response', async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const answer = await send(port, '/fixed', { agent });
      assert.equal(answer.status, 418);
      assert.equal(answer.headers['content-type'], 'text/x');
      assert.equal(answer.headers.server, 'pot');
      assert.equal(answer.headers['x-method'], 'GET');
      assert.equal(answer.body, 'ü'.repeat(20_000));
      const head = await send(port, '/fixed', { agent, method: 'HEAD' });
      assert.equal(head.headers['content-length'], '40000');
      assert.equal(head.body, '');
      const empty = await send(port, '/empty', { agent });
      assert.equal(empty.status, 204);
      assert.equal(empty.headers['content-length'], undefined);
      const posted = await send(port, '/fixed', { method: 'POST' }, Buffer.alloc(100_000));
      assert.equal(posted.status, 418);
      agent.destroy();
    });

    test('redirects keep what they do not name', async () => {
      for (const [path, host, location] of [
        ['/https/a%20b?c=d&e', 'www.example.com', 'https://www.example.com:8443/https/a%20b?c=d&e'],
        ['/https', 'www.example.com.:8080', 'https://www.example.com:8443/https'],
        ['/https', '[2001:db8::1]:80', 'https://[2001:db8::1]:8443/https'],
        ['/moved?a', 'www.example.com:8080', 'http://new.example/x'],
      ] as const) {
        const answer = await send(port, path, { headers: { host } });
        assert.equal(answer.headers.location, location);
        assert.equal(answer.status, path.startsWith('/https') ? 308 : 302);
      }
    });

    test('paths and hosts are rewritten; the log tells what was asked for', async () => {
      engine.readAccessLog();
      const seen = seenIn(await send(port, '/old/x?y=z', { headers: { host: 'www.example.com' } }));
      assert.equal(seen.url, '/a/much/longer/path/x?y=z');
      assert.equal(seen.headers.host, 'inside.example');
      assert.equal(seenIn(await send(port, '/user/joe/inbox?q')).url, '/inbox/of/joe?q');
      assert.equal(seenIn(await send(port, '/user/joe')).url, '/user/joe');
      assert.equal((await send(port, '/user/joe/%2')).status, 400);
      const body = 'b'.repeat(50_000);
      const posted = seenIn(await send(port, '/old', { method: 'POST' }, body));
      assert.equal(posted.url, '/a/much/longer/path');
      assert.equal(posted.body, body);
      const lines = await logged(engine, 5);
      const line = lines.find(({ uri }) => uri === '/old/x?y=z');
      assert.equal(line?.rule, 'rewritten');
      assert.equal(line?.host, 'www.example.com');
      assert.equal(lines.find(({ status }) => status === 400)?.rule, undefined);
    });

    test('headers are set, added and removed, both ways', async () => {
      const headers = {
        'x-set': 'mine',
        'X-Gone': '1',
        x_gone: '2',
        'x-added': 'first',
        host: 'h:1',
        'user-agent': 'u',
      };
      const answer = await send(port, '/headers?q', { headers });
      const seen = seenIn(answer);
      assert.equal(seen.headers['x-set'], `a 127.0.0.1 h /headers ${port} http`);
      assert.equal(seen.headers['x-gone'], undefined);
      assert.equal(seen.headers.x_gone, undefined);
      assert.deepEqual(String(seen.headers['x-added']).split(', ').sort(), ['first', 'second']);
      assert.equal(seen.headers['user-agent'], undefined);
      assert.match(String(seen.headers['x-request-id']), /^[0-9a-f]{32}$/);
      assert.equal(answer.headers['x-origin'], undefined);
      assert.equal(answer.headers['x-long'], 'z'.repeat(2_000));
      const kept = seenIn(await send(port, '/headers', { headers: { 'x-request-id': 'mine' } }));
      assert.equal(kept.headers['x-request-id'], 'mine');
    });

    test('requests need a token, and its claims cannot be forged', async () => {
      const without = await send(port, '/jwt', { headers: { 'x-user': 'root' } });
      assert.equal(without.status, 401);
      assert.equal(without.headers['www-authenticate'], 'Bearer realm="evenkeel"');
      const wrong = await send(port, '/jwt', { headers: { authorization: 'Bearer a.b.c' } });
      assert.match(String(wrong.headers['www-authenticate']), /error="invalid_token"/);
      const authorization = `Bearer ${token({ sub: 'joe' })}`;
      const good = await send(port, '/jwt', { headers: { authorization, 'x-user': 'root', x_user: 'root' } });
      assert.equal(seenIn(good).headers['x-user'], 'joe');
      assert.equal(seenIn(good).headers.x_user, undefined);
      const nobody = await send(port, '/jwt', {
        headers: { authorization: `Bearer ${token({})}`, 'x-user': 'root', connection: 'x-user' },
      });
      assert.equal(seenIn(nobody).headers['x-user'], undefined);
    });

    test('a key that is taken away is good for no token, however often it has been', async () => {
      const later = randomBytes(32);
      const keysOf = (...secrets: Buffer[]) =>
        JSON.stringify({ keys: secrets.map((key) => ({ kty: 'oct', k: key.toString('base64url') })) });
      const plan = async (keys: string) => {
        const rules = RULES.map((rule) => (rule.jwt === null ? rule : { ...rule, jwt: { ...rule.jwt, keys } }));
        assert.deepEqual(await engine.apply({ ...changeOf([], []), shared: shared({ ...GROUP, rules }) }), []);
      };
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const statuses = async () => {
        const all: number[] = [];
        for (const key of [secret, later]) {
          const headers = { authorization: `Bearer ${token({ sub: 'joe' }, key)}` };
          all.push((await send(port, '/jwt', { agent, headers })).status);
        }
        return all;
      };
      assert.deepEqual(await statuses(), [200, 401]);
      await plan(keysOf(secret, later));
      assert.deepEqual(await statuses(), [200, 200]);
      await plan(keysOf(later));
      assert.deepEqual(await statuses(), [401, 200]);
      await plan(keysOf(secret));
      agent.destroy();
    });

    test('a client stays with its share of a canary', async () => {
      const first = seenIn(await send(port, '/canary')).origin;
      for (let i = 0; i < 5; i++) assert.equal(seenIn(await send(port, '/canary')).origin, first);
      seenByOther.length = 0;
    });

    test('half of the requests are copied, whole, and nobody is told', async () => {
      seenByOther.length = 0;
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const bodies = ['', 'x', 'y'.repeat(90_000), 'z', 'w'.repeat(40_000), 'v'];
      for (const body of bodies) {
        const answer = seenIn(await send(port, '/mirrored', { method: 'POST', agent }, body));
        assert.equal(answer.origin, 'svc');
        assert.equal(answer.body, body);
      }
      agent.destroy();
      const copies = await otherSees(bodies.length / 2);
      assert.equal(copies.length, bodies.length / 2);
      for (const { body, url } of copies) {
        assert.equal(url, '/mirrored');
        assert.ok(bodies.includes(body));
      }
    });
  });
}

interface LogLine {
  readonly uri: string;
  readonly rule?: string;
  readonly host: string;
  readonly status: number;
}

/** The next lines of the access log, as soon as there are so many. */
async function logged(engine: ProxyEngine, count: number): Promise<LogLine[]> {
  let text = '';
  for (let turn = 0; turn < 500; turn++) {
    text += Buffer.from(engine.readAccessLog() ?? []).toString();
    const lines = text.split('\n').slice(0, -1);
    if (lines.length >= count) return lines.map((line) => JSON.parse(line) as LogLine);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`${count} lines were expected: ${text}`);
}
