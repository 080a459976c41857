/** A connection that owes its worker a head, or a handshake. A link of a list, so that neither coming nor going costs a search. */
export interface AwaitedHead {
  beforeInWait: AwaitedHead | null;
  afterInWait: AwaitedHead | null;
  /** It is one of the list. */
  inWait: boolean;
  /** It has waited longest of too many, and goes. */
  giveUpWaiting(): void;
}

/**
 * The connections of a worker that have not said yet what they want, oldest first. They may hold so many places and no
 * more: beyond that, each new one costs the oldest its place, so that those who never finish make room for those who do.
 */
export class WaitingHeads {
  count = 0;
  readonly #most: () => number;
  #oldest: AwaitedHead | null = null;
  #newest: AwaitedHead | null = null;

  /** `most`: how many places there are now. */
  constructor(most: () => number) {
    this.#most = most;
  }

  add(head: AwaitedHead): void {
    if (head.inWait) return;
    if (this.count >= this.#most()) {
      const oldest = this.#oldest;
      if (oldest !== null) {
        this.remove(oldest);
        oldest.giveUpWaiting();
      }
    }
    head.inWait = true;
    head.beforeInWait = this.#newest;
    head.afterInWait = null;
    if (this.#newest === null) this.#oldest = head;
    else this.#newest.afterInWait = head;
    this.#newest = head;
    this.count++;
  }

  /** It has said what it wants, or is gone. */
  remove(head: AwaitedHead): void {
    if (!head.inWait) return;
    head.inWait = false;
    if (head.beforeInWait === null) this.#oldest = head.afterInWait;
    else head.beforeInWait.afterInWait = head.afterInWait;
    if (head.afterInWait === null) this.#newest = head.beforeInWait;
    else head.afterInWait.beforeInWait = head.beforeInWait;
    head.beforeInWait = null;
    head.afterInWait = null;
    this.count--;
  }
}
