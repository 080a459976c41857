import { WheelEntry } from './timer-wheel.ts';

/** The deadline of a connection. */
export class Deadline extends WheelEntry {
  readonly #connection: { deadlinePassed(): void };

  constructor(connection: { deadlinePassed(): void }) {
    super();
    this.#connection = connection;
  }

  expire(): void {
    this.#connection.deadlinePassed();
  }
}
