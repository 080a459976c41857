import { escapeBytes } from '@evenkeel/model/plan/escaped-bytes.ts';
import { BYTES_SHOWN, EXCHANGES_KEPT, type ProbeExchange } from '@evenkeel/model/plan/evidence.ts';
import type { ProbeOutcome } from './outcome.ts';

/** Bytes that are kept of the answers of one target, a power of two: heads of ten usual ones. */
const BYTES_KEPT = 2_048;

/** Columns of `#cells`: times in milliseconds, of which NaN did not happen … */
const AT = 0;
const CONNECT = 1;
const FIRST_BYTE = 2;
const TOTAL = 3;
/** … bytes sent and received, and how many of the latter were kept … */
const SENT = 4;
const RECEIVED = 5;
const KEPT = 6;
/** … where those begin, counted from the first byte that was ever kept … */
const START = 7;
/** … and 1 when the connection had been left open by an earlier probe. */
const REUSED = 8;
const COLUMNS = 9;

/**
 * The last exchanges with one target: a ring of rows of numbers, and a ring of bytes in which answers lie one behind the
 * other, so that writing one down allocates nothing and touches little memory, which is cold for each of thousands of
 * targets. The bytes are there from the first answer on; a check that only connects has none. Memory for each target:
 * some 900 bytes, and 2 KiB with answers.
 */
export class ProbeHistory {
  readonly #cells = new Float64Array(EXCHANGES_KEPT * COLUMNS);
  readonly #outcomes: (ProbeOutcome | null)[] = new Array(EXCHANGES_KEPT).fill(null);
  #bytes: Uint8Array | null = null;
  #written = 0;
  #count = 0;
  /** The row of the exchange under way, and where it begins in `#cells`. */
  #row = 0;
  #base = 0;
  #began = 0;

  /** Exchanges so far, the one under way included. */
  get count(): number {
    return this.#count;
  }

  /** @param now monotonic milliseconds @param wallTime Unix milliseconds */
  begin(now: number, wallTime: number): void {
    const row = this.#count++ % EXCHANGES_KEPT;
    const base = row * COLUMNS;
    const cells = this.#cells;
    this.#row = row;
    this.#base = base;
    this.#began = now;
    this.#outcomes[row] = null;
    cells[base + AT] = wallTime;
    cells[base + CONNECT] = Number.NaN;
    cells[base + FIRST_BYTE] = Number.NaN;
    cells[base + TOTAL] = Number.NaN;
    cells[base + SENT] = 0;
    cells[base + RECEIVED] = 0;
    cells[base + KEPT] = 0;
    cells[base + START] = this.#written;
    cells[base + REUSED] = 0;
  }

  /** `reused`: the connection had been left open by an earlier probe. */
  connected(now: number, reused: boolean): void {
    this.#cells[this.#base + CONNECT] = now - this.#began;
    this.#cells[this.#base + REUSED] = reused ? 1 : 0;
  }

  sent(size: number): void {
    this.#cells[this.#base + SENT]! += size;
  }

  received(memory: Uint8Array, start: number, end: number, now: number): void {
    const cells = this.#cells;
    const base = this.#base;
    if (cells[base + RECEIVED] === 0) cells[base + FIRST_BYTE] = now - this.#began;
    cells[base + RECEIVED]! += end - start;
    const wanted = Math.min(end - start, BYTES_SHOWN - (cells[base + KEPT] as number));
    if (wanted <= 0) return;
    const bytes = (this.#bytes ??= new Uint8Array(BYTES_KEPT));
    // By hand: a view of these few bytes costs more than moving them.
    const at = this.#written % BYTES_KEPT;
    for (let i = 0; i < wanted; i++) bytes[(at + i) & (BYTES_KEPT - 1)] = memory[start + i] as number;
    this.#written += wanted;
    cells[base + KEPT]! += wanted;
  }

  end(outcome: ProbeOutcome, now: number): void {
    this.#cells[this.#base + TOTAL] = now - this.#began;
    this.#outcomes[this.#row] = outcome;
  }

  /** The exchanges that have ended, the newest last. `request`: what each sends. */
  exchanges(request: Uint8Array): ProbeExchange[] {
    const shown: ProbeExchange[] = [];
    for (let index = Math.max(0, this.#count - EXCHANGES_KEPT); index < this.#count; index++) {
      const exchange = this.#exchange(index % EXCHANGES_KEPT, request);
      if (exchange !== null) shown.push(exchange);
    }
    return shown;
  }

  #exchange(row: number, request: Uint8Array): ProbeExchange | null {
    const outcome = this.#outcomes[row] ?? null;
    if (outcome === null) return null;
    const base = row * COLUMNS;
    const sentBytes = this.#cells[base + SENT] as number;
    return {
      at: this.#cells[base + AT] as number,
      verdict: outcome.kind,
      reason: outcome.kind === 'failure' ? outcome.reason : '',
      rule: outcome.detail,
      connection: this.#cells[base + REUSED] === 1 ? 'kept' : 'new',
      connect: this.#time(row, CONNECT),
      firstByte: this.#time(row, FIRST_BYTE),
      total: this.#time(row, TOTAL) ?? 0,
      sent: escapeBytes(request, 0, Math.min(sentBytes, request.length, BYTES_SHOWN)),
      sentBytes,
      received: this.#bytesOf(row),
      receivedBytes: this.#cells[base + RECEIVED] as number,
    };
  }

  #time(row: number, column: number): number | null {
    const time = this.#cells[row * COLUMNS + column] as number;
    return Number.isNaN(time) ? null : Math.round(time * 1_000) / 1_000;
  }

  /** Empty when newer answers have taken the place. */
  #bytesOf(row: number): string {
    const start = this.#cells[row * COLUMNS + START] as number;
    const kept = this.#cells[row * COLUMNS + KEPT] as number;
    if (this.#bytes === null || kept === 0 || start < this.#written - BYTES_KEPT) return '';
    const bytes = new Uint8Array(kept);
    for (let i = 0; i < kept; i++) bytes[i] = this.#bytes[(start + i) % BYTES_KEPT] as number;
    return escapeBytes(bytes, 0, kept);
  }
}
