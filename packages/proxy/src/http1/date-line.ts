import type { Arena, StaticRange } from '../reactor/arena.ts';
import type { Reactor } from '../reactor/reactor.ts';
import { copyWithin } from './copy.ts';

/** An IMF-fixdate has always as many characters (RFC 9110 section 5.6.7). */
const FORM = 'Sun, 06 Nov 1994 08:49:37 GMT';

/** A `Date` that says nothing yet, as long as one that does: for heads that are laid down before they are sent. */
export const UNDATED = `Date: ${' '.repeat(FORM.length)}\r\n`;

/** Bytes of a `Date` with its line end. */
export const DATE_LINE_SIZE = UNDATED.length;

/**
 * The `Date` of what is sent now, as a line of memory that is written once for each second in which somebody asks. It is
 * as late as the reactor's turn at most.
 */
export class DateLine {
  readonly #memory: Uint8Array;
  readonly #clock: Pick<Reactor, 'wallTime'>;
  readonly #range: StaticRange;
  #second = -1;

  constructor(arena: Pick<Arena, 'memory' | 'intern'>, clock: Pick<Reactor, 'wallTime'>) {
    this.#memory = arena.memory;
    this.#clock = clock;
    this.#range = arena.intern(Buffer.from(UNDATED, 'latin1'));
  }

  /** Where it lies. */
  get now(): StaticRange {
    const second = Math.floor(this.#clock.wallTime / 1_000);
    if (second !== this.#second) this.#write(second);
    return this.#range;
  }

  /** Puts it in the place of an undated one, at memory[at]. */
  stamp(at: number): void {
    const { start, end } = this.now;
    copyWithin(this.#memory, at, start, end);
  }

  #write(second: number): void {
    this.#second = second;
    const text = `Date: ${new Date(second * 1_000).toUTCString()}\r\n`;
    for (let i = 0; i < text.length; i++) this.#memory[this.#range.start + i] = text.charCodeAt(i);
  }
}
