import type { Paced } from '../../reactor/pacer.ts';

/**
 * The datagrams of a load balancer on one worker among those who wait: all of them are one in line, so that they take no
 * more from connections than any connection does. Those for which nothing is left are lost, and what they would have
 * needed is what is asked for.
 *
 * Invariant: whatever is in line wants something.
 */
export class DatagramTurn implements Paced {
  isInLine = false;
  /** None waits anywhere. */
  readonly waitingBuffers = 0;
  /** Granted, and not sent yet. */
  #credit = 0;
  #wanted = 0;

  get waitingToSend(): number {
    return this.#wanted;
  }

  /** Takes so many bytes of what was granted; false: there are not as many. */
  take(bytes: number): boolean {
    if (this.#credit < bytes) return false;
    this.#credit -= bytes;
    return true;
  }

  /** So many bytes are lost now, and are to be granted for others to come: up to `most` (>= bytes) at a time. */
  want(bytes: number, most: number): void {
    this.#wanted = Math.min(this.#wanted + bytes, Math.max(bytes, most - this.#credit));
  }

  granted(bytes: number): void {
    this.#credit += bytes;
    this.#wanted = 0;
    this.isInLine = false;
  }
}
