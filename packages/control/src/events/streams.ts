import { EVENT_LOG } from '@evenkeel/model/limits.ts';
import type { Caller } from '../access/identity.ts';
import { ProblemError } from '../problem.ts';
import type { EventRow } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { INSTALLATION, showEventRow } from './event.ts';
import { type EventFilters, eventRows } from './rows.ts';

/** Events that are read for a stream in one go, and sent before more are. */
const PAGE = 100;
/** Milliseconds: how often it is looked whether those who follow still may. */
const LOOK = 1_000;
/** Streams of all tenants. */
const STREAMS = 500;
/** Milliseconds after which a reader connects again that has lost the stream. */
const RECONNECT = 2_000;

export interface StreamOptions {
  readonly store: Pick<Store, 'read'>;
  /** Ends when the control plane stops. */
  readonly closing: AbortSignal;
  /** Milliseconds from comment to comment on a quiet stream. */
  readonly heartbeat?: number;
}

export interface Follower {
  readonly caller: Caller;
  /** Whether they may still follow: a token may end, a user may be disabled. */
  readonly stillMay: () => boolean;
  readonly filters: EventFilters;
  /** Where it goes on; null: with what happens next. */
  readonly after: string | null;
  /** Ends when the reader is gone. */
  readonly signal: AbortSignal;
}

interface Stream {
  readonly tenantIds: readonly string[];
  readonly caller: Caller;
  readonly stillMay: () => boolean;
  /** Another control plane goes on with it. */
  moved: boolean;
  /** There is something that it has not read yet. */
  dirty: boolean;
  wake: () => void;
}

/** The tenants whose events somebody sees: the one that is acted in, and the installation for who reaches all. */
export function visibleTo({ actingIn, reach }: Caller): readonly string[] {
  return reach === 'all' ? [actingIn, INSTALLATION] : [actingIn];
}

/**
 * Those who follow events. A stream holds no events: it knows the last one that it has sent and reads those that come
 * after it, a page at a time, when its reader has taken the one before. So a slow reader costs a cursor.
 */
export class EventStreams {
  readonly #options: StreamOptions;
  readonly #streams = new Set<Stream>();
  #watch: NodeJS.Timeout | null = null;
  /** The newest event that was written since the start: whatever comes later has a greater identifier. */
  #newest: string | null = null;

  constructor(options: StreamOptions) {
    this.#options = options;
    options.closing.addEventListener('abort', () => this.#wakeAll(), { once: true });
  }

  get size(): number {
    return this.#streams.size;
  }

  /** Ends them all: their readers go on at the control plane that leads now. */
  endAll(): void {
    for (const stream of this.#streams) {
      stream.moved = true;
      stream.wake();
    }
  }

  /** Wakes those whose tenants these events are of. */
  written(rows: readonly EventRow[]): void {
    this.#newest = rows.at(-1)?.id ?? this.#newest;
    const tenants = new Set(rows.map(({ tenant_id }) => tenant_id));
    for (const stream of this.#streams) {
      if (!stream.tenantIds.some((id) => tenants.has(id))) continue;
      stream.dirty = true;
      stream.wake();
    }
  }

  /** The texts of a stream (https://html.spec.whatwg.org/multipage/server-sent-events.html). Throws `too-busy`. */
  follow(follower: Follower): AsyncGenerator<string> {
    const { caller, stillMay } = follower;
    let own = 0;
    for (const stream of this.#streams) if (stream.caller.actingIn === caller.actingIn) own++;
    if (own >= EVENT_LOG.streams || this.#streams.size >= STREAMS) {
      const bound = own >= EVENT_LOG.streams ? `the tenant has ${own}` : `there are ${STREAMS}`;
      throw new ProblemError('too-busy', `${bound} streams of events already; close one, or list events instead`);
    }
    const stream: Stream = {
      tenantIds: visibleTo(caller),
      caller,
      stillMay,
      moved: false,
      dirty: true,
      wake: () => {},
    };
    this.#streams.add(stream);
    this.#watch ??= setInterval(() => this.#look(), LOOK).unref();
    return this.#texts(stream, follower);
  }

  async *#texts(stream: Stream, { filters, after, signal, stillMay }: Follower): AsyncGenerator<string> {
    const { store, closing, heartbeat = EVENT_LOG.heartbeat * 1_000 } = this.#options;
    const gone = () => stream.wake();
    signal.addEventListener('abort', gone, { once: true });
    try {
      yield `retry: ${RECONNECT}\n\n`;
      let last = after ?? (await this.#newestOfAll());
      if (after !== null && !(await this.#isKept(after, stream.tenantIds))) {
        yield `event: gap\ndata: ${JSON.stringify({ after })}\n\n`;
      }
      for (;;) {
        // The signal of a reader ends with the control plane, too.
        if (closing.aborted) return yield ended('shutting-down');
        if (signal.aborted) return;
        if (stream.moved) return yield ended('leader-moved');
        if (!stillMay()) return yield ended('token-ended');
        stream.dirty = false;
        const page = { tenantIds: stream.tenantIds, filters, order: 'asc', after: last, limit: PAGE } as const;
        // Before the page: what is written meanwhile may be missing from it.
        const newest = await this.#newestOfAll();
        const rows = await store.read((db) => eventRows(db, page));
        last = rows.at(-1)?.id ?? last;
        // There was no more up to here for this reader. Read anew it would be looked at for nothing with each event.
        if (rows.length < PAGE && newest > last) last = newest;
        if (rows.length > 0) {
          yield rows.map(textOf).join('');
        } else if (!stream.dirty && !(await this.#wait(stream, heartbeat, signal))) {
          yield ': heartbeat\n\n';
        }
      }
    } finally {
      signal.removeEventListener('abort', gone);
      this.#streams.delete(stream);
      if (this.#streams.size === 0 && this.#watch !== null) {
        clearInterval(this.#watch);
        this.#watch = null;
      }
    }
  }

  /** False when the time is up and nothing has happened. */
  #wait(stream: Stream, milliseconds: number, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted || this.#options.closing.aborted) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => end(false), milliseconds);
      const end = (happened: boolean) => {
        clearTimeout(timer);
        stream.wake = () => {};
        resolve(happened);
      };
      stream.wake = () => end(true);
    });
  }

  /** Wakes those that no longer may follow, so that they end. */
  #look(): void {
    for (const stream of this.#streams) if (!stream.stillMay()) stream.wake();
  }

  #wakeAll(): void {
    for (const stream of this.#streams) stream.wake();
  }

  /** The newest event that is written; empty: there is none. */
  async #newestOfAll(): Promise<string> {
    if (this.#newest !== null) return this.#newest;
    const row = await this.#options.store.read((db) =>
      db.selectFrom('event').select('id').orderBy('id', 'desc').limit(1).executeTakeFirst(),
    );
    return row?.id ?? '';
  }

  async #isKept(id: string, tenantIds: readonly string[]): Promise<boolean> {
    const row = await this.#options.store.read((db) =>
      db.selectFrom('event').select('id').where('id', '=', id).where('tenant_id', 'in', tenantIds).executeTakeFirst(),
    );
    return row !== undefined;
  }
}

function textOf(row: EventRow): string {
  return `id: ${row.id}\nevent: ${row.kind}\ndata: ${JSON.stringify(showEventRow(row))}\n\n`;
}

function ended(reason: 'token-ended' | 'leader-moved' | 'shutting-down'): string {
  return `event: end\ndata: ${JSON.stringify({ reason })}\n\n`;
}
