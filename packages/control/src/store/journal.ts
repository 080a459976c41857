import { setImmediate } from 'node:timers/promises';
import { REVISIONS } from '@evenkeel/model/limits.ts';
import type { FieldChange, ObjectChange } from '@evenkeel/model/resources/document.ts';
import type { ResourceKind } from '@evenkeel/model/resources/operation.ts';
import { type Kysely, sql, type Transaction } from 'kysely';
import { difference } from '../configuration/difference.ts';
import type { Vault } from '../secrets/vault.ts';
import type { Change, Draft } from '../state/draft.ts';
import { ACCESS_KINDS } from '../state/objects.ts';
import type { AnyRecord, RecordOf } from '../state/records.ts';
import type { OperationRecord } from './history.ts';
import { fromRow, MAPPINGS, type Row, toRow } from './rows.ts';
import type { Database, RevisionRow } from './schema.ts';

/** Characters of revisions after which it is looked whether there are too many, however few the writes were. */
export const TRIM_CHARACTERS = 8 * 1_048_576;

/** An object as it was before a write: the row of its table without what is stamped, or null when it was not there. */
export interface Undo {
  readonly table: string;
  readonly id: string;
  readonly row: Row | null;
}

/** An object as it was at a moment; null: it was not there. */
export interface Image {
  readonly kind: ResourceKind;
  readonly record: AnyRecord | null;
}

/** Revisions that are read at a time, and characters after which others have the thread. */
const ROWS = 20;
const STEP = 1_048_576;

const STAMPS = ['generation', 'created_at', 'updated_at'] as const;
const KIND_OF = new Map(Object.entries(MAPPINGS).map(([kind, { table }]) => [table as string, kind as ResourceKind]));

interface Written {
  readonly actor: string;
  readonly action: string;
  readonly requestId: string;
}

/**
 * What a draft has changed of the configuration, as a revision: what it was before, so that it can be brought back, and
 * the difference for people. Null: nothing of the configuration has changed.
 */
export function revisionOf(
  { actor, action, requestId }: Written,
  operation: OperationRecord,
  draft: Draft,
  vault: Vault,
): RevisionRow | null {
  const changed = draft.changes.filter(({ kind }) => !ACCESS_KINDS.has(kind));
  if (changed.length === 0) return null;
  const undo = JSON.stringify(changed.map((change) => undoOf(change, vault)));
  const changes = JSON.stringify(changesShown(draft, changed));
  return {
    generation: operation.generation,
    tenant_id: draft.tenantId,
    at: operation.createdAt,
    actor,
    action,
    request_id: requestId,
    operation_id: operation.id,
    size: undo.length + changes.length,
    summary: JSON.stringify(summaryOf(changed)),
    resources: JSON.stringify(operation.resources),
    changes,
    undo,
  };
}

/** Field by field what differs, of the first objects; secrets show that they differ, and not from what to what. */
export function changesShown(draft: Draft, changes: readonly Change[]): ObjectChange[] {
  return difference(draft.base, draft, changes.slice(0, REVISIONS.changes), [], true).map(shortened);
}

export function summaryOf(changes: readonly Change[]): { created: number; updated: number; deleted: number } {
  const summary = { created: 0, updated: 0, deleted: 0 };
  for (const { before, after } of changes) {
    summary[before === null ? 'created' : after === null ? 'deleted' : 'updated']++;
  }
  return summary;
}

/** The same with long values cut: a listener may have ten thousand certificates. */
export function shortened(change: ObjectChange): ObjectChange {
  const cut = (value: unknown): unknown => {
    const length = JSON.stringify(value)?.length ?? 0;
    if (length <= REVISIONS.value) return value;
    return Array.isArray(value) ? `(${value.length} entries)` : `(${length} characters)`;
  };
  const fields = change.fields.map((one): FieldChange => ({ ...one, before: cut(one.before), after: cut(one.after) }));
  return { ...change, fields };
}

function undoOf({ kind, id, before }: Change, vault: Vault): Undo {
  const { table } = MAPPINGS[kind];
  if (before === null) return { table, id, row: null };
  const row = toRow(kind, before as RecordOf[typeof kind], vault);
  for (const stamp of STAMPS) delete row[stamp];
  return { table, id, row };
}

/** What the objects of a tenant were just after a revision that have changed since then; the others are what they are. */
export class Past {
  readonly images = new Map<string, Image>();
  readonly #tenantId: string;
  /** The newest revision that was read. */
  #reached: number;

  constructor(tenantId: string, generation: number) {
    this.#tenantId = tenantId;
    this.#reached = generation;
  }

  /** Reads what was written since the last time, in steps. Rejects when a row cannot be read. */
  async readOn(db: Kysely<Database>, vault: Vault): Promise<void> {
    let characters = 0;
    for (;;) {
      const rows = await db
        .selectFrom('revision')
        .select(['generation', 'undo'])
        .where('tenant_id', '=', this.#tenantId)
        .where('generation', '>', this.#reached)
        .orderBy('generation')
        .limit(ROWS)
        .execute();
      for (const { generation, undo } of rows) {
        // The first change after that moment says what was there before it.
        for (const entry of JSON.parse(undo) as Undo[]) {
          if (!this.images.has(entry.id)) this.images.set(entry.id, imageOf(entry, vault));
        }
        this.#reached = Number(generation);
        characters += undo.length;
        if (characters < STEP) continue;
        characters = 0;
        await setImmediate();
      }
      if (rows.length < ROWS) return;
    }
  }
}

/** The kind of what is in a table of objects. */
export function kindOfTable(table: string): ResourceKind {
  const kind = KIND_OF.get(table);
  if (kind === undefined) throw new Error(`a revision names the table ${table}, which there is not`);
  return kind;
}

export function imageOf({ table, row }: Undo, vault: Vault): Image {
  const kind = kindOfTable(table);
  if (row === null) return { kind, record: null };
  // A column that came later was not there.
  const columns = Object.values(MAPPINGS[kind].columns).map((column) => [column, row[column] ?? null]);
  const stamps = STAMPS.map((stamp) => [stamp, 0]);
  return { kind, record: fromRow(kind, { ...row, ...Object.fromEntries([...columns, ...stamps]) }, vault) };
}

/** Deletes the oldest revisions where there are too many, or too much, and those of tenants that are gone. */
export async function trimRevisions(trx: Transaction<Database>, kept = REVISIONS): Promise<void> {
  await trx
    .deleteFrom('revision')
    .where('tenant_id', 'not in', (query) => query.selectFrom('tenant').select('id'))
    .execute();
  await sql`
    delete from revision where generation in (
      select generation from (
        select generation,
          row_number() over newest as place,
          sum(size) over newest as characters,
          sum(size) over (order by generation desc rows unbounded preceding) as of_all
        from revision
        window newest as (partition by tenant_id order by generation desc rows unbounded preceding)
      ) as counted
      where place > ${kept.perTenant} or characters > ${kept.charactersPerTenant} or of_all > ${kept.characters}
    )`.execute(trx);
}
