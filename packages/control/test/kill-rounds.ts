import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { State } from '../src/state/state.ts';
import type { Store } from '../src/store/store.ts';

export interface KillRounds {
  /** What the writer is told: a file of SQLite or a URL of PostgreSQL, and the file of the key. */
  readonly place: string;
  readonly key: string;
  readonly rounds: number;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  readonly open: () => Promise<Store>;
}

/**
 * Kills a process that writes, again and again, and each time looks for what it has acknowledged, and for halves of what
 * it has not. Resolves with how many writes were acknowledged; rejects with an AssertionError.
 */
export async function killRounds({ place, key, rounds, random, open }: KillRounds): Promise<number> {
  const acknowledged = new Set<string>();
  let first = 0;
  for (let round = 0; round < rounds; round++) {
    const script = join(import.meta.dirname, 'store-writer.ts');
    const writer = spawn(process.execPath, [script, place, key, String(first)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    // Dies some time after a number of acknowledgements, in the middle of what follows.
    const last = 1 + Math.floor(random() * 40);
    const after = random() * 5;
    let seen = 0;
    try {
      for await (const line of createInterface(writer.stdout)) {
        if (line === 'open') continue;
        acknowledged.add(`n${line}`);
        if (++seen === last) setTimeout(() => writer.kill('SIGKILL'), after);
      }
      if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit');
    } finally {
      writer.kill('SIGKILL');
    }
    assert.equal(writer.signalCode, 'SIGKILL', `round ${round}: the writer ended by itself`);

    const store = await open();
    const writes = wholeWrites(store.state);
    for (const name of acknowledged)
      assert.ok(writes.has(name), `round ${round}: ${name} was acknowledged and is lost`);
    await checkRows(store, acknowledged, writes, `round ${round}`);
    first = 1 + Math.max(-1, ...[...writes].map((name) => Number(name.slice(1))));
    await store.close();
  }
  return acknowledged.size;
}

/** The names of the writes that are there; throws when half of one is. */
function wholeWrites(state: State): Set<string> {
  const halves = new Map<string, number>();
  for (const { loadBalancer, listeners, services, groups } of state.loadBalancers.values()) {
    const { name } = loadBalancer;
    const targets = [...groups.values()].map((group) => group.targets.size);
    assert.deepEqual([listeners.size, services.size, targets], [1, 1, [3]], `${name} is there in part`);
    const write = name.split('-')[0]!;
    halves.set(write, (halves.get(write) ?? 0) + 1);
  }
  for (const [write, count] of halves) assert.equal(count, 2, `half of ${write} is there`);
  return new Set(halves.keys());
}

/** Objects of a write that the audit log has entries of: the three targets of a group are one. */
const ENTRIES = 2 * 5;

/** What is written along with a write is there with it, and not without it. */
async function checkRows(
  store: Store,
  acknowledged: ReadonlySet<string>,
  writes: ReadonlySet<string>,
  round: string,
): Promise<void> {
  // A generation for each write, and an operation for each generation. The first was the webhook.
  assert.equal(store.state.generation, writes.size + 1, `${round}: generations`);
  const operations = await store.read((db) => db.selectFrom('operation').select(['id', 'generation']).execute());
  assert.deepEqual(
    operations.map(({ generation }) => generation).sort((a, b) => a - b),
    Array.from({ length: writes.size + 1 }, (_, i) => i + 1),
    `${round}: operations`,
  );
  const entries = await store.read((db) =>
    db
      .selectFrom('audit_entry')
      .select(({ fn }) => ['operation_id', fn.countAll<number>().as('count')])
      .groupBy('operation_id')
      .execute(),
  );
  const counts = new Map(entries.map(({ operation_id, count }) => [operation_id, Number(count)]));
  for (const { id, generation } of operations) {
    assert.equal(counts.get(id), generation === 1 ? 1 : ENTRIES, `${round}: entries of the audit log`);
  }
  const sets = await store.read((db) => db.selectFrom('change_set').select(['description', 'answer']).execute());
  // One that a round before left unapplied has the name of another, which was.
  const applied = new Set(sets.flatMap(({ description, answer }) => (answer === null ? [] : description)));
  for (const { description } of sets) {
    assert.equal(applied.has(description), writes.has(description), `${round}: the change set ${description}`);
  }
  const events = await store.read((db) => db.selectFrom('event').select(['id', 'subject_id']).execute());
  const told = new Set(events.map(({ subject_id }) => subject_id));
  for (const name of acknowledged) assert.ok(told.has(name), `${round}: the event of ${name} is lost`);
  const deliveries = await store.read((db) => db.selectFrom('webhook_delivery').select('event_id').execute());
  assert.deepEqual(
    deliveries.map(({ event_id }) => event_id).sort(),
    events.map(({ id }) => id).sort(),
    `${round}: the outbox`,
  );
}
