import { createHmac, randomBytes } from 'node:crypto';
import { ProblemError } from '../problem.ts';
import { sourceKey } from './rate-limits.ts';

/** Slots of each table; a keyed hash chooses the slot, so that nobody can choose whom to share one with. */
const SLOTS = 65_536;
/** Failures that cost nothing. */
const FREE = 5;
/** Seconds that an attempt waits at most: of one name, of one source, of one device that has been logged in with. */
const LONGEST = { name: 60, source: 900, device: 900 } as const;
/** Milliseconds without a failure after which a slot counts from the beginning. */
const FORGOTTEN = 3_600_000;

type Kind = keyof typeof LONGEST;

/** Who tries to log in: a device that has done so before as that user, or somebody from somewhere. */
export type Attempt =
  | { readonly kind: 'device'; readonly device: string }
  | { readonly kind: 'stranger'; readonly name: string; readonly source: string };

/**
 * Makes guessing slow: after five failures, each doubles the time until the next attempt, by name and by source.
 *
 * Nobody can be locked out for good. An attempt before its time is refused without being counted, so it makes nothing
 * longer. A name waits a minute at most. And a browser that has logged in before has a cookie that says so: its attempts
 * are counted for that browser alone, and strangers who guess do not hold it up.
 *
 * The tables have a fixed size, and unknown names count as known ones do, so that the delay does not tell which there
 * are. Two names that fall into one slot share its delay; that is the cost of the bound.
 */
export class LockOut {
  readonly #now: () => number;
  readonly #key = randomBytes(32);
  readonly #tables = new Map<Kind, SlotTable>();

  /** `now` in Unix milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Refuses an attempt before its time, with `rate-limited`. */
  check(attempt: Attempt): void {
    const now = this.#now();
    const until = Math.max(
      ...Array.from(slotsOf(attempt), ([kind, text]) => this.#table(kind).until(this.#slot(text))),
    );
    if (until <= now) return;
    const seconds = Math.ceil((until - now) / 1_000);
    const detail = `there were too many attempts to log in; wait ${seconds} s`;
    throw new ProblemError('rate-limited', detail, { retryAfter: seconds });
  }

  failed(attempt: Attempt): void {
    for (const [kind, text] of slotsOf(attempt)) this.#table(kind).fail(this.#slot(text), this.#now(), LONGEST[kind]);
  }

  /**
   * The attempt, which counted as a failure until now, was none. The name, or the device, begins anew; the source does
   * not: it may have guessed others.
   */
  succeeded(attempt: Attempt): void {
    for (const [kind, text] of slotsOf(attempt)) {
      if (kind === 'source') this.#table(kind).forgive(this.#slot(text));
      else this.#table(kind).clear(this.#slot(text));
    }
  }

  /** Made when it is needed: most installations never see a password. */
  #table(kind: Kind): SlotTable {
    const known = this.#tables.get(kind);
    if (known !== undefined) return known;
    const table = new SlotTable();
    this.#tables.set(kind, table);
    return table;
  }

  #slot(text: string): number {
    return createHmac('sha256', this.#key).update(text).digest().readUInt16LE(0);
  }
}

function slotsOf(attempt: Attempt): [kind: Kind, text: string][] {
  if (attempt.kind === 'device') return [['device', attempt.device]];
  return [
    ['name', attempt.name],
    ['source', sourceKey(attempt.source)],
  ];
}

/** How often each slot has failed, and until when it waits. */
class SlotTable {
  readonly #failures = new Uint16Array(SLOTS);
  readonly #last = new Float64Array(SLOTS);
  readonly #until = new Float64Array(SLOTS);

  until(slot: number): number {
    return this.#until[slot]!;
  }

  fail(slot: number, now: number, longest: number): void {
    if (now - this.#last[slot]! > FORGOTTEN) this.#failures[slot] = 0;
    const failures = Math.min(this.#failures[slot]! + 1, 1_000);
    this.#failures[slot] = failures;
    this.#last[slot] = now;
    if (failures > FREE) this.#until[slot] = now + 1_000 * Math.min(2 ** (failures - FREE - 1), longest);
  }

  /** Takes the last failure back; whatever was waited for before it is over, or it would not have been let in. */
  forgive(slot: number): void {
    this.#failures[slot] = Math.max(0, this.#failures[slot]! - 1);
    this.#until[slot] = 0;
  }

  clear(slot: number): void {
    this.#failures[slot] = 0;
    this.#until[slot] = 0;
  }
}
