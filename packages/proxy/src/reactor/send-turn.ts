import type { Paced, Pacer } from './pacer.ts';

/** Whose bytes go out at a pace. */
export interface Sender {
  readonly clock: { readonly now: number };
  /** What has not been given to the system yet: bytes, and the buffers that they are in. */
  readonly queue: { readonly bytes: number; readonly buffers: number };
  /** It may send; called outside of any call by protocol code. */
  wake(): void;
}

/** Whoever is in line with more buffers than this has enough, however little is in each. */
const ENOUGH_BUFFERS = 6;

/** What one connection may send by its pacer. Made when it first has to ask one that limits. */
export class SendTurn implements Paced {
  /** Milliseconds for which it was kept from sending, until it was last granted something. */
  #heldBefore = 0;
  readonly #sender: Sender;
  #pacer: Pacer | null = null;
  /** Granted, and not sent yet. */
  #credit = 0;
  #isInLine = false;
  #since = 0;

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  get heldBack(): number {
    return this.#heldBefore + (this.#isInLine ? this.#sender.clock.now - this.#since : 0);
  }

  get waitingToSend(): number {
    return this.#sender.queue.bytes;
  }

  get waitingBuffers(): number {
    return this.#sender.queue.buffers;
  }

  /** It is in line, with as much as it may send at its turn. */
  get isSated(): boolean {
    const pacer = this.#pacer;
    if (!this.#isInLine || pacer === null) return false;
    const { bytes, buffers } = this.#sender.queue;
    return bytes >= pacer.enough || buffers > ENOUGH_BUFFERS;
  }

  /** How many of `bytes` may be given to the system now; 0: `wake` is called when there are some. */
  allowed(pacer: Pacer, bytes: number): number {
    if (this.#isInLine) return 0;
    if (this.#credit === 0) {
      this.#credit = pacer.ask(this, bytes);
      this.#pacer = pacer;
    }
    if (this.#credit === 0) {
      this.#isInLine = true;
      this.#since = this.#sender.clock.now;
    }
    return Math.min(this.#credit, bytes);
  }

  granted(bytes: number): void {
    this.#heldBefore = this.heldBack;
    this.#isInLine = false;
    this.#credit = bytes;
    this.#sender.wake();
  }

  /** The system has taken so many bytes; `isAll`: nothing is left to be sent. */
  taken(bytes: number, isAll: boolean): void {
    this.#credit = Math.max(0, this.#credit - bytes);
    if (isAll) this.giveBack();
  }

  /** What it will not send is for others. */
  giveBack(): void {
    if (this.#credit > 0) this.#pacer?.giveBack(this.#credit);
    this.#credit = 0;
  }
}
