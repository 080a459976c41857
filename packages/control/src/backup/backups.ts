import { join } from 'node:path';
import { createIdSource } from '@evenkeel/model/identifiers.ts';
import { BACKUP } from '@evenkeel/model/limits.ts';
import type {
  BackupPolicyPatch,
  BackupReason,
  BackupRestored,
  BackupVerified,
} from '@evenkeel/model/resources/backup.ts';
import type { AuditMaker, Author, NewAuditEntry } from '../audit/entry.ts';
import type { BlockLists, PutBack } from '../block-list/block-lists.ts';
import { allChanges } from '../block-list/persistence.ts';
import { ProblemError } from '../problem.ts';
import { checkMaterial } from '../resources/material.ts';
import { notFound } from '../resources/rules.ts';
import type { Vault } from '../secrets/vault.ts';
import type { Draft } from '../state/draft.ts';
import { scopedTo } from '../state/scope.ts';
import type { State } from '../state/state.ts';
import { SQLITE, sqliteCode } from '../store/sqlite.ts';
import type { Store } from '../store/store.ts';
import { BackupArchive, type BackupRecord, checksumOf } from './archive.ts';
import { readBackup, useBackup } from './contents.ts';
import { BackupPolicy, type BackupRules } from './policy.ts';
import { restoreInto } from './restore.ts';
import { compareRestored, type RestoreTest, RestoreTestFile } from './restore-test.ts';

const HOUR = 3_600_000;
/** Rows of block lists that are read from a backup at a time; each has 256 KiB and a few entries at most. */
const BLOCK_LIST_ROWS = 10;

export interface BackupOptions {
  readonly folder: string;
  readonly store: Store;
  readonly vault: Vault;
  readonly version: string;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  /** Told of each backup that was made, and why one was not. */
  readonly made?: (record: BackupRecord) => void;
  readonly failed?: (reason: string) => void;
  /** Told of one that would not restore. */
  readonly untestable?: (record: BackupRecord, reason: string) => void;
  /** Told when the policy that was in a file of the folder is in the state from now on. */
  readonly policyTaken?: (file: string, rules: BackupRules) => void;
}

/** Who wants a change, for the audit log, and of which tenant. */
export interface RestoredFor {
  readonly actor: string;
  readonly author: Author;
  readonly requestId: string;
  readonly tenantId: string;
  /** Refuses what whoever asks may not change. */
  readonly check: (draft: Draft) => void;
}

/** Backups of the state: made, checked, restored, and made by themselves as the policy says. One thing at a time. */
export class Backups {
  readonly #options: BackupOptions;
  readonly #archive: BackupArchive;
  readonly #policy: BackupPolicy;
  readonly #tests: RestoreTestFile;
  readonly #nextId: () => string;
  #turn: Promise<unknown> = Promise.resolve();
  #lastError: string | null = null;
  #lastSuccessAt: number | null = null;
  #failures = 0;
  #swept = false;

  constructor(options: BackupOptions) {
    this.#options = options;
    this.#archive = new BackupArchive(options.folder);
    const before = join(options.folder, 'policy.json');
    this.#policy = new BackupPolicy(options.store, before, (rules) => options.policyTaken?.(before, rules));
    this.#tests = new RestoreTestFile(join(options.folder, 'restore-test.json'));
    const ids = createIdSource(options.now, options.random);
    this.#nextId = () => ids.next('backup');
  }

  /** Backups by the policy that failed since the start. */
  get failures(): number {
    return this.#failures;
  }

  /** When the newest backup by the policy was made, in Unix milliseconds; 0: none is known. */
  get lastSuccessAt(): number {
    return this.#lastSuccessAt ?? 0;
  }

  /** Resolves when nothing is under way. */
  get idle(): Promise<unknown> {
    return this.#turn;
  }

  list(): Promise<BackupRecord[]> {
    return this.#archive.list();
  }

  fileOf(id: string): string {
    return this.#archive.fileOf(id);
  }

  async get(id: string): Promise<BackupRecord> {
    return (await this.#archive.get(id)) ?? notFound('backup', id);
  }

  /**
   * Files and the state have no transaction in common: what the audit log has of a backup, which `audit` makes, is written
   * just before it is one, and before it is none any more. What cannot be recorded is not done.
   */
  make(description: string, audit?: AuditMaker): Promise<BackupRecord> {
    return this.#inTurn(async () => {
      const own = (await this.list()).filter(({ reason }) => reason !== 'policy');
      if (own.length >= BACKUP.manual) {
        throw new ProblemError('quota-exceeded', `there are ${own.length} backups that the policy does not delete`, {
          quota: { name: 'backups', limit: BACKUP.manual, used: own.length },
        });
      }
      return this.#make('manual', description, audit);
    });
  }

  remove(id: string, audit: NewAuditEntry): Promise<void> {
    return this.#inTurn(async () => {
      await this.get(id);
      await this.#options.store.recordAudit([audit]);
      await this.#archive.remove(id);
    });
  }

  /** Whether a backup could be restored now. */
  verify(id: string): Promise<BackupVerified> {
    return this.#inTurn(async () => {
      const record = await this.get(id);
      try {
        const objects = compareRestored(await this.#read(record), [this.#options.store.state]);
        return { id, sound: true, detail: '', objects };
      } catch (error) {
        return { id, sound: false, detail: reasonOf(error), objects: 0 };
      }
    });
  }

  /** Makes the configuration of the tenant what the backup holds of it, in one change. */
  restore(id: string, dryRun: boolean, { tenantId, check, ...by }: RestoredFor): Promise<BackupRestored> {
    return this.#inTurn(async () => {
      const { store } = this.#options;
      const record = await this.get(id);
      const state = await this.#read(record).catch((error) => {
        throw new ProblemError('backup-damaged', `${id} cannot be restored: ${reasonOf(error)}`, {}, error);
      });
      if (!state.tenants.has(tenantId)) {
        throw new ProblemError('reference-not-found', `${id} was made before there was the tenant ${tenantId}`);
      }
      const run = (draft: Draft) => {
        restoreInto(draft, scopedTo(state, tenantId));
        checkMaterial(draft);
        check(draft);
        return { id, dryRun, generation: dryRun ? store.state.generation : draft.resultingGeneration, ...told(draft) };
      };
      if (dryRun) return { ...store.preview(tenantId, run), operationId: null, replaced: null, blocked: null };
      const before = await this.#make('before-restore', `before ${id} was restored`);
      const { value, operation } = await store.write({ action: 'restoreBackup', tenantId, ...by, run });
      await this.#thin('before-restore', BACKUP.beforeRestore);
      return { ...value, operationId: operation.id, replaced: before.id, blocked: null };
    });
  }

  /** Puts the block list that the backup holds of a tenant on top of the one that there is. */
  restoreBlockList(id: string, tenantId: string, lists: BlockLists, how: PutBack): Promise<BackupRestored> {
    return this.#inTurn(async () => {
      const { store, vault } = this.#options;
      const record = await this.get(id);
      const damaged = (error: unknown): never => {
        throw new ProblemError('backup-damaged', `${id} cannot be restored: ${reasonOf(error)}`, {}, error);
      };
      await this.#checkSum(record).catch(damaged);
      const folder = await this.#archive.temporary();
      const blocked = await useBackup(this.fileOf(id), folder, vault, ({ db }) =>
        lists.putBack(tenantId, () => allChanges(db, BLOCK_LIST_ROWS), how),
      ).catch((error) => (error instanceof ProblemError ? Promise.reject(error) : damaged(error)));
      const { generation } = store.state;
      const nothing = {
        summary: { created: 0, updated: 0, deleted: 0 },
        changes: [],
        operationId: null,
        replaced: null,
      };
      return { id, dryRun: how.dryRun, generation, ...nothing, blocked };
    });
  }

  async policy(): Promise<BackupRules & RestoreTest & { lastSuccessAt: number | null; lastError: string | null }> {
    this.#lastSuccessAt ??= (await this.list()).findLast(({ reason }) => reason === 'policy')?.createdAt ?? null;
    const made = { lastSuccessAt: this.#lastSuccessAt, lastError: this.#lastError };
    return { ...(await this.#policy.read()), ...made, ...(await this.#tests.read()) };
  }

  changePolicy(patch: BackupPolicyPatch, audit: readonly NewAuditEntry[] = []): Promise<void> {
    return this.#inTurn(() => this.#policy.change(patch, audit));
  }

  /** Whoever begins to lead has the policy written down, if nobody has yet. Never rejects; the next tick tries again. */
  begin(failed: (error: unknown) => void): Promise<void> {
    return this.#inTurn(() => this.#policy.settle()).catch(failed);
  }

  /** Makes a backup when the policy says that it is time, and deletes those that are too many. Never rejects. */
  async tick(failed: (error: unknown) => void): Promise<void> {
    try {
      await this.#inTurn(async () => {
        if (!this.#swept) await this.#archive.sweep();
        this.#swept = true;
        await this.#policy.settle();
        const { enabled, intervalHours, keep, lastSuccessAt, testIntervalHours, lastTestAt } = await this.policy();
        if (!enabled || !this.#isDue(lastSuccessAt, intervalHours)) return;
        const before = this.#options.store.state;
        const record = await this.#make('policy', '');
        this.#lastSuccessAt = record.createdAt;
        this.#lastError = null;
        await this.#thin('policy', keep);
        if (testIntervalHours === 0 || !this.#isDue(lastTestAt, testIntervalHours)) return;
        const failure = await this.#test(record, before);
        if (failure === null) return;
        this.#failures++;
        failed(failure);
      });
    } catch (error) {
      this.#failures++;
      this.#lastError = reasonOf(error);
      failed(error);
    }
  }

  #isDue(last: number | null, hours: number): boolean {
    return last === null || this.#options.now() - last >= hours * HOUR;
  }

  /**
   * Restores a backup beside, and compares it with the state, which was `before` when it was begun. Resolves with why it
   * cannot be restored; null: it can.
   */
  async #test(record: BackupRecord, before: State): Promise<unknown> {
    let failure: unknown = null;
    try {
      compareRestored(await this.#read(record), [before, this.#options.store.state]);
    } catch (error) {
      failure = error;
    }
    const lastTestError = failure === null ? null : `${record.id}: ${reasonOf(failure)}`;
    await this.#tests.write({ lastTestAt: this.#options.now(), lastTestError });
    if (failure !== null) this.#options.untestable?.(record, reasonOf(failure));
    return failure;
  }

  async #make(reason: BackupReason, description: string, audit?: AuditMaker): Promise<BackupRecord> {
    const { store, version, now } = this.#options;
    const about = { id: this.#nextId(), description, reason, version, createdAt: now() };
    // A write that is under way is in the copy, too: it is at least of this generation.
    const configurationGeneration = store.state.generation;
    const announce = async () => {
      if (audit !== undefined) await store.recordAudit([audit(about.id)]);
    };
    try {
      const record = await this.#archive.add(
        { ...about, configurationGeneration },
        (path) => store.copyTo(path),
        announce,
      );
      this.#options.made?.(record);
      return record;
    } catch (error) {
      this.#options.failed?.(reasonOf(error));
      if (error instanceof ProblemError) throw error;
      const full = sqliteCode(error) === SQLITE.FULL || (error as NodeJS.ErrnoException).code === 'ENOSPC';
      if (full) throw new ProblemError('storage-full', 'the disk is full; no backup was made', {}, error);
      throw new ProblemError('storage-failed', `the backup could not be written (${reasonOf(error)})`, {}, error);
    }
  }

  async #thin(reason: BackupReason, keep: number): Promise<void> {
    const own = (await this.list()).filter((record) => record.reason === reason);
    for (const { id } of own.slice(0, Math.max(0, own.length - keep))) await this.#archive.remove(id);
  }

  async #read(record: BackupRecord): Promise<State> {
    await this.#checkSum(record);
    return readBackup(this.fileOf(record.id), await this.#archive.temporary(), this.#options.vault);
  }

  async #checkSum({ id, sha256 }: BackupRecord): Promise<void> {
    const same = (await checksumOf(this.fileOf(id))) === sha256;
    if (!same) throw new Error('its checksum is another one: the file has changed');
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => {});
    return mine;
  }
}

function told(draft: Draft): Pick<BackupRestored, 'summary' | 'changes'> {
  const summary = { created: 0, updated: 0, deleted: 0 };
  const changes = draft.changes.map(({ kind, id, before, after }) => {
    const action = before === null ? 'created' : after === null ? 'deleted' : 'updated';
    summary[action]++;
    return { action, kind, id, name: (after ?? before)!.name } as const;
  });
  return { summary, changes: changes.slice(0, BACKUP.changes) };
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ');
}
