import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { contract, etagOf } from '@evenkeel/model/contract/contract.ts';
import { type Client, type ClientOptions, createClient } from './client.ts';
import { ApiError, ConnectionError, UnexpectedAnswerError } from './errors.ts';
import { httpFetch } from './http-fetch.ts';
import { items } from './items.ts';
import { waitApplied } from './wait.ts';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Respond = (seen: Seen, response: ServerResponse) => void;

/** A server that answers as the test says, and a client for it. */
async function serveWith(
  fetch: NonNullable<ClientOptions['fetch']>,
  t: TestContext,
  respond: Respond,
): Promise<{ client: Client; seen: Seen[]; url: string }> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const entry = { method: request.method!, url: request.url!, headers: request.headers, body };
    seen.push(entry);
    respond(entry, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { client: createClient({ url, token: 'secret', fetch }), seen, url };
}

const json =
  (status: number, body: unknown): Respond =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

test('there is a method for each operation of the contract', () => {
  const client = createClient({ url: 'http://127.0.0.1:1', token: '' });
  assert.deepEqual(Object.keys(client), Object.keys(contract));
});

for (const [how, fetch] of [
  ['fetch', globalThis.fetch],
  ['httpFetch', httpFetch],
] as const) {
  const serve = (t: TestContext, respond: Respond) => serveWith(fetch, t, respond);

  test(`path, query, body and headers are those of the contract (${how})`, async (t) => {
    const { client, seen } = await serve(t, json(200, {}));
    await client.getListener({ params: { listenerId: 'a/b ?' } });
    await client.listListeners({ query: { loadBalancerId: 'lb-1', limit: 5 } });
    await client.listListeners();
    await client.updateListener({
      params: { listenerId: 'l' },
      body: { idleTimeout: 5 },
      ifMatch: etagOf({ generation: 7 }),
    });
    await client.createLoadBalancer({ body: {}, idempotencyKey: 'mine' });
    await client.createLoadBalancer({ body: {} });
    assert.deepEqual(
      seen.map(({ method, url, body }) => [method, url, body]),
      [
        ['GET', '/v1/listeners/a%2Fb%20%3F', ''],
        ['GET', '/v1/listeners?loadBalancerId=lb-1&limit=5', ''],
        ['GET', '/v1/listeners', ''],
        ['PATCH', '/v1/listeners/l', '{"idleTimeout":5}'],
        ['POST', '/v1/load-balancers', '{}'],
        ['POST', '/v1/load-balancers', '{}'],
      ],
    );
    for (const { headers } of seen) assert.equal(headers.authorization, 'Bearer secret');
    assert.deepEqual(
      seen.map(({ headers }) => headers['content-type']),
      [undefined, undefined, undefined, 'application/json', 'application/json', 'application/json'],
    );
    assert.equal(seen[3]!.headers['if-match'], '"7"');
    assert.equal(seen[4]!.headers['idempotency-key'], 'mine');
    assert.match(String(seen[5]!.headers['idempotency-key']), /^[0-9a-f-]{36}$/);
    assert.equal(seen[3]!.headers['idempotency-key'], undefined);
  });

  test(`a parameter of the path must not be empty (${how})`, async (t) => {
    const { client } = await serve(t, json(200, {}));
    await assert.rejects(client.getListener({ params: { listenerId: '' } }), TypeError);
  });

  test(`problem details become an ApiError (${how})`, async (t) => {
    const problem = {
      type: 'urn:evenkeel:error:port-taken',
      title: 'Port taken',
      status: 409,
      code: 'port-taken',
      detail: 'it is',
    };
    const { client } = await serve(t, json(409, problem));
    await assert.rejects(client.listNodes(), (error) => {
      assert.ok(error instanceof ApiError);
      assert.deepEqual([error.status, error.code, error.message, error.problem], [409, 'port-taken', 'it is', problem]);
      return true;
    });
  });

  test(`an answer that is not of this API says what it was (${how})`, async (t) => {
    const { client } = await serve(t, (_, response) => {
      response.writeHead(502, { 'content-type': 'text/html' }).end('<html>Bad Gateway</html>');
    });
    await assert.rejects(client.listNodes(), (error) => {
      assert.ok(error instanceof UnexpectedAnswerError);
      assert.match(error.message, /answered 502 with a body that is not JSON \(text\/html\)/);
      return true;
    });
    const other = await serve(t, json(404, { error: 'x' }));
    await assert.rejects(other.client.listNodes(), UnexpectedAnswerError);
  });

  test(`no answer is a ConnectionError with the reason of the system (${how})`, async (t) => {
    const { url, client } = await serve(t, (_, response) => response.destroy());
    await assert.rejects(client.listNodes(), ConnectionError);
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, 'close');
    await assert.rejects(createClient({ url: `http://127.0.0.1:${port}`, token: '', fetch }).listNodes(), (error) => {
      assert.ok(error instanceof ConnectionError);
      assert.match(error.message, /no answer from http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/);
      return true;
    });
    const silent = await serve(t, () => {});
    const impatient = createClient({ url: silent.url, token: '', timeout: 20, fetch });
    await assert.rejects(impatient.listNodes(), ConnectionError);
    assert.ok(url);
  });

  test(`a call that its caller ends rejects with the reason of the caller (${how})`, async (t) => {
    const { client } = await serve(t, () => {});
    const ending = new AbortController();
    const call = client.listNodes({ signal: ending.signal });
    ending.abort(new Error('enough'));
    await assert.rejects(call, /enough/);
  });
}

test('items goes through all pages', async (t) => {
  const pages: Record<string, object> = {
    '': { items: [1, 2], nextCursor: 'x' },
    x: { items: [], nextCursor: 'y' },
    y: { items: [3], nextCursor: null },
  };
  const { client, seen } = await serveWith(fetch, t, ({ url }, response) => {
    json(200, pages[new URL(url, 'http://x').searchParams.get('cursor') ?? ''])({} as Seen, response);
  });
  const all: unknown[] = [];
  for await (const item of items(client.listListeners, { query: { loadBalancerId: 'lb' } })) all.push(item);
  assert.deepEqual(all, [1, 2, 3]);
  assert.ok(seen.every(({ url }) => url.includes('loadBalancerId=lb')));
});

test('waiting for an operation asks again until it is settled, or the time is up', async (t) => {
  let answers = ['pending', 'pending', 'applied'];
  const { client, seen } = await serveWith(fetch, t, (_, response) => {
    json(200, { id: 'op', status: answers.shift() ?? 'pending' })({} as Seen, response);
  });
  assert.equal((await waitApplied(client, 'op-1')).status, 'applied');
  assert.deepEqual(
    seen.map(({ url }) => url),
    new Array<string>(3).fill('/v1/operations/op-1?wait=applied&timeout=60'),
  );
  answers = ['pending'];
  assert.equal((await waitApplied(client, 'op-1', { timeout: 0 })).status, 'pending');
});

/** Never called: what the compiler accepts, and what it does not. */
export async function types(client: Client): Promise<unknown[]> {
  const created = await client.createLoadBalancer({
    body: { listeners: [{ protocol: 'http', port: 80, service: {} }] },
  });
  const {
    operationId,
    created: objects,
    vip,
  }: { operationId: string; created: { id: string }[]; vip: string } = created;
  const status: 'pending' | 'active' | 'refused' | 'offline' | 'disabling' | 'disabled' = (await client.listListeners())
    .items[0]!.status;
  // @ts-expect-error the path has a parameter
  await client.getListener();
  // @ts-expect-error there is no such protocol
  await client.createListener({ body: { loadBalancerId: 'lb', protocol: 'gopher', port: 70 } });
  // @ts-expect-error a body is needed, if an empty one
  await client.createLoadBalancer({});
  // @ts-expect-error this operation knows no If-Match
  await client.registerTargets({ params: { targetGroupId: 'tg' }, body: { targets: [] }, ifMatch: '"1"' });
  // @ts-expect-error a target is named by its identifier
  await client.updateTargets({ params: { targetGroupId: 'tg' }, body: { targets: [{ weight: 1 }] } });
  // @ts-expect-error a port is fixed after creation
  await client.updateListener({ params: { listenerId: 'lsn' }, body: { port: 81 } });
  const { healthCheck } = await client.updateBackendService({
    params: { backendServiceId: 'svc' },
    body: { targetGroupId: null, healthCheck: { path: '/' } },
  });
  return [operationId, objects, vip, status, healthCheck.codes];
}
