import { setImmediate } from 'node:timers/promises';
import type { ResourceKind } from '@evenkeel/model/resources/operation.ts';
import type { Kysely } from 'kysely';
import type { Vault } from '../secrets/vault.ts';
import { type Image, imageOf, kindOfTable, type Undo } from './journal.ts';
import type { Database } from './schema.ts';

/** Revisions that are read at a time, and characters after which others have the thread. */
const ROWS = 20;
const STEP = 1_048_576;

/** What one revision has changed, and what was changed after it. */
export interface Since {
  /** By identifier: what the objects of the revision were before it. */
  readonly images: ReadonlyMap<string, Image>;
  /** By identifier: kinds of the objects that later revisions have changed. */
  readonly later: ReadonlyMap<string, ResourceKind>;
}

/** Resolves with null when the tenant has no such revision, or has it no more. Rejects when a row cannot be read. */
export async function readSince(
  db: Kysely<Database>,
  vault: Vault,
  tenantId: string,
  generation: number,
): Promise<Since | null> {
  const images = new Map<string, Image>();
  const later = new Map<string, ResourceKind>();
  let reached = generation - 1;
  let characters = 0;
  for (;;) {
    const rows = await db
      .selectFrom('revision')
      .select(['generation', 'undo'])
      .where('tenant_id', '=', tenantId)
      .where('generation', '>', reached)
      .orderBy('generation')
      .limit(ROWS)
      .execute();
    if (reached < generation && Number(rows[0]?.generation) !== generation) return null;
    for (const row of rows) {
      reached = Number(row.generation);
      for (const entry of JSON.parse(row.undo) as Undo[]) {
        if (reached === generation) images.set(entry.id, imageOf(entry, vault));
        else later.set(entry.id, kindOfTable(entry.table));
      }
      characters += row.undo.length;
      if (characters < STEP) continue;
      characters = 0;
      await setImmediate();
    }
    if (rows.length < ROWS) return { images, later };
  }
}
