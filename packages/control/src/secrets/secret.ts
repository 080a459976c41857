/**
 * A text that shows nowhere by accident: not in JSON, in a log line, in an inspected object. Who needs it says so by
 * `reveal`. One that was read from the database stays sealed in memory too, and is opened each time that it is revealed.
 */
export class Secret {
  readonly #reveal: () => string;

  /** Of a text, or of what opens it. */
  constructor(text: string | (() => string)) {
    this.#reveal = typeof text === 'string' ? () => text : text;
  }

  reveal(): string {
    return this.#reveal();
  }

  equals(other: unknown): boolean {
    return this === other || (other instanceof Secret && other.reveal() === this.reveal());
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }
}
