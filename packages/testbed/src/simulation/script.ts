import { BUFFER_SIZE, NO_BUFFER } from '@evenkeel/proxy/reactor/arena.ts';
import type { Connection, Reactor, Timer } from '@evenkeel/proxy/reactor/reactor.ts';

/** Bytes to send, milliseconds to wait, or something to do. */
export type Step = Uint8Array | number | (() => void);

/** More than this is not queued on a connection at once, in bytes. */
const QUEUED_AT_MOST = 24 * 1024;

/** How soon to try again when no buffer is free, in milliseconds. */
const RETRY = 5;

/** Carries out what one side of a connection has to say, step by step, as fast as the connection takes it. */
export class Script {
  readonly #reactor: Reactor;
  readonly #connection: Connection;
  readonly #steps: Step[] = [];
  #sent = 0;
  #timer: Timer | null = null;
  #held = false;
  #over = false;

  constructor(reactor: Reactor, connection: Connection) {
    this.#reactor = reactor;
    this.#connection = connection;
  }

  /** Nothing is left to do. */
  get idle(): boolean {
    return this.#steps.length === 0;
  }

  add(...steps: readonly Step[]): void {
    if (this.#over) return;
    this.#steps.push(...steps);
    this.pump();
  }

  /** Does nothing more until `go`; for use inside of a step. */
  hold(): void {
    this.#held = true;
  }

  go(): void {
    this.#held = false;
    this.pump();
  }

  /** Forgets what is left; nothing can be added any more. */
  stop(): void {
    this.#over = true;
    this.#steps.length = 0;
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Goes on; call it in `onSent`. */
  pump(): void {
    while (this.#timer === null && !this.#held) {
      const step = this.#steps[0];
      if (step === undefined) return;
      if (step instanceof Uint8Array) {
        if (!this.#send(step)) return;
      } else {
        this.#steps.shift();
        if (typeof step === 'number') this.#wait(step);
        else step();
      }
    }
  }

  /** Sends what fits of a step; false when the rest has to wait. */
  #send(bytes: Uint8Array): boolean {
    const { arena } = this.#reactor;
    while (this.#sent < bytes.length) {
      if (this.#connection.unsent >= QUEUED_AT_MOST) return false;
      const buffer = arena.acquire();
      if (buffer === NO_BUFFER) {
        this.#wait(RETRY);
        return false;
      }
      const piece = bytes.subarray(this.#sent, this.#sent + BUFFER_SIZE);
      const start = arena.base(buffer);
      arena.memory.set(piece, start);
      this.#sent += piece.length;
      this.#connection.send(buffer, start, start + piece.length);
    }
    this.#steps.shift();
    this.#sent = 0;
    return true;
  }

  #wait(milliseconds: number): void {
    this.#timer = this.#reactor.setTimer(milliseconds, () => {
      this.#timer = null;
      this.pump();
    });
  }
}
