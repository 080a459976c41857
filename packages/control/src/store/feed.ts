import type { ResourceKind } from '@evenkeel/model/resources/operation.ts';
import type { Kysely, Transaction } from 'kysely';
import type { Change } from '../state/draft.ts';
import type { AnyRecord, RecordOf } from '../state/records.ts';
import type { Database } from './schema.ts';

/** Changes of one transaction that are told one by one; of more, the whole state is read anew. */
const TOLD = 2_000;
/** Generations that are told of; who is further behind reads the whole state. */
const KEPT = 4_096;

/** An object that has changed, and what it is (or was) a part of, where that is not the installation. */
export interface ChangedObject {
  readonly kind: ResourceKind;
  readonly id: string;
  readonly parent: string | null;
}

/** Tells those who follow what one transaction has changed; it is read by them when it is committed. */
export async function writeFeed(
  trx: Transaction<Database>,
  previous: number,
  generation: number,
  changes: readonly Change[],
): Promise<void> {
  const told = changes.length > TOLD ? null : JSON.stringify(changes.map(changedObject));
  await trx.insertInto('change_feed').values({ generation, previous, changes: told }).execute();
}

export async function trimFeed(trx: Transaction<Database>, generation: number): Promise<void> {
  await trx
    .deleteFrom('change_feed')
    .where('generation', '<=', generation - KEPT)
    .execute();
}

/** What has changed from one generation to another; null when that is not told. */
export async function changesBetween(db: Kysely<Database>, from: number, to: number): Promise<ChangedObject[] | null> {
  if (to < from || to - from > KEPT) return null;
  const rows = await db
    .selectFrom('change_feed')
    .selectAll()
    .where('generation', '>', from)
    .orderBy('generation')
    .execute();
  const changed: ChangedObject[] = [];
  let reached = from;
  for (const { generation, previous, changes } of rows) {
    if (previous !== reached || changes === null) return null;
    changed.push(...(JSON.parse(changes) as ChangedObject[]));
    reached = generation;
  }
  return reached === to ? changed : null;
}

function changedObject({ kind, id, before, after }: Change): ChangedObject {
  return { kind, id, parent: parentOf(kind, (after ?? before)!) };
}

function parentOf(kind: ResourceKind, record: AnyRecord): string | null {
  switch (kind) {
    case 'listener':
    case 'backendService':
    case 'targetGroup':
    case 'ruleGroup':
      return (record as RecordOf[typeof kind]).loadBalancerId;
    case 'target':
      return (record as RecordOf['target']).targetGroupId;
    case 'rule':
      return (record as RecordOf['rule']).ruleGroupId;
    default:
      return null;
  }
}
