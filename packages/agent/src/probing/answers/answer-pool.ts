import type { PlannedHealthCheck } from '@evenkeel/model/plan/objects.ts';
import type { AnswerReader } from './answer.ts';
import { ExpectedAnswer } from './expected-answer.ts';
import { GrpcAnswer } from './grpc-answer.ts';
import { HttpAnswer } from './http-answer.ts';

/**
 * Readers for the answers to one check, as many as there were exchanges at a time. Taken in turns they stay in the
 * processor's cache, where one for each of thousands of targets would be cold every time.
 */
export class AnswerPool {
  readonly #make: () => AnswerReader;
  readonly #free: AnswerReader[] = [];

  constructor(make: () => AnswerReader) {
    this.#make = make;
  }

  /** A reader that has read nothing. */
  take(): AnswerReader {
    return this.#free.pop() ?? this.#make();
  }

  giveBack(reader: AnswerReader): void {
    reader.reset();
    this.#free.push(reader);
  }
}

/** Pools by check: targets that share the check share its pool. */
export class AnswerPools {
  readonly #pools = new WeakMap<PlannedHealthCheck, AnswerPool>();

  /** `expected`: the bytes that `expect` stands for. */
  poolFor(check: PlannedHealthCheck, expected: Uint8Array): AnswerPool {
    const known = this.#pools.get(check);
    if (known !== undefined) return known;
    const pool = new AnswerPool(() => readerFor(check, expected));
    this.#pools.set(check, pool);
    return pool;
  }
}

function readerFor(check: PlannedHealthCheck, expected: Uint8Array): AnswerReader {
  switch (check.protocol) {
    case 'tcp':
    case 'tls':
    case 'udp':
      return new ExpectedAnswer(expected);
    case 'http':
    case 'https':
      return new HttpAnswer(check.statusRanges, check.method === 'HEAD');
    case 'grpc':
    case 'grpcs':
      return new GrpcAnswer();
  }
}
