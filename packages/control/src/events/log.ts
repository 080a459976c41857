import { EVENT_LOG } from '@evenkeel/model/limits.ts';
import type { Transaction } from 'kysely';
import type { Database, EventRow } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { type NewEvent, toEventRow } from './event.ts';
import { appendEvents, trimEvents } from './rows.ts';

/** Events that wait to be written; the next ones are lost, and counted. */
const WAITING = 10_000;
/** Milliseconds in which events gather that are written together, and until a write that failed is tried again. */
const GATHER = 100;
const RETRY = 1_000;
/** Events after which it is looked whether there are too many. */
const TRIM_EVERY = 256;

export interface EventLogOptions {
  readonly store: Pick<Store, 'record'>;
  /** Identifiers of events, each greater than those before it. */
  readonly nextId: () => string;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Told of what could not be written; it is tried again. */
  readonly failed: (error: unknown) => void;
  /** More rows for the transaction that writes the events. May run more than once. */
  readonly also: (trx: Transaction<Database>, rows: readonly EventRow[]) => Promise<void>;
}

export type EventListener = (rows: readonly EventRow[]) => void;

/**
 * The log of events. What is noticed waits in memory for a moment, is written together, and only then told to those
 * who follow: in the order of the identifiers, so that the last one that somebody has seen tells what they have not.
 */
export class EventLog {
  readonly #options: EventLogOptions;
  readonly #listeners: EventListener[] = [];
  #waiting: { readonly event: NewEvent; readonly at: number }[] = [];
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();
  #sinceTrim = TRIM_EVERY;
  #lost = 0;
  #stopped = false;

  constructor(options: EventLogOptions) {
    this.#options = options;
  }

  /** Events that were lost since the start, because too many waited, or another control plane leads. */
  get lost(): number {
    return this.#lost;
  }

  emit(event: NewEvent): void {
    if (this.#stopped || this.#waiting.length >= WAITING) {
      this.#lost++;
      return;
    }
    this.#waiting.push({ event, at: this.#options.now() });
    this.#schedule(GATHER);
  }

  onWritten(listener: EventListener): void {
    this.#listeners.push(listener);
  }

  /** Takes events again. */
  resume(): void {
    this.#stopped = false;
  }

  /** Another control plane writes from now on: what waits is lost, and what comes. */
  stop(): void {
    this.#stopped = true;
    this.#lost += this.#waiting.length;
    this.#waiting = [];
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Writes what waits, and resolves when it is on the disk. Rejects when it cannot be written; it is kept then. */
  flush(): Promise<void> {
    const mine = this.#writing.then(() => this.#write());
    this.#writing = mine.catch(() => {});
    return mine;
  }

  /** Writes what waits for the last time. */
  async close(): Promise<void> {
    await this.flush().catch(this.#options.failed);
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #schedule(milliseconds: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.flush().catch((error) => {
        this.#options.failed(error);
        if (!this.#stopped) this.#schedule(RETRY);
      });
    }, milliseconds).unref();
  }

  async #write(): Promise<void> {
    const { store, nextId, now, also } = this.#options;
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    const rows = waiting.map(({ event, at }) => toEventRow(event, nextId(), at));
    const trim = this.#sinceTrim + rows.length >= TRIM_EVERY;
    let written: readonly EventRow[] = [];
    await store.record(async (trx) => {
      written = await appendEvents(trx, rows);
      await also(trx, written);
      if (trim) await trimEvents(trx, now(), EVENT_LOG);
    });
    // More may have come meanwhile; those that were written are the first.
    if (this.#waiting === waiting) this.#waiting = waiting.slice(rows.length);
    this.#sinceTrim = trim ? 0 : this.#sinceTrim + rows.length;
    for (const listener of this.#listeners) {
      try {
        listener(written);
      } catch (error) {
        this.#options.failed(error);
      }
    }
  }
}
