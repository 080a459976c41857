import type { ResourceKind, ResourceRef } from '@evenkeel/model/resources/operation.ts';
import type { Transaction } from 'kysely';
import { type Placement, toText } from '../placement/placement.ts';
import { usersOf } from '../resources/usage.ts';
import { Secret } from '../secrets/secret.ts';
import type { Vault } from '../secrets/vault.ts';
import type { Change } from '../state/draft.ts';
import type { AnyRecord, RecordOf, TicketKeys } from '../state/records.ts';
import type { State } from '../state/state.ts';
import type { OperationRecord } from './history.ts';
import { MAPPINGS, TICKET_KEYS, toRow } from './rows.ts';
import type { Database } from './schema.ts';
import { executeRows } from './statements.ts';

/** Identifiers in one statement: far below SQLite's limit of 32,766 parameters. */
const IDS = 200;
/** What an operation names of what it changed. */
const RESOURCES = 20;
const LISTENERS = 500;

const STAMPS: ReadonlySet<string> = new Set(['generation', 'createdAt', 'updatedAt']);

const KINDS = Object.keys(MAPPINGS) as (keyof typeof MAPPINGS)[];

/**
 * Writes the changed objects: deletions first, so that what was unique about them is free, and those that change it are
 * made anew: two objects may exchange their names.
 */
export async function writeChanges(
  trx: Transaction<Database>,
  changes: readonly Change[],
  vault: Vault,
): Promise<void> {
  const byKind = Map.groupBy(changes, ({ kind }) => kind);
  for (const kind of KINDS) {
    const gone = byKind.get(kind)?.filter(leavesItsPlace) ?? [];
    for (const part of chunks(gone)) {
      const ids = part.map(({ id }) => id);
      await trx.deleteFrom(MAPPINGS[kind].table).where('id', 'in', ids).execute();
    }
  }
  for (const kind of KINDS) {
    const there = byKind.get(kind)?.flatMap(({ after }) => after ?? []) ?? [];
    const rowOf = (record: AnyRecord) => toRow(kind, record as RecordOf[typeof kind], vault);
    await executeRows(trx, `put ${kind}`, there, rowOf, (rows) => putting(trx, kind, rows));
  }
}

/**
 * Adds the rows, or changes those with the same identifiers that are there: these keep their place, so that columns with
 * indexes stay as they are, and no index is written.
 */
function putting(trx: Transaction<Database>, kind: ResourceKind, rows: readonly object[]) {
  const { table, columns, secrets = [] } = MAPPINGS[kind];
  const changing = ['settings', ...STAMPS, ...secrets].map((field) => columns[field] ?? field);
  return trx
    .insertInto(table)
    .values(rows as never)
    .onConflict((conflict) =>
      conflict
        .column('id')
        .doUpdateSet((row) =>
          Object.fromEntries(changing.map((column) => [column, row.ref(`excluded.${column}` as never)])),
        ),
    );
}

/** Whether it is gone, or its row has other values in columns, among which are those that are unique. */
function leavesItsPlace({ kind, before, after }: Change): boolean {
  if (after === null || before === null) return after === null;
  // The column of its port tells the protocols apart.
  if (kind === 'listener' && isUdp(before) !== isUdp(after)) return true;
  return Object.keys(MAPPINGS[kind].columns).some((field) => {
    const [old, now] = [before[field as keyof AnyRecord] as unknown, after[field as keyof AnyRecord] as unknown];
    return !STAMPS.has(field) && !(now instanceof Secret) && old !== now;
  });
}

function isUdp(listener: AnyRecord): boolean {
  return (listener as RecordOf['listener']).protocol === 'udp';
}

/** What the nodes have yet to hear of a write. `now`: Unix milliseconds. */
export function operationOf(
  id: string,
  tenantId: string,
  action: string,
  changes: readonly Change[],
  state: State,
  now: number,
): OperationRecord {
  return {
    id,
    tenantId,
    generation: state.generation,
    action,
    resources: resourcesOf(changes),
    listeners: listenersOf(changes, state),
    createdAt: now,
    outcome: null,
    settledAt: null,
    cancelledBy: null,
    refused: [],
    leftOut: [],
  };
}

/** The generation, where load balancers are, and where the search for addresses goes on; of the latter what is new. */
export async function writeState(
  trx: Transaction<Database>,
  { generation, lastAddresses, placement }: State,
  before: State,
): Promise<void> {
  if (placement !== before.placement) await writePlacement(trx, placement);
  await executeRows(
    trx,
    'put state',
    [{ id: 1, generation }],
    (row) => row,
    (rows) =>
      trx
        .insertInto('state')
        .values(rows as never)
        .onConflict((conflict) =>
          conflict.column('id').doUpdateSet(({ ref }) => ({ generation: ref('excluded.generation') })),
        ),
  );
  for (const [name, last] of lastAddresses) {
    if (before.lastAddresses.get(name) === last) continue;
    await trx
      .insertInto('address_pool')
      .values({ name, last })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ last }))
      .execute();
  }
}

async function writePlacement(trx: Transaction<Database>, placement: Placement): Promise<void> {
  const document = toText(placement);
  await trx
    .insertInto('placement')
    .values({ id: 1, document })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ document }))
    .execute();
}

export async function writeTicketKeys(
  trx: Transaction<Database>,
  { keys, rotatedAt }: TicketKeys,
  vault: Vault,
): Promise<void> {
  const row = { keys: JSON.stringify(keys.map((key) => vault.seal(TICKET_KEYS, key))), rotated_at: rotatedAt };
  await trx
    .insertInto('ticket_keys')
    .values({ id: 1, ...row })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute();
}

function resourcesOf(changes: readonly Change[]): ResourceRef[] {
  return changes
    .slice(0, RESOURCES)
    .map(({ kind, id, before, after }) => ({ kind, id, name: (after ?? before)!.name }));
}

/**
 * The listeners that a node may refuse because of these changes: those changed, those of a changed load balancer, those
 * that use a changed certificate, authority or policy, and of network load balancers those of a changed service, whose
 * settings the kernel may not keep.
 */
function listenersOf(changes: readonly Change[], state: State): string[] {
  const ids = new Set<string>();
  for (const { kind, id, after } of changes) {
    if (after === null) continue;
    if (kind === 'listener') ids.add(id);
    if (kind === 'certificate' || kind === 'authority' || kind === 'securityPolicy') {
      for (const user of usersOf(state, id)) if (user.kind === 'listener') ids.add(user.id);
    }
    if (kind === 'backendService') {
      for (const listener of networkListenersOf(after as RecordOf['backendService'], state)) ids.add(listener);
    }
    if (kind === 'securityGroup') {
      for (const { loadBalancer, listeners } of state.loadBalancers.values()) {
        if (loadBalancer.securityGroupIds.includes(id)) for (const listener of listeners.keys()) ids.add(listener);
      }
    }
    if (kind === 'loadBalancer')
      for (const listener of state.loadBalancers.get(id)!.listeners.keys()) ids.add(listener);
  }
  return [...ids].slice(0, LISTENERS);
}

function networkListenersOf({ id, loadBalancerId }: RecordOf['backendService'], state: State): string[] {
  const { loadBalancer, listeners } = state.loadBalancers.get(loadBalancerId)!;
  if (loadBalancer.type !== 'network') return [];
  return [...listeners.values()].filter(({ backendServiceId }) => backendServiceId === id).map((one) => one.id);
}

function* chunks<T>(values: readonly T[]): Generator<T[]> {
  for (let i = 0; i < values.length; i += IDS) yield values.slice(i, i + IDS);
}
