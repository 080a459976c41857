import type { Transaction } from 'kysely';
import { listOrNull } from '../store/history.ts';
import type { Database } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import type { OperationTracker } from './operations.ts';
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
  await operations.flush((outcomes) =>
    store.record(async (trx) => {
      for (const [id, { outcome, settledAt, refused, leftOut, cancelledBy }] of outcomes) {
        const lists = { refused: listOrNull(refused), left_out: listOrNull(leftOut) };
        await trx
          .updateTable('operation')
          .set({ outcome, settled_at: settledAt, cancelled_by: cancelledBy, ...lists })
          .where('id', '=', id)
          // One that was cancelled stays so, whatever nodes had said of it before.
          .where((is) => is.or([is('outcome', 'is', null), is('outcome', '!=', 'cancelled')]))
          .execute();
      }
    }),
  );
}
