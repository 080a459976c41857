import { createHash } from 'node:crypto';

/**
 * A text that shows nowhere by accident: not in JSON, in a log line, in an inspected object. Who needs it says so by
 * `reveal`. Two secrets with the same digest are equal, as records are compared.
 */
export class Secret {
  readonly digest: string;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    this.digest = createHash('sha256').update(text).digest('base64url');
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }
}
