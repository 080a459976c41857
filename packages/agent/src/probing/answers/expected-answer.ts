import { escapeBytes } from '@evenkeel/model/plan/escaped-bytes.ts';
import type { ProbeOutcome } from '../../health/outcome.ts';
import type { AnswerReader } from './answer.ts';

/** Bytes of an answer in which what is expected has to be. */
const READ = 4_096;

/** Any answer, or one with the expected bytes somewhere in its first 4 KiB. */
export class ExpectedAnswer implements AnswerReader {
  readonly whole = false;
  readonly #expected: Buffer;
  readonly #found: ProbeOutcome;
  #seen = Buffer.alloc(0);

  /** Empty: any answer will do. */
  constructor(expected: Uint8Array) {
    this.#expected = Buffer.from(expected);
    const detail = expected.length === 0 ? 'an answer came' : `the answer contains ${escapeBytes(expected)}`;
    this.#found = { kind: 'success', detail };
  }

  reset(): void {
    this.#seen = Buffer.alloc(0);
  }

  read(bytes: Uint8Array, start: number, end: number): ProbeOutcome | null {
    if (this.#expected.length === 0) return this.#found;
    const rest = bytes.subarray(start, Math.min(end, start + READ - this.#seen.length));
    this.#seen = Buffer.concat([this.#seen, rest]);
    if (this.#seen.includes(this.#expected)) return this.#found;
    return this.#seen.length < READ ? null : this.#mismatch(`the first ${READ} bytes of the answer do not contain`);
  }

  reply(): null {
    return null;
  }

  ended(): ProbeOutcome | null {
    return this.#seen.length === 0 ? null : this.#mismatch('the answer ended and does not contain');
  }

  #mismatch(what: string): ProbeOutcome {
    return { kind: 'failure', reason: 'RESPONSE_MISMATCH', detail: `${what} ${escapeBytes(this.#expected)}` };
  }
}
