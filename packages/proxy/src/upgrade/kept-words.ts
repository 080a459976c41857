import type { RequestRecord } from '../telemetry/request-record.ts';

/** The spans of a record, each by the names of its two ends. */
const SPANS = [
  ['methodStart', 'methodEnd'],
  ['targetStart', 'targetEnd'],
  ['hostStart', 'hostEnd'],
  ['agentStart', 'agentEnd'],
  ['refererStart', 'refererEnd'],
  ['requestIdStart', 'requestIdEnd'],
] as const satisfies readonly (readonly [keyof RequestRecord, keyof RequestRecord])[];

/**
 * The words of a request that the access log wants when its tunnel ends: in memory of just their size, as a tunnel may
 * last for days and must not hold one of the worker's buffers.
 */
export class KeptWords {
  readonly #bytes: Uint8Array;
  readonly #lengths: Uint16Array;

  /** Copies what the record's spans of `memory` hold. */
  constructor(record: RequestRecord, memory: Uint8Array) {
    this.#lengths = Uint16Array.from(SPANS, ([start, end]) => record[end] - record[start]);
    this.#bytes = new Uint8Array(this.#lengths.reduce((sum, length) => sum + length, 0));
    let at = 0;
    for (const [start, end] of SPANS) {
      this.#bytes.set(memory.subarray(record[start], record[end]), at);
      at += record[end] - record[start];
    }
  }

  /** Lays the words down at memory[at], where there is room for a head, and has the record's spans point there. */
  layDown(record: RequestRecord, memory: Uint8Array, at: number): void {
    memory.set(this.#bytes, at);
    record.clearSpans();
    SPANS.forEach(([start, end], index) => {
      record[start] = at;
      at += this.#lengths[index]!;
      record[end] = at;
    });
  }
}
