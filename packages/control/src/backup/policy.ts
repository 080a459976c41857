import { readFile } from 'node:fs/promises';
import { BACKUP } from '@evenkeel/model/limits.ts';
import type { BackupPolicyPatch } from '@evenkeel/model/resources/backup.ts';
import type { Kysely, Transaction } from 'kysely';
import type { NewAuditEntry } from '../audit/entry.ts';
import type { Database } from '../store/schema.ts';
import type { Store } from '../store/store.ts';

export interface BackupRules {
  readonly enabled: boolean;
  readonly intervalHours: number;
  readonly keep: number;
  /** 0: no restore tests. */
  readonly testIntervalHours: number;
}

const DEFAULTS: BackupRules = {
  enabled: true,
  intervalHours: BACKUP.intervalHours.default,
  keep: BACKUP.keep.default,
  testIntervalHours: BACKUP.testIntervalHours.default,
};

/**
 * When backups are made by themselves: a row of the state, so that whoever leads follows the same rules. It is of the
 * installation and no configuration of a tenant, so a restore in place does not turn it back.
 */
export class BackupPolicy {
  readonly #store: Pick<Store, 'read' | 'record'>;
  readonly #file: string;
  readonly #taken: (rules: BackupRules) => void;
  #settled = false;

  /**
   * @param file what a home had of it before it was in the state
   * @param taken told when the rules of that file are in the state from now on
   */
  constructor(store: Pick<Store, 'read' | 'record'>, file: string, taken: (rules: BackupRules) => void) {
    this.#store = store;
    this.#file = file;
    this.#taken = taken;
  }

  async read(): Promise<BackupRules> {
    return (await this.#store.read(rulesIn)) ?? (await this.#before()) ?? DEFAULTS;
  }

  /**
   * Has the row written when there is none: as the file of this home says, which is never read again then, or as it is
   * by default, so that no leader who comes later brings another one.
   */
  async settle(): Promise<void> {
    if (this.#settled) return;
    if ((await this.#store.read(rulesIn)) === null) {
      const before = await this.#before();
      await this.#store.record((trx) => write(trx, before ?? DEFAULTS));
      if (before !== null) this.#taken(before);
    }
    this.#settled = true;
  }

  /** `audit`: what the audit log has of it. */
  async change(patch: BackupPolicyPatch, audit: readonly NewAuditEntry[]): Promise<void> {
    await this.settle();
    await this.#store.record(async (trx) => write(trx, { ...DEFAULTS, ...(await rulesIn(trx)), ...patch }), audit);
  }

  async #before(): Promise<BackupRules | null> {
    try {
      return { ...DEFAULTS, ...(JSON.parse(await readFile(this.#file, 'utf8')) as Partial<BackupRules>) };
    } catch (error) {
      // Torn by something that is not ours: the defaults are better than no backups.
      if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }
}

async function rulesIn(db: Kysely<Database>): Promise<BackupRules | null> {
  const row = await db.selectFrom('backup_policy').select('rules').where('id', '=', 1).executeTakeFirst();
  return row === undefined ? null : { ...DEFAULTS, ...(JSON.parse(row.rules) as Partial<BackupRules>) };
}

async function write(trx: Transaction<Database>, rules: BackupRules): Promise<void> {
  const row = { rules: JSON.stringify(rules) };
  await trx
    .insertInto('backup_policy')
    .values({ id: 1, ...row })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute();
}
