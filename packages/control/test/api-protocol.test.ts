import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Running } from './running.ts';

/** Rules of the protocol that hold for all resources: ETags, idempotency, pages, generations. */

test('If-Match: the change goes through only on the resource as it was read', async (t) => {
  const running = await Running.start(t);
  const { id } = await running.call('createLoadBalancer', { body: { name: 'a' } });
  const params = { loadBalancerId: id };
  const change = (ifMatch: string, description: string) =>
    running.try('updateLoadBalancer', { params, body: { description }, headers: { 'if-match': ifMatch } });

  const read = await running.try('getLoadBalancer', { params });
  assert.equal(read.headers.get('etag'), '"1"');
  const first = await change('"1"', 'first');
  assert.deepEqual([first.status, first.headers.get('etag')], [200, '"2"']);
  const second = await change('"1"', 'second');
  assert.equal(second.status, 412);
  assert.equal((second.body as { code: string }).code, 'precondition-failed');
  assert.equal((await running.call('getLoadBalancer', { params })).description, 'first');
  assert.equal((await change('"9", "2"', 'third')).status, 200);
  assert.equal((await change('*', 'fourth')).status, 200);
  assert.equal((await change('W/"4"', 'weak')).status, 412, 'comparison is strong');

  const stale = await running.refused('deleteLoadBalancer', { params, headers: { 'if-match': '"1"' } });
  assert.equal(stale.code, 'precondition-failed');
  await running.call('deleteLoadBalancer', { params, headers: { 'if-match': '"4"' } });
});

test('of many changes with the same ETag one goes through', async (t) => {
  const running = await Running.start(t);
  const { id } = await running.call('createElasticIp', { body: {} });
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      running.try('updateElasticIp', {
        params: { elasticIpId: id },
        body: { description: `${i}` },
        headers: { 'if-match': '"1"' },
      }),
    ),
  );
  const statuses = answers.map(({ status }) => status).toSorted();
  assert.deepEqual(statuses, [200, ...new Array<number>(19).fill(412)]);
});

test('a change that changes nothing keeps generation and ETag, and can be awaited', async (t) => {
  const running = await Running.start(t);
  const { id } = await running.call('createElasticIp', { body: { description: 'd' } });
  await running.call('createElasticIp', { body: {} });
  const answer = await running.try('updateElasticIp', { params: { elasticIpId: id }, body: { description: 'd' } });
  const body = answer.body as { generation: number; operationId: string };
  assert.deepEqual(
    [body.generation, answer.headers.get('etag'), answer.headers.get('evenkeel-generation')],
    [1, '"1"', '2'],
  );
  const operation = await running.call('getOperation', { params: { operationId: body.operationId } });
  assert.deepEqual([operation.generation, operation.resources], [2, []]);
});

test('a repeated request with the same key has one effect and the same answer, also after a restart', async (t) => {
  const running = await Running.start(t);
  const headers = { 'idempotency-key': 'key-1' };
  const request = { body: { name: 'a', listeners: [{ protocol: 'http', port: 80 }] }, headers };
  const first = await running.try('createLoadBalancer', request);
  const second = await running.try('createLoadBalancer', request);
  await running.restart();
  const third = await running.try('createLoadBalancer', request);
  for (const answer of [second, third]) {
    assert.deepEqual(answer.body, first.body);
    assert.equal(answer.status, 201);
    assert.equal(answer.headers.get('idempotency-replayed'), 'true');
    for (const name of ['etag', 'location', 'evenkeel-generation', 'evenkeel-operation']) {
      assert.equal(answer.headers.get(name), first.headers.get(name), name);
    }
  }
  assert.equal(first.headers.get('idempotency-replayed'), null);
  assert.equal((await running.call('listLoadBalancers')).items.length, 1);

  const other = await running.refused('createLoadBalancer', { body: { name: 'b' }, headers });
  assert.equal(other.code, 'idempotency-key-reused');
  const elsewhere = await running.refused('createElasticIp', { body: {}, headers });
  assert.equal(elsewhere.code, 'idempotency-key-reused');
});

test('the order of fields does not make another request', async (t) => {
  const running = await Running.start(t);
  const headers = { 'idempotency-key': 'k' };
  const first = await running.call('createElasticIp', { body: { name: 'a', description: 'd' }, headers });
  const second = await running.call('createElasticIp', { body: { description: 'd', name: 'a' }, headers });
  assert.equal(second.id, first.id);
});

test('repetitions at the same time have one effect', async (t) => {
  const running = await Running.start(t);
  const request = { body: {}, headers: { 'idempotency-key': 'k' } };
  const answers = await Promise.all(Array.from({ length: 20 }, () => running.call('createElasticIp', request)));
  assert.equal(new Set(answers.map(({ id }) => id)).size, 1);
  assert.equal((await running.call('listElasticIps')).items.length, 1);
});

test('a refused request leaves its key free', async (t) => {
  const running = await Running.start(t);
  const headers = { 'idempotency-key': 'k' };
  await running.refused('createLoadBalancer', { body: { vip: '10.0.0.1' }, headers });
  await running.call('createLoadBalancer', { body: { name: 'a' }, headers });
  for (const key of ['', 'a b', 'x'.repeat(129)]) {
    const answer = await running.try('createElasticIp', { body: {}, headers: { 'idempotency-key': key } });
    assert.equal(answer.status, 400, key);
  }
});

test('pages show every object once, whatever is created and deleted meanwhile', async (t) => {
  const running = await Running.start(t);
  const made: string[] = [];
  for (let i = 0; i < 25; i++) made.push((await running.call('createElasticIp', { body: { name: `e${i}` } })).id);
  const seen: string[] = [];
  let cursor: string | null = null;
  let page = 0;
  do {
    const query: Record<string, string | number> = { limit: 10, ...(cursor !== null && { cursor }) };
    const answer = await running.call('listElasticIps', { query });
    seen.push(...answer.items.map(({ id }) => id));
    cursor = answer.nextCursor;
    page++;
    // Deletes what was shown last, something shown before, and something yet to be shown; creates another.
    if (page === 1) {
      for (const i of [9, 0, 15]) await running.call('deleteElasticIp', { params: { elasticIpId: made[i]! } });
      await running.call('createElasticIp', { body: { name: 'late' } });
    }
  } while (cursor !== null);
  assert.equal(page, 3);
  assert.equal(new Set(seen).size, seen.length);
  assert.deepEqual(
    seen.slice(0, 24),
    made.filter((_, i) => i !== 15),
  );
  assert.equal(seen.length, 25, 'and the one that was created');
});

test('pages across load balancers, filters, and cursors that are none', async (t) => {
  const running = await Running.start(t);
  const ids: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    const listeners = [1, 2, 3].map((port) => ({ protocol: 'tcp', port }));
    ids.push((await running.call('createLoadBalancer', { body: { name, listeners } })).id);
  }
  // Younger than the listeners of the others, but of the first load balancer.
  await running.call('createListener', { body: { loadBalancerId: ids[0], protocol: 'tcp', port: 4 } });
  const all = await running.call('listListeners');
  assert.equal(all.items.length, 10);
  const paged = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query: Record<string, string | number> = { limit: 3, ...(cursor !== '' && { cursor }) };
    const page: typeof all = await running.call('listListeners', { query });
    paged.push(...page.items);
    cursor = page.nextCursor;
  }
  assert.deepEqual(paged, all.items);
  const filtered = await running.call('listListeners', { query: { loadBalancerId: ids[1]!, name: 'tcp-2' } });
  assert.deepEqual(
    filtered.items.map(({ loadBalancerId, port }) => [loadBalancerId, port]),
    [[ids[1], 2]],
  );

  for (const cursor of ['%%%', 'x', '']) {
    assert.equal((await running.refused('listListeners', { query: { cursor } })).code, 'validation-failed', cursor);
  }
  for (const limit of [0, 501, -1, 1.5]) {
    assert.equal((await running.refused('listListeners', { query: { limit } })).code, 'validation-failed');
  }
});

test('operations are listed newest first, and the audit trail says who did what', async (t) => {
  const running = await Running.start(t);
  for (let i = 0; i < 5; i++) await running.call('createElasticIp', { body: { name: `e${i}` } });
  const first = await running.call('listOperations', { query: { limit: 3 } });
  assert.deepEqual(
    first.items.map(({ generation }) => generation),
    [5, 4, 3],
  );
  const second = await running.call('listOperations', { query: { limit: 3, cursor: first.nextCursor! } });
  assert.deepEqual(
    second.items.map(({ generation }) => generation),
    [2, 1],
  );
  assert.equal(second.nextCursor, null);
  const [newest] = first.items;
  assert.deepEqual(
    [newest!.action, newest!.resources.map(({ kind, name }) => [kind, name])],
    ['createElasticIp', [['elasticIp', 'e4']]],
  );
});
