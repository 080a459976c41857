import type { ResourceKind } from '@evenkeel/model/resources/operation.ts';
import type { Kysely } from 'kysely';
import type { Vault } from '../secrets/vault.ts';
import type { Draft } from '../state/draft.ts';
import type { RecordOf } from '../state/records.ts';
import type { State } from '../state/state.ts';
import { type ChangedObject, changesBetween } from './feed.ts';
import { loadState, readGeneration, readHeader } from './load.ts';
import { fromRow, MAPPINGS, type Row } from './rows.ts';
import type { Database } from './schema.ts';

/** Identifiers in one query. */
const IDS = 500;

/** Each kind after those that its objects are a part of. */
const KINDS = Object.keys(MAPPINGS) as ResourceKind[];

/**
 * The state that is in the database by now: the one given, with what another process has changed since. What that has not
 * touched is the same object. Reads everything when the changes are not told one by one. `begin` makes a draft of the
 * state, for all tenants.
 */
export async function catchUp(
  database: Kysely<Database>,
  state: State,
  begin: (state: State) => Draft,
  vault: Vault,
): Promise<State> {
  if ((await readGeneration(database)) === state.generation) return state;
  return database
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (db) => {
      const header = await readHeader(db, vault);
      const changed = await changesBetween(db, state.generation, header.generation);
      if (changed === null) return loadState(db, vault);
      const draft = begin(state);
      for (const kind of KINDS) await adoptThose(db, draft, kind, changed, vault);
      for (const kind of KINDS.toReversed()) removeThose(draft, kind, changed);
      draft.putPartsInOrder();
      return { ...draft.finish(), ...header };
    });
}

/** Puts the objects of a kind in place that are still there. */
async function adoptThose(
  db: Kysely<Database>,
  draft: Draft,
  kind: ResourceKind,
  changed: readonly ChangedObject[],
  vault: Vault,
): Promise<void> {
  const ids = [...new Set(changed.filter((object) => object.kind === kind).map(({ id }) => id))];
  for (let i = 0; i < ids.length; i += IDS) {
    const part = ids.slice(i, i + IDS);
    const rows = await db.selectFrom(MAPPINGS[kind].table).selectAll().where('id', 'in', part).execute();
    const users = kind === 'elasticIp' ? await usersOf(db, part) : null;
    for (const row of rows) {
      const record = fromRow(kind, row as Row, vault);
      if (users !== null) Object.assign(record, { loadBalancerId: users.get(record.id) ?? null });
      draft.adopt(kind, record);
    }
  }
}

/** The load balancers of elastic IPs: those rows do not tell. */
async function usersOf(db: Kysely<Database>, elasticIps: readonly string[]): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom('load_balancer')
    .select(['id', 'elastic_ip_id'])
    .where('elastic_ip_id', 'in', elasticIps)
    .execute();
  return new Map(rows.map(({ id, elastic_ip_id }) => [elastic_ip_id!, id]));
}

/** Removes the objects of a kind that were not found. */
function removeThose(draft: Draft, kind: ResourceKind, changed: readonly ChangedObject[]): void {
  const adopted = new Set(draft.changes.filter((change) => change.after !== null).map(({ id }) => id));
  const gone = new Map(
    changed.filter((object) => object.kind === kind && !adopted.has(object.id)).map((o) => [o.id, o]),
  );
  for (const { id, parent } of gone.values()) {
    // What came and went in between was never here; nor is its owner, perhaps.
    if (parent !== null && !hasOwner(draft, kind, parent)) continue;
    const place = { id, loadBalancerId: parent, targetGroupId: parent, ruleGroupId: parent };
    draft.remove(kind, place as unknown as RecordOf[typeof kind]);
  }
}

function hasOwner(draft: Draft, kind: ResourceKind, parent: string): boolean {
  switch (kind) {
    case 'target':
      return [...draft.loadBalancers.values()].some(({ groups }) => groups.has(parent));
    case 'rule':
      return [...draft.loadBalancers.values()].some(({ ruleGroups }) => ruleGroups.has(parent));
    default:
      return draft.loadBalancers.has(parent);
  }
}
