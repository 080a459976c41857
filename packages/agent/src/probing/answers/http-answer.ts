import type { ProbeOutcome } from '../../health/outcome.ts';
import { ResponseHeadReader } from '../../health/response-head.ts';
import type { AnswerReader } from './answer.ts';

type Ranges = readonly (readonly [number, number])[];

/** The head of an HTTP/1 response, whose status code has to be among those that count as success. */
export class HttpAnswer implements AnswerReader {
  readonly #ranges: Ranges;
  /** By status code. */
  readonly #outcomes = new Map<number, ProbeOutcome>();
  #head = new ResponseHeadReader();

  constructor(ranges: Ranges) {
    this.#ranges = ranges;
  }

  reset(): void {
    if (this.#head.started) this.#head = new ResponseHeadReader();
  }

  read(bytes: Uint8Array, start: number, end: number): ProbeOutcome | null {
    const progress = this.#head.read(bytes, start, end);
    switch (progress.kind) {
      case 'more':
        return null;
      case 'malformed':
        return { kind: 'failure', reason: 'RESPONSE_FORMAT_ERROR', detail: progress.detail };
      case 'complete':
        return this.#judge(progress.status);
    }
  }

  reply(): null {
    return null;
  }

  ended(): null {
    return null;
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
