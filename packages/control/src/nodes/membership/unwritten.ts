import type { Transaction } from 'kysely';
import type { NewAuditEntry } from '../../audit/entry.ts';
import type { Database } from '../../store/schema.ts';
import type { Store } from '../../store/store.ts';

/** Something that is in force, and has yet to be on the disk. */
export interface Change {
  /** May run more than once. */
  readonly write: (trx: Transaction<Database>) => Promise<void>;
  /** For the same transaction. */
  readonly audit?: NewAuditEntry;
  /** It is on the disk. */
  readonly written?: () => void;
}

/**
 * What is in force at once, whether or not it can be written: a disk that is full must not keep a stolen node in. It
 * stays here until it is on the disk. Whoever asks for the same again writes it, and so does a timer. There is one change
 * at most of each node, join token and zone.
 */
export class Unwritten {
  readonly #store: Pick<Store, 'record'>;
  readonly #changes = new Map<string, Change>();
  #saving: Promise<void> | null = null;

  constructor(store: Pick<Store, 'record'>) {
    this.#store = store;
  }

  /** In place of what was to be written under that key. */
  add(key: string, change: Change): void {
    this.#changes.set(key, change);
  }

  has(key: string): boolean {
    return this.#changes.has(key);
  }

  /** What is on the disk is what counts from now on. */
  clear(): void {
    this.#changes.clear();
  }

  /** Resolves when all that was added before is on the disk. Rejects with the error of the store; it stays here then. */
  async save(): Promise<void> {
    // What is under way has begun before the last change, maybe; who waits for it hears of its failure.
    while (this.#saving !== null) await this.#saving.catch(() => {});
    if (this.#changes.size === 0) return;
    const saving = this.#write([...this.#changes]).finally(() => {
      this.#saving = null;
    });
    this.#saving = saving;
    await saving;
  }

  /** The same for a timer, which need not wait for what is under way. */
  async flush(): Promise<void> {
    if (this.#saving === null) await this.save();
  }

  /** In one transaction: the key of a zone is another one when its node is none any more, or neither is. */
  async #write(changes: readonly (readonly [string, Change])[]): Promise<void> {
    await this.#store.record(
      async (trx) => {
        for (const [, { write }] of changes) await write(trx);
      },
      changes.flatMap(([, { audit }]) => audit ?? []),
    );
    for (const [key, change] of changes) {
      if (this.#changes.get(key) === change) this.#changes.delete(key);
      change.written?.();
    }
  }
}
