import { escapeBytes } from '@evenkeel/model/plan/escaped-bytes.ts';
import { BYTES_SHOWN, EXCHANGES_KEPT, type ProbeExchange } from '@evenkeel/model/plan/evidence.ts';
import type { ProbeOutcome } from './outcome.ts';

/** Bytes that are kept of the answers of one target: heads of ten usual ones. */
const BYTES_KEPT = 2_048;

/** Columns of `#times`, in milliseconds; NaN: did not happen. */
const AT = 0;
const CONNECT = 1;
const FIRST_BYTE = 2;
const TOTAL = 3;
const COLUMNS = 4;

/**
 * The last exchanges with one target: rings of numbers, and a ring of bytes in which answers lie one behind the other,
 * so that writing one down allocates nothing. The bytes are there from the first answer on; a check that only connects
 * has none. Memory for each target: some 600 bytes, and 2 KiB with answers.
 */
export class ProbeHistory {
  readonly #times = new Float64Array(EXCHANGES_KEPT * COLUMNS);
  readonly #outcomes: (ProbeOutcome | null)[] = new Array(EXCHANGES_KEPT).fill(null);
  /** Bytes sent. */
  readonly #sent = new Uint32Array(EXCHANGES_KEPT);
  /** Bytes received, and of these how many were kept. */
  readonly #received = new Uint32Array(EXCHANGES_KEPT);
  readonly #kept = new Uint16Array(EXCHANGES_KEPT);
  readonly #reused = new Uint8Array(EXCHANGES_KEPT);
  /** Where the kept bytes begin, counted from the first byte that was ever kept. */
  readonly #start = new Float64Array(EXCHANGES_KEPT);
  #bytes: Uint8Array | null = null;
  #written = 0;
  #count = 0;
  #row = 0;
  #began = 0;

  /** Exchanges so far, the one under way included. */
  get count(): number {
    return this.#count;
  }

  /** @param now monotonic milliseconds @param wallTime Unix milliseconds */
  begin(now: number, wallTime: number): void {
    const row = this.#count++ % EXCHANGES_KEPT;
    this.#row = row;
    this.#began = now;
    const at = row * COLUMNS;
    this.#times[at + AT] = wallTime;
    this.#times[at + CONNECT] = Number.NaN;
    this.#times[at + FIRST_BYTE] = Number.NaN;
    this.#times[at + TOTAL] = Number.NaN;
    this.#outcomes[row] = null;
    this.#sent[row] = 0;
    this.#received[row] = 0;
    this.#kept[row] = 0;
    this.#reused[row] = 0;
    this.#start[row] = this.#written;
  }

  /** `reused`: the connection had been left open by an earlier probe. */
  connected(now: number, reused: boolean): void {
    this.#times[this.#row * COLUMNS + CONNECT] = now - this.#began;
    this.#reused[this.#row] = reused ? 1 : 0;
  }

  sent(size: number): void {
    this.#sent[this.#row]! += size;
  }

  received(memory: Uint8Array, start: number, end: number, now: number): void {
    const row = this.#row;
    if (this.#received[row] === 0) this.#times[row * COLUMNS + FIRST_BYTE] = now - this.#began;
    this.#received[row]! += end - start;
    const wanted = Math.min(end - start, BYTES_SHOWN - (this.#kept[row] as number));
    if (wanted <= 0) return;
    this.#bytes ??= new Uint8Array(BYTES_KEPT);
    for (let i = 0; i < wanted; i++) this.#bytes[(this.#written + i) % BYTES_KEPT] = memory[start + i] as number;
    this.#written += wanted;
    this.#kept[row]! += wanted;
  }

  end(outcome: ProbeOutcome, now: number): void {
    this.#times[this.#row * COLUMNS + TOTAL] = now - this.#began;
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
    const sentBytes = this.#sent[row] as number;
    return {
      at: this.#times[row * COLUMNS + AT] as number,
      verdict: outcome.kind,
      reason: outcome.kind === 'failure' ? outcome.reason : '',
      rule: outcome.detail,
      connection: this.#reused[row] === 1 ? 'kept' : 'new',
      connect: this.#time(row, CONNECT),
      firstByte: this.#time(row, FIRST_BYTE),
      total: this.#time(row, TOTAL) ?? 0,
      sent: escapeBytes(request, 0, Math.min(sentBytes, request.length, BYTES_SHOWN)),
      sentBytes,
      received: this.#bytesOf(row),
      receivedBytes: this.#received[row] as number,
    };
  }

  #time(row: number, column: number): number | null {
    const time = this.#times[row * COLUMNS + column] as number;
    return Number.isNaN(time) ? null : Math.round(time * 1_000) / 1_000;
  }

  /** Empty when newer answers have taken the place. */
  #bytesOf(row: number): string {
    const [start, kept] = [this.#start[row] as number, this.#kept[row] as number];
    if (this.#bytes === null || kept === 0 || start < this.#written - BYTES_KEPT) return '';
    const bytes = new Uint8Array(kept);
    for (let i = 0; i < kept; i++) bytes[i] = this.#bytes[(start + i) % BYTES_KEPT] as number;
    return escapeBytes(bytes, 0, kept);
  }
}
