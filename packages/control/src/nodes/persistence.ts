import { sql, type Transaction } from 'kysely';
import type { NewAuditEntry } from '../audit/entry.ts';
import { listOrNull } from '../store/history.ts';
import type { Database } from '../store/schema.ts';
import { executeEach } from '../store/statements.ts';
import type { Store } from '../store/store.ts';
import type { OperationTracker, Outcome } from './operations.ts';
import { type NodeStatus, nodeToRow } from './registry.ts';

/** What is kept of nodes and of the outcomes of operations. It belongs to no generation of the configuration. */

export async function saveNode(store: Store, node: NodeStatus): Promise<void> {
  const row = nodeToRow(node);
  await store.record(async (trx) => {
    await trx
      .insertInto('node')
      .values(row)
      .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
      .execute();
  });
}

export async function deleteNode(trx: Transaction<Database>, id: string): Promise<void> {
  await trx.deleteFrom('node').where('id', '=', id).execute();
}

/** Writes the outcomes that became known since the last time. */
export async function saveOutcomes(store: Store, operations: OperationTracker): Promise<void> {
  await operations.flush((outcomes) => writeOutcomes(store, outcomes));
}

/** Writes outcomes of operations, with what the audit log has of it. */
export function writeOutcomes(
  store: Pick<Store, 'record'>,
  outcomes: ReadonlyMap<string, Outcome>,
  audit: readonly NewAuditEntry[] = [],
): Promise<void> {
  return store.record(async (trx) => {
    await executeEach(trx, 'settle operation', [...outcomes].map(rowOf), ({ id, ...settled }) =>
      trx
        .updateTable('operation')
        .set(settled)
        .where('id', '=', id)
        // One that was cancelled stays so, whatever nodes had said of it before.
        .where((is) => is.or([is('outcome', 'is', null), is('outcome', '!=', sql.lit('cancelled'))])),
    );
  }, audit);
}

function rowOf([id, { outcome, settledAt, refused, leftOut, cancelledBy }]: readonly [string, Outcome]) {
  const lists = { refused: listOrNull(refused), left_out: listOrNull(leftOut) };
  return { outcome, settled_at: settledAt, cancelled_by: cancelledBy, ...lists, id };
}
