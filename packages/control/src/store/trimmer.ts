import type { Transaction } from 'kysely';
import type { AuditEntry } from '../audit/entry.ts';
import { type AuditKept, trimAudit } from '../audit/retention.ts';
import { trimFeed } from './feed.ts';
import { TRIM_EVERY, trimHistory } from './history.ts';
import { TRIM_CHARACTERS, trimRevisions } from './journal.ts';
import type { Database } from './schema.ts';
import { trimChangeSets } from './trim-change-sets.ts';

/** Keeps the past within its bounds: looks at it after so many writes, or so much that they have written. */
export class Trimmer {
  #writes = 0;
  #characters = 0;
  /** Tenants with new entries in the audit log since it was trimmed. */
  readonly #audited = new Set<string>();

  /** Notes what a transaction has written; `characters` are those of revisions. */
  note(writes: number, characters: number, audit: readonly AuditEntry[]): void {
    this.#writes += writes;
    this.#characters += characters;
    for (const { tenantId } of audit) this.#audited.add(tenantId);
  }

  /** `followed`: the generation up to which others are told of changes; null: nobody follows. */
  async trimWhenDue(
    trx: Transaction<Database>,
    now: number,
    auditKept: AuditKept,
    followed: number | null,
  ): Promise<void> {
    if (this.#writes < TRIM_EVERY && this.#characters < TRIM_CHARACTERS) return;
    await trimHistory(trx, now);
    await trimAudit(trx, now, this.#audited, auditKept);
    await trimRevisions(trx);
    await trimChangeSets(trx, now);
    if (followed !== null) await trimFeed(trx, followed);
    this.#audited.clear();
    this.#writes = 0;
    this.#characters = 0;
  }
}
