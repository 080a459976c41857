import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from '@evenkeel/client/client.ts';
import { ApiError, ConnectionError } from '@evenkeel/client/errors.ts';
import { requiresPostgres } from '@evenkeel/testbed/postgres-server.ts';
import { ControlPlanes, type Member } from './product/control-planes.ts';
import { until } from './product/until.ts';

/** Several control planes on one PostgreSQL: who leads, who follows, and what becomes of writes when the leader dies. */

const skip = requiresPostgres();

/** Creates elastic IPs one after the other, at whoever is there. `acknowledged` are those that were answered with success. */
class Writer implements AsyncDisposable {
  readonly acknowledged: string[] = [];
  readonly unexpected: unknown[] = [];
  readonly #clients: () => readonly Client[];
  readonly #name: string;
  #running = true;
  readonly #done: Promise<void>;

  constructor(name: string, clients: () => readonly Client[]) {
    this.#name = name;
    this.#clients = clients;
    this.#done = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#running = false;
    await this.#done;
  }

  async #run(): Promise<void> {
    for (let i = 0; this.#running; i++) {
      const clients = this.#clients();
      const name = `${this.#name}-${i}`;
      try {
        await clients[i % clients.length]!.createElasticIp({ body: { name } });
        this.acknowledged.push(name);
      } catch (error) {
        if (!isAway(error)) this.unexpected.push(error);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
}

/** Nobody leads at the moment, or cannot write. */
const isAway = (error: unknown) =>
  error instanceof ConnectionError || (error instanceof ApiError && error.status === 503);

/** Creates an elastic IP as soon as that can be done. Who has not been answered may have created it. */
async function create({ client }: Member, name: string): Promise<void> {
  await until(`${name} can be written`, () =>
    client.createElasticIp({ body: { name } }).then(
      () => true,
      (error) => {
        if (error instanceof ApiError && error.problem.code === 'name-taken') return true;
        if (isAway(error)) return false;
        throw error;
      },
    ),
  );
}

async function namesAt({ client }: Member): Promise<Set<string>> {
  const names = new Set<string>();
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await client.listElasticIps({ query: { limit: 500, ...(cursor && { cursor }) } });
    for (const { name } of page.items) names.add(name);
    cursor = page.nextCursor;
  }
  return names;
}

test('a follower passes writes on, answers reads, and reads what was written through it at once', {
  skip,
}, async () => {
  await using planes = await ControlPlanes.start(2);
  const leader = await planes.leader();
  const [follower] = await planes.followers();
  for (let i = 0; i < 20; i++) {
    const { id } = await follower!.client.createElasticIp({ body: { name: `e${i}` } });
    assert.equal((await follower!.client.getElasticIp({ params: { elasticIpId: id } })).name, `e${i}`);
  }
  // What the leader alone knows of: who follows asks it.
  const operations = await follower!.client.listOperations({ query: { limit: 50 } });
  assert.equal(operations.items.length, 20);
  // A refusal is passed on as it is.
  await assert.rejects(follower!.client.createElasticIp({ body: { name: 'e0' } }), (error) => {
    assert.ok(error instanceof ApiError && error.problem.code === 'name-taken');
    return true;
  });
  await leader.client.createElasticIp({ body: { name: 'at-the-leader' } });
  await until('the follower has it', async () => (await namesAt(follower!)).has('at-the-leader'));
});

test('kill -9 of the leader under load: another one leads within seconds, nothing acknowledged is lost, the node goes on', {
  skip,
}, async (t) => {
  await using planes = await ControlPlanes.start(3);
  await planes.startAgent();
  const nodeIsAt = async ({ client }: Member) =>
    (await client.listNodes()).items.some(({ status }) => status === 'online');
  const first = await planes.leader();
  await until('the node is connected', () => nodeIsAt(first));
  await using ends = new AsyncDisposableStack();
  const writers = ['a', 'b', 'c', 'd'].map((name) =>
    ends.use(new Writer(name, () => planes.members.map(({ client }) => client))),
  );
  const acknowledged = () => writers.flatMap((writer) => writer.acknowledged);
  for (let round = 0; round < 2; round++) {
    const before = acknowledged().length;
    await until('the writers are busy', () => acknowledged().length > before + 40);
    const leader = await planes.leader();
    const killed = performance.now();
    await planes.kill(leader);
    const next = await planes.leader();
    const count = acknowledged().length;
    await until('writes go through again', () => acknowledged().length > count + 20);
    const seconds = (performance.now() - killed) / 1_000;
    t.diagnostic(`writes again after ${seconds.toFixed(1)} s`);
    await until('the node is connected to the new leader', () => nodeIsAt(next));
    await planes.add();
  }
  await ends.disposeAsync();
  assert.deepEqual(
    writers.flatMap(({ unexpected }) => unexpected),
    [],
  );
  const wanted = acknowledged();
  for (const member of planes.members) {
    let lost: string[] = [];
    await until('all is there', async () => {
      const names = await namesAt(member);
      lost = wanted.filter((name) => !names.has(name));
      return lost.length === 0;
    }).catch(() => assert.deepEqual(lost, [], 'acknowledged and lost'));
  }
});

test('a leader whose session is cut leads no longer, and writes nothing that it does not hold the lock for', {
  skip,
}, async () => {
  await using planes = await ControlPlanes.start(2);
  const before = await planes.leader();
  await before.client.createElasticIp({ body: { name: 'before' } });
  const database = 'test_1';
  const cut = "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted";
  for (let i = 0; i < 5; i++) {
    planes.server.query(database, cut);
    await create(planes.members[i % 2]!, `after-${i}`);
  }
  const leader = await planes.leader();
  for (const member of planes.members) {
    await until('all agree', async () => (await namesAt(member)).size === 6);
  }
  assert.equal((await namesAt(leader)).size, 6);
});

test('a database that goes away and comes back: reads go on, and writes when it is back', { skip }, async () => {
  await using planes = await ControlPlanes.start(2);
  await planes.members[0]!.client.createElasticIp({ body: { name: 'before' } });
  await planes.server.crash();
  const [follower] = planes.members;
  assert.deepEqual([...(await namesAt(follower!))], ['before']);
  await assert.rejects(follower!.client.createElasticIp({ body: { name: 'lost' } }), (error) => {
    assert.ok(error instanceof ApiError && error.status === 503);
    return true;
  });
  await planes.server.resume();
  // Who led before may take itself for the leader still.
  await create(await planes.leader(), 'after');
  for (const member of planes.members) {
    await until('all agree', async () => (await namesAt(member)).has('after'));
  }
});
