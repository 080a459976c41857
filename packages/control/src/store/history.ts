import type { OperationState } from '@evenkeel/model/history-words.ts';
import type { ResourceRef } from '@evenkeel/model/resources/operation.ts';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Database, OperationRow } from './schema.ts';

interface Limit {
  readonly rows: number;
  readonly milliseconds: number;
}

interface Kept {
  readonly operations: Limit;
  readonly idempotency: Limit & { readonly characters: number };
}

/** What is kept of the past, and for how long. Trimmed every `TRIM_EVERY` writes; the oldest goes first. */
export const KEPT: Kept = {
  operations: { rows: 10_000, milliseconds: 7 * 86_400_000 },
  /** Answers to idempotent requests: also by their size in characters. */
  idempotency: { rows: 10_000, milliseconds: 86_400_000, characters: 64 * 1_048_576 },
};
export const TRIM_EVERY = 256;

export type OperationOutcome = Exclude<OperationState, 'pending'>;

export interface OperationRecord {
  readonly id: string;
  readonly tenantId: string;
  readonly generation: number;
  readonly action: string;
  readonly resources: readonly ResourceRef[];
  /** The listeners whose running decides between `applied` and `refused`. */
  readonly listeners: readonly string[];
  readonly createdAt: number;
  readonly outcome: OperationOutcome | null;
  readonly settledAt: number | null;
  /** Identifier of the operation that has taken it back. */
  readonly cancelledBy: string | null;
  /** What nodes could not run of it when it was settled; the first of them. */
  readonly refused: readonly Refused[];
  /** Nodes that it has ended without; the first of them. */
  readonly leftOut: readonly string[];
}

/** A listener that a node cannot run. */
export interface Refused {
  readonly node: string;
  readonly listenerId: string;
  readonly code: string;
  readonly detail: string;
}

export function operationToRow(operation: OperationRecord): OperationRow {
  return {
    id: operation.id,
    tenant_id: operation.tenantId,
    generation: operation.generation,
    action: operation.action,
    resources: JSON.stringify(operation.resources),
    listeners: JSON.stringify(operation.listeners),
    created_at: operation.createdAt,
    outcome: operation.outcome,
    settled_at: operation.settledAt,
    cancelled_by: operation.cancelledBy,
    refused: listOrNull(operation.refused),
    left_out: listOrNull(operation.leftOut),
  };
}

export function operationFromRow(row: OperationRow): OperationRecord {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    generation: row.generation,
    action: row.action,
    resources: JSON.parse(row.resources) as ResourceRef[],
    listeners: JSON.parse(row.listeners) as string[],
    createdAt: row.created_at,
    outcome: row.outcome,
    settledAt: row.settled_at,
    cancelledBy: row.cancelled_by,
    refused: row.refused === null ? [] : (JSON.parse(row.refused) as Refused[]),
    leftOut: row.left_out === null ? [] : (JSON.parse(row.left_out) as string[]),
  };
}

/** As it is in a row of an operation. */
export function listOrNull(list: readonly unknown[]): string | null {
  return list.length === 0 ? null : JSON.stringify(list);
}

export async function trimHistory(trx: Transaction<Database>, now: number, kept: Kept = KEPT): Promise<void> {
  const { operations, idempotency } = kept;
  // They are in order of time, so that nobody has to look at what stays.
  const oldest = await trx
    .selectFrom('operation')
    .select('id')
    .where('created_at', '>=', now - operations.milliseconds)
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
  await trx
    .deleteFrom('operation')
    .$if(oldest !== undefined, (old) => old.where('id', '<', oldest!.id))
    .execute();
  await trx
    .deleteFrom('operation')
    .where('id', '<=', (query) =>
      query.selectFrom('operation').select('id').orderBy('id', 'desc').limit(1).offset(operations.rows),
    )
    .execute();
  await trx
    .deleteFrom('idempotency')
    .where('at', '<', now - idempotency.milliseconds)
    .execute();
  await sql`
    delete from idempotency where (actor, key) in (
      select actor, key from (
        select actor, key,
          row_number() over newest as place,
          sum(length(answer)) over newest as characters
        from idempotency window newest as (order by at desc, actor, key rows unbounded preceding)
      ) as kept where place > ${idempotency.rows} or characters > ${idempotency.characters}
    )`.execute(trx);
}

/** Operations whose outcome is not known, the newest first. */
export async function unsettledOperations(db: Kysely<Database>): Promise<OperationRecord[]> {
  const rows = await db
    .selectFrom('operation')
    .selectAll()
    .where('outcome', 'is', null)
    .orderBy('id', 'desc')
    .limit(KEPT.operations.rows)
    .execute();
  return rows.map(operationFromRow);
}
