import type { Transaction } from 'kysely';
import type { Vault } from '../secrets/vault.ts';
import type { Change } from '../state/draft.ts';
import { type OperationRecord, operationToRow } from './history.ts';
import type { Database, RevisionRow } from './schema.ts';
import { insertRows } from './statements.ts';
import { writeChanges } from './write.ts';

/** Characters of revisions that are in memory at a time. */
const STEP = 1_048_576;

/** One of the writes that share a transaction. */
export interface SharingWrite {
  readonly changes: readonly Change[];
  /** Null for rows that are not configuration. */
  readonly operation: OperationRecord | null;
  /** Makes its row of the journal; null: it has changed nothing that is in there. */
  readonly revision: () => RevisionRow | null;
}

/**
 * Writes what several writes have changed, one after another, with statements for all of them. Resolves with the
 * characters of their revisions.
 */
export async function writeTogether(
  trx: Transaction<Database>,
  writes: readonly SharingWrite[],
  vault: Vault,
): Promise<number> {
  await writeChanges(trx, outcomeOf(writes), vault);
  const operations = writes.flatMap(({ operation }) => operation ?? []);
  await insertRows(trx, 'operation', operations.map(operationToRow));
  let characters = 0;
  let held = 0;
  const rows: RevisionRow[] = [];
  for (const { revision } of writes) {
    const row = revision();
    if (row === null) continue;
    rows.push(row);
    characters += row.size;
    held += row.size;
    if (held < STEP) continue;
    await insertRows(trx, 'revision', rows.splice(0));
    held = 0;
  }
  await insertRows(trx, 'revision', rows);
  return characters;
}

/** What the writes come to: of each object, what it was before the first and is after the last. */
function outcomeOf(writes: readonly SharingWrite[]): readonly Change[] {
  if (writes.length === 1) return writes[0]!.changes;
  const outcome = new Map<string, Change>();
  for (const { changes } of writes) {
    for (const change of changes) {
      const earlier = outcome.get(change.id);
      if (earlier === undefined) outcome.set(change.id, change);
      else if (earlier.before === null && change.after === null) outcome.delete(change.id);
      else outcome.set(change.id, { ...change, before: earlier.before });
    }
  }
  return [...outcome.values()];
}
