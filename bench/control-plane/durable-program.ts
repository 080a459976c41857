import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { getTarget, updateTarget } from '@evenkeel/control/resources/targets.ts';
import { openStore } from './large-state.ts';

/**
 * Counts durable writes a second: of the store, with writers that each wait for their answer, and of a bare loop of
 * SQLite that commits one row at a time to the same disk with the same settings. They take turns.
 * Arguments: a home with a state, seconds for each turn, turns, writers. Prints JSON.
 */
const [home, seconds, turns, writers] = process.argv.slice(2);
const store = await openStore(home!);
const time = Number(seconds) * 1_000;
const ids = [...store.state.loadBalancers.values()].flatMap(({ groups }) =>
  [...groups.values()].map(({ group, targets }) => ({ groupId: group.id, targetId: [...targets.keys()][0]! })),
);
let weight = 0;
let next = 0;

async function storeRate(): Promise<number> {
  const end = performance.now() + time;
  let written = 0;
  const writer = async () => {
    while (performance.now() < end) {
      const { groupId, targetId } = ids[next++ % ids.length]!;
      const changed = (weight++ % 97) + 1;
      await store.write({
        action: 'updateTarget',
        actor: 'bench',
        requestId: 'bench',
        run: (draft) => updateTarget(draft, getTarget(draft, groupId, targetId), { weight: changed }),
      });
      written++;
    }
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: Number(writers) }, writer));
  return written / ((performance.now() - begun) / 1_000);
}

function bareRate(): number {
  mkdirSync(join(home!, 'bare'), { recursive: true });
  const db = new DatabaseSync(join(home!, 'bare', 'bare.db'));
  db.exec('pragma journal_mode = wal; pragma synchronous = full; pragma locking_mode = exclusive');
  db.exec('create table if not exists row (id integer primary key, settings text not null)');
  const insert = db.prepare('insert into row (settings) values (?)');
  const settings = JSON.stringify({ weight: 10, zone: '', state: 'active', description: '', tags: {} });
  let written = 0;
  const begun = performance.now();
  for (; performance.now() < begun + time; written++) {
    db.exec('begin immediate');
    insert.run(settings);
    db.exec('commit');
  }
  const rate = written / ((performance.now() - begun) / 1_000);
  db.close();
  return rate;
}

const rates: { store: number; bare: number }[] = [];
for (let turn = 0; turn < Number(turns); turn++) rates.push({ bare: bareRate(), store: await storeRate() });
await store.close();
process.stdout.write(`${JSON.stringify(rates)}\n`);
