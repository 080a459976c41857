import { DESCRIPTORS_PER_MESSAGE, DescriptorMessages } from '../reactor/ffi/descriptor-messages.ts';
import { close } from '../reactor/ffi/libc.ts';

/** Messages that are taken out at a time; a bound, should somebody else write into the queue. */
const MOST_MESSAGES = 10_000;

/**
 * Listening sockets that outlive this process: each lies as a message in a queue between two ends that the supervisor
 * keeps open and never reads. What is saved is one generation of messages, put behind the one before it, which is taken
 * out only then: whenever this process is killed, a whole generation is in the queue. The next process restores it.
 */
export class SocketHold {
  readonly #readEnd: number;
  readonly #writeEnd: number;
  readonly #messages = new DescriptorMessages();
  #generation = 0;
  /** Messages in the queue. */
  #queued = 0;
  #held = 0;

  /** Descriptors of the two ends. */
  constructor(readEnd: number, writeEnd: number) {
    this.#readEnd = readEnd;
    this.#writeEnd = writeEnd;
  }

  /** Sockets that are held now. */
  get held(): number {
    return this.#held;
  }

  /** Takes what is held, as descriptors of this process, and empties the queue. To be saved again at once. */
  restore(): number[] {
    const generations = new Map<number, { size: number; readonly descriptors: number[] }>();
    this.#queued = 0;
    for (let read = 0; read < MOST_MESSAGES; read++) {
      const message = this.#messages.receive(this.#readEnd);
      if (message === null) break;
      const [generation, size] = message.label;
      const known = generations.get(generation) ?? { size, descriptors: [] };
      generations.set(generation, known);
      known.descriptors.push(...message.descriptors);
      this.#generation = Math.max(this.#generation, generation);
    }
    let newest: readonly number[] = [];
    for (const [, { size, descriptors }] of [...generations].sort(([a], [b]) => a - b)) {
      const whole = descriptors.length === size;
      for (const descriptor of whole ? newest : descriptors) close(descriptor);
      if (whole) newest = descriptors;
    }
    this.#held = 0;
    return [...newest];
  }

  /**
   * Holds these sockets, and no others. Returns null, or why not all of them can be held (EAGAIN: the queue is full;
   * ETOOMANYREFS: more than this user may have); then those before are still held, with as many of these as there is room for.
   */
  save(descriptors: readonly number[]): string | null {
    this.#generation++;
    const messages: (readonly number[])[] = [];
    for (let at = 0; at < descriptors.length; at += DESCRIPTORS_PER_MESSAGE) {
      messages.push(descriptors.slice(at, at + DESCRIPTORS_PER_MESSAGE));
    }
    if (messages.length === 0) messages.push([]);
    for (const part of messages) {
      const problem = this.#messages.send(this.#writeEnd, {
        label: [this.#generation, descriptors.length],
        descriptors: part,
      });
      if (problem !== null) return problem;
      this.#queued++;
    }
    this.#dropOldest(this.#queued - messages.length);
    this.#held = descriptors.length;
    return null;
  }

  #dropOldest(count: number): void {
    for (let read = 0; read < count; read++) {
      const message = this.#messages.receive(this.#readEnd);
      this.#queued--;
      for (const descriptor of message?.descriptors ?? []) close(descriptor);
    }
  }
}
