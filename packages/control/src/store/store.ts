import { DEFAULT_TENANT } from '@evenkeel/model/access.ts';
import { createIdSource, type IdSource } from '@evenkeel/model/identifiers.ts';
import type { Quotas } from '@evenkeel/model/limits.ts';
import type { Kysely, Transaction } from 'kysely';
import { quotasOf } from '../access/quotas.ts';
import { appendAudit } from '../audit/append.ts';
import { entriesOf } from '../audit/changes.ts';
import { type AuditEntry, type Author, authorNamed, type NewAuditEntry } from '../audit/entry.ts';
import { AUDIT_KEPT, type AuditKept } from '../audit/retention.ts';
import { ProblemError } from '../problem.ts';
import type { AddressPools } from '../resources/addresses.ts';
import type { Vault } from '../secrets/vault.ts';
import { Draft, type DraftContext, EVERY_TENANT } from '../state/draft.ts';
import { settle } from '../state/scope.ts';
import type { State } from '../state/state.ts';
import { catchUp } from './catch-up.ts';
import type { StateDatabase } from './database.ts';
import { writeFeed } from './feed.ts';
import type { OperationRecord } from './history.ts';
import { revisionOf } from './journal.ts';
import { newestWrittenId } from './newest-id.ts';
import { copyBeforeUpgrade, type OpenedDatabase, openDatabase } from './open.ts';
import type { Database } from './schema.ts';
import { readProblem, storageProblem } from './storage-problem.ts';
import { type SharingWrite, writeTogether } from './together.ts';
import { Trimmer } from './trimmer.ts';
import { operationOf, writeState, writeTicketKeys } from './write.ts';

/** Writes that may wait; one more is refused with `too-busy`. */
const QUEUE = 1_000;
/** Writes that share one transaction, and so one wait for the disk. */
const BATCH = 64;

export interface StoreOptions {
  readonly quotas: Quotas;
  readonly pools: AddressPools;
  /** What is kept of the audit log; by default what AUDIT says. */
  readonly auditKept?: AuditKept;
  /** Seals what is secret before it is written. */
  readonly vault: Vault;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  /** Bytes that nobody can guess. */
  readonly secret: (bytes: number) => Buffer;
  readonly deletions?: DraftContext['deletions'];
  /** Told of every transaction: how long it took in milliseconds, and how many writes shared it. */
  readonly committed?: (milliseconds: number, writes: number) => void;
  /** Told of what a listener threw: a defect. */
  readonly failed?: (error: unknown) => void;
  /** Told when a write met another leader, or nobody knows what has become of it: this one must lead no longer. */
  readonly superseded?: () => void;
}

export interface Write<T> {
  /** The operationId of the API call. */
  readonly action: string;
  /** Who wants it: identifier of a user, `admin`, or `evenkeel` for the control plane itself. */
  readonly actor: string;
  /** The same with more that is known of them, for the audit log. */
  readonly author?: Author;
  readonly requestId: string;
  /** Whose part of the configuration is changed; by default that of the tenant that is always there. */
  readonly tenantId?: string;
  /**
   * Who may look at the operation, and has it in the audit log, when it is another tenant than the one that changes: that
   * may be gone by then.
   */
  readonly toldTo?: string;
  /** Makes the change. May run more than once, and must not wait; throws a ProblemError to refuse. */
  readonly run: (draft: Draft) => T;
  /** More rows for the same transaction. May run more than once. */
  readonly also?: (trx: Transaction<Database>, committed: Committed<T>) => Promise<void>;
}

export interface Committed<T> {
  readonly value: T;
  /** The generation that the write made, or found when it changed nothing. */
  readonly generation: number;
  readonly operation: OperationRecord;
}

/** Told of every new state, after it is on the disk and before the writes are answered. */
export type CommitListener = (state: State, operations: readonly OperationRecord[]) => void;

/** The state `next`, which comes after `base`, with load balancers placed. */
type Place = (base: State, next: State) => State;

interface Job {
  /** Makes the change on top of `base`, in memory; throws to refuse. */
  readonly stage: (base: State) => Staged;
  readonly failed: (error: unknown) => void;
}

interface Staged extends SharingWrite {
  readonly state: State;
  /** Writes what comes besides. */
  readonly persist: (trx: Transaction<Database>) => Promise<void>;
  readonly audit: readonly AuditEntry[];
  readonly done: () => void;
}

/**
 * The configuration: in memory to read, on disk to last. A write is answered when its transaction is on the disk, and
 * seen by nobody before. Writes are carried out one after another; those that wait at the same time share a transaction.
 */
export class Store {
  readonly database: StateDatabase;
  readonly #options: StoreOptions;
  #ids: IdSource;
  readonly #listeners: CommitListener[] = [];
  readonly #queue: Job[] = [];
  #state: State;
  #place: Place = (_, next) => next;
  #draining: Promise<void> | null = null;
  /** The batch under way. */
  #batch: Promise<void> | null = null;
  #closed = false;
  /** The copy under way. */
  #copying: Promise<void> | null = null;
  readonly #trimmer = new Trimmer();
  /** Those who wait for a generation. */
  readonly #awaited = new Set<() => void>();

  /** Opens a file of SQLite. Rejects with a StartError. */
  static async open({ file, ...options }: StoreOptions & { readonly file: string }): Promise<Store> {
    const store = new Store(options, await openDatabase(file, options.vault, { copy: copyBeforeUpgrade(file) }));
    await store.beginTerm();
    return store;
  }

  constructor(options: StoreOptions, { database, state }: OpenedDatabase) {
    this.#options = options;
    this.database = database;
    this.#state = state;
    this.#ids = createIdSource(options.now, options.random);
  }

  /** Before the first write, and whenever other processes may have written: identifiers go on after theirs. */
  async beginTerm(): Promise<void> {
    const { now, random } = this.#options;
    this.#ids = createIdSource(now, random, await this.read((db) => newestWrittenId(db, this.#state)));
  }

  get state(): State {
    return this.#state;
  }

  /** Those of the installation. */
  get quotas(): Quotas {
    return this.#options.quotas;
  }

  /** Resolves when the state is of the generation, the time (in milliseconds) is up, or `left` says that nobody waits. */
  reached(generation: number, milliseconds: number, left: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (this.#state.generation >= generation || left.aborted) return resolve();
      const end = () => {
        clearTimeout(timer);
        this.#awaited.delete(look);
        resolve();
      };
      const look = () => {
        if (this.#state.generation >= generation) end();
      };
      const timer = setTimeout(end, milliseconds);
      left.addEventListener('abort', end, { once: true });
      this.#awaited.add(look);
    });
  }

  /** How many writes wait. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Has each change of the configuration end with this: where load balancers are placed after it. It must not wait. */
  placeBy(place: Place): void {
    this.#place = place;
  }

  onCommit(listener: CommitListener): void {
    this.#listeners.push(listener);
  }

  /** Takes on what another process has written since. Nothing may be written here meanwhile; rejects with its error. */
  async follow(): Promise<void> {
    const { now, quotas, pools, secret, vault } = this.#options;
    const begin = (state: State) =>
      new Draft(state, { now: now(), ids: this.#ids, quotas, pools, secret }, EVERY_TENANT);
    while (this.#batch !== null) await this.#batch;
    const state = await catchUp(this.database.db, this.#state, begin, vault);
    if (state === this.#state) return;
    this.#state = state;
    this.#tell(state, []);
  }

  /** Rejects with the ProblemError of `run`, or with `storage-full`, `storage-failed`, `not-leading`, `too-busy`, `shutting-down`. */
  write<T>(write: Write<T>): Promise<Committed<T>> {
    return new Promise((resolve, failed) => {
      this.#enqueue({ stage: (base) => this.#stage(base, write, resolve), failed });
    });
  }

  /** What a write would do; nothing is kept. */
  preview<T>(tenantId: string, run: (draft: Draft) => T): T {
    return run(this.#draft(this.#state, tenantId));
  }

  /**
   * Writes rows that are not configuration, such as nodes and outcomes of operations, together with what the audit log
   * has of them. `persist` may run more than once.
   */
  record(persist: Staged['persist'], entries: readonly NewAuditEntry[] = []): Promise<void> {
    return new Promise((done, failed) => {
      const stage = (state: State): Staged => {
        // Only now: those of the writes before are less, so that whoever reads on from the last one misses none.
        const audit = entries.map((entry) => ({ ...entry, id: this.#ids.next('auditEntry') }));
        return { state, operation: null, changes: [], revision: () => null, persist, audit, done };
      };
      this.#enqueue({ stage, failed });
    });
  }

  /** Writes what was done, or refused, without a change of the configuration. */
  recordAudit(entries: readonly NewAuditEntry[]): Promise<void> {
    return this.record(async () => {}, entries);
  }

  /**
   * Reads what is not in memory. With one connection, it waits for the batch under way, so that it sees only what is
   * committed, and for none of those that follow; `query` may await nothing but the database then, which answers before
   * the next batch begins. Rejects with `storage-failed` when the database is away.
   */
  async read<T>(query: (db: Kysely<Database>) => Promise<T>): Promise<T> {
    if (this.database.oneConnection && this.#batch !== null) await this.#batch;
    try {
      return await query(this.database.db);
    } catch (error) {
      throw readProblem(this.database.failureOf(error), error);
    }
  }

  /**
   * Copies the database to a new SQLite file. With one connection, writes that come meanwhile wait. Rejects with the
   * error of the database, or that of the file.
   */
  copyTo(path: string): Promise<void> {
    if (!this.database.oneConnection) return this.database.copyTo(path);
    const copying = (async () => {
      while (this.#batch !== null) await this.#batch;
      await this.database.copyTo(path);
    })();
    this.#copying = copying;
    return copying.finally(() => {
      if (this.#copying === copying) this.#copying = null;
    });
  }

  /** Carries out what waits, and closes the database. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#draining !== null) await this.#draining;
    await this.database.close();
  }

  #enqueue(job: Job): void {
    if (this.#closed) {
      job.failed(new ProblemError('shutting-down', 'the control plane is stopping'));
    } else if (this.#queue.length >= QUEUE) {
      job.failed(new ProblemError('too-busy', `${QUEUE} writes are waiting`));
    } else {
      this.#queue.push(job);
      this.#draining ??= this.#drain();
    }
  }

  async #drain(): Promise<void> {
    do {
      // The requests that arrived together are all queued before the first is carried out, and reads have their turn:
      // SQLite answers within the call, so a read has ended before the next turn of the event loop.
      await new Promise<void>((resolve) => setImmediate(resolve));
      // Whoever asked for the copy hears of its failure.
      while (this.#copying !== null) await this.#copying.catch(() => {});
      this.#batch = this.#carryOut(this.#queue.splice(0, BATCH));
      await this.#batch;
      this.#batch = null;
    } while (this.#queue.length > 0);
    this.#draining = null;
  }

  /**
   * Writes of one transaction: when it fails because of one of them, each runs again in its own, so that only the guilty
   * one fails.
   */
  async #carryOut(jobs: readonly Job[]): Promise<void> {
    const refused: { job: Job; error: unknown }[] = [];
    const accepted: { job: Job; staged: Staged }[] = [];
    let state = this.#state;
    for (const job of jobs) {
      try {
        const staged = job.stage(state);
        accepted.push({ job, staged });
        state = staged.state;
      } catch (error) {
        refused.push({ job, error });
      }
    }
    state = settle(state);
    const started = performance.now();
    try {
      if (accepted.length > 0) await this.database.transaction((trx) => this.#persist(trx, accepted, state));
    } catch (error) {
      const failure = this.database.failureOf(error);
      if (failure === 'superseded' || failure === 'unknown') this.#options.superseded?.();
      // Those refused too: what they collided with may be what was not written.
      if (jobs.length > 1 && (failure === 'rule' || failure === 'full')) {
        for (const job of jobs) await this.#carryOut([job]);
      } else {
        for (const job of jobs) job.failed(storageProblem(failure, error));
      }
      return;
    }
    for (const { job, error } of refused) job.failed(error);
    if (accepted.length === 0) return;
    this.#state = state;
    this.#options.committed?.(performance.now() - started, accepted.length);
    const operations = accepted.flatMap(({ staged }) => staged.operation ?? []);
    if (operations.length > 0) this.#tell(state, operations);
    for (const { staged } of accepted) staged.done();
  }

  /** What is on the disk stays written, whatever becomes of telling it. */
  #tell(state: State, operations: readonly OperationRecord[]): void {
    for (const look of [...this.#awaited]) look();
    for (const listener of this.#listeners) {
      try {
        listener(state, operations);
      } catch (error) {
        this.#options.failed?.(error);
      }
    }
  }

  #stage<T>(base: State, write: Write<T>, done: (committed: Committed<T>) => void): Staged {
    const { tenantId = DEFAULT_TENANT.id, toldTo = tenantId } = write;
    const draft = this.#draft(base, tenantId);
    const value = write.run(draft);
    const state = this.#place(base, draft.proceed());
    const { changes } = draft;
    const id = this.#ids.next('operation');
    const operation = operationOf(id, toldTo, write.action, changes, state, draft.context.now);
    const author = write.author ?? authorNamed(write.actor);
    const committed = { value, generation: state.generation, operation };
    return {
      state,
      operation,
      changes,
      audit: entriesOf(changes, operation, author, write.requestId, this.#ids, [state, base]),
      done: () => done(committed),
      revision: () => revisionOf(write, operation, draft, this.#options.vault),
      persist: async (trx) => write.also?.(trx, committed),
    };
  }

  async #persist(
    trx: Transaction<Database>,
    accepted: readonly { readonly staged: Staged }[],
    next: State,
  ): Promise<void> {
    const { vault, auditKept = AUDIT_KEPT, now } = this.#options;
    const writes = accepted.map(({ staged }) => staged);
    const characters = await writeTogether(trx, writes, vault);
    for (const { persist } of writes) await persist(trx);
    const audit = writes.flatMap((write) => write.audit);
    await appendAudit(trx, audit);
    if (next !== this.#state) await writeState(trx, next, this.#state);
    if (next !== this.#state && this.database.followed) {
      const changes = writes.flatMap((write) => write.changes);
      await writeFeed(trx, this.#state.generation, next.generation, changes);
    }
    if (next.ticketKeys !== null && next.ticketKeys !== this.#state.ticketKeys) {
      await writeTicketKeys(trx, next.ticketKeys, vault);
    }
    const changing = writes.filter(({ operation }) => operation !== null);
    this.#trimmer.note(changing.length, characters, audit);
    await this.#trimmer.trimWhenDue(trx, now(), auditKept, this.database.followed ? next.generation : null);
  }

  #draft(base: State, tenantId: string): Draft {
    const { pools, now, secret, deletions } = this.#options;
    const quotas = quotasOf(this.#options.quotas, base, tenantId);
    return new Draft(base, { now: now(), ids: this.#ids, quotas, pools, secret, deletions }, tenantId);
  }
}
