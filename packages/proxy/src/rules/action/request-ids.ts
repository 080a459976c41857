import { randomBytes } from 'node:crypto';

/** Names for requests that came without one: 32 hexadecimal digits, of which half tell workers apart. */
export class RequestIds {
  readonly #worker: string;
  #count = 0n;

  /** `worker`: 16 hexadecimal digits that no other worker has. */
  constructor(worker: string = randomBytes(8).toString('hex')) {
    this.#worker = worker;
  }

  next(): string {
    this.#count++;
    return this.#worker + this.#count.toString(16).padStart(16, '0');
  }
}
