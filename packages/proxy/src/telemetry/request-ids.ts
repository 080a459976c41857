import { randomBytes, randomInt } from 'node:crypto';
import { type AsciiSegment, asciiSegment } from './ascii-segment.ts';

/** Hexadecimal digits of a number in an identifier. */
export const ID_DIGITS = 16;

/**
 * Names for requests that came without one: 32 hexadecimal digits, of which half tell workers apart. A request is given a
 * number, and the text is made only for those who want it. Connections have numbers as well.
 */
export class RequestIds {
  /** What all texts begin with. */
  readonly prefix: AsciiSegment;
  readonly #worker: string;
  #requests = 0;
  /** Unlike those of other workers in all likelihood, and below 2^53. */
  #connections: number;

  /** `worker`: 16 hexadecimal digits, and `connections`: where numbers begin, that no other worker has. */
  constructor(worker: string = randomBytes(8).toString('hex'), connections: number = randomInt(2 ** 20) * 2 ** 32) {
    this.#worker = worker;
    this.#connections = connections;
    this.prefix = asciiSegment(worker);
  }

  /** A number that no request before had; never 0. */
  next(): number {
    return ++this.#requests;
  }

  text(id: number): string {
    return this.#worker + id.toString(16).padStart(ID_DIGITS, '0');
  }

  nextConnection(): number {
    return ++this.#connections;
  }
}
