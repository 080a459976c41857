import type { ProbeOutcome } from '../../health/outcome.ts';
import { ResponseHeadReader } from '../../health/response-head.ts';
import type { AnswerReader } from './answer.ts';

type Ranges = readonly (readonly [number, number])[];

/** The head of an HTTP/1 response, whose status code has to be among those that count as success. */
export class HttpAnswer implements AnswerReader {
  whole = false;
  readonly #ranges: Ranges;
  readonly #bodiless: boolean;
  /** By status code. */
  readonly #outcomes = new Map<number, ProbeOutcome>();
  readonly #head = new ResponseHeadReader();

  /** `bodiless`: the answer to HEAD. */
  constructor(ranges: Ranges, bodiless: boolean) {
    this.#ranges = ranges;
    this.#bodiless = bodiless;
  }

  reset(): void {
    this.whole = false;
    this.#head.reset();
  }

  read(bytes: Uint8Array, start: number, end: number): ProbeOutcome | null {
    const progress = this.#head.read(bytes, start, end);
    switch (progress.kind) {
      case 'more':
        return null;
      case 'malformed':
        return { kind: 'failure', reason: 'RESPONSE_FORMAT_ERROR', detail: progress.detail };
      case 'complete':
        this.whole = this.#head.persists && this.#head.headEnd + this.#bodyLength(progress.status) === end;
        return this.#judge(progress.status);
    }
  }

  reply(): null {
    return null;
  }

  ended(): null {
    return null;
  }

  /** NaN: not certain. A body in pieces is not waited for: the next probe makes a connection of its own. */
  #bodyLength(status: number): number {
    // A connection that has switched protocols carries no other answer (RFC 9110 section 15.2.2).
    if (status === 101) return Number.NaN;
    if (this.#bodiless || status === 204 || status === 304) return 0;
    const { bodyLength } = this.#head;
    return bodyLength < 0 ? Number.NaN : bodyLength;
  }

  #judge(status: number): ProbeOutcome {
    const known = this.#outcomes.get(status);
    if (known !== undefined) return known;
    const good = this.#ranges.some(([low, high]) => status >= low && status <= high);
    const detail = `status ${status} is ${good ? '' : 'not '}one of ${describe(this.#ranges)}`;
    const outcome: ProbeOutcome = good
      ? { kind: 'success', detail }
      : { kind: 'failure', reason: 'HTTP_CODE_MISMATCH', detail };
    this.#outcomes.set(status, outcome);
    return outcome;
  }
}

function describe(ranges: Ranges): string {
  return ranges.map(([low, high]) => (low === high ? `${low}` : `${low}–${high}`)).join(', ');
}
