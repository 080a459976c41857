import type { Paced, Pacer } from '../../reactor/pacer.ts';
import { type Reactor, TICK, type Timer } from '../../reactor/reactor.ts';
import { BandwidthWord } from './bandwidth-memory.ts';
import { ByteBucket } from './byte-bucket.ts';
import { Line } from './line.ts';

/** What a connection sends at its turn, in bytes: a segment at least, and no more than others should wait for. */
const LEAST_QUANTUM = 1_460;
const MOST_QUANTUM = 65_536;
/** A turn of one connection is this part of a second at most: one look at the line. */
const QUANTA_PER_SECOND = 1_000 / TICK;
/** So long a worker may be late without any bandwidth being lost, in seconds. */
const CAPACITY = 0.1;

/**
 * Keeps what a load balancer sends to clients to a rate, for all its connections on one worker; all workers of a node draw
 * on the same bucket. Connections that have to wait stand in line and send a quantum or more at each turn, so that each gets the
 * same share, whatever it sends. A worker draws as much of what is there as its part of all that are in line.
 *
 * One timer for all connections, and only while somebody waits. Invariant: a timer is set when the line is not empty.
 */
export class SendPacer implements Pacer {
  isLimited = false;
  readonly #reactor: Reactor;
  readonly #clockOffset: number;
  readonly #worker: number;
  readonly #line = new Line();
  #words: Int32Array | null = null;
  #bucket: ByteBucket | null = null;
  /** Bytes per second. */
  #rate = 0;
  #capacity = 0;
  #quantum = 0;
  /** Taken of the bucket for those in line, and not enough for the first of them yet. */
  #credit = 0;
  #timer: Timer | null = null;

  /** `clockOffset`: see shared-clock.ts; `worker`: which one this is. */
  constructor(reactor: Reactor, clockOffset: number, worker: number) {
    this.#reactor = reactor;
    this.#clockOffset = clockOffset;
    this.#worker = worker;
  }

  /** `rate` in bytes per second, with the memory that workers share; null: no limit, and whoever waits goes on. */
  follow(rate: number | null, words: Int32Array | null): void {
    if (words !== this.#words) {
      this.#leaveMemory();
      this.#words = words;
      this.#bucket = words === null ? null : new ByteBucket(words);
    }
    this.#rate = rate ?? 0;
    this.isLimited = rate !== null && words !== null;
    this.#quantum = Math.floor(Math.min(MOST_QUANTUM, Math.max(LEAST_QUANTUM, this.#rate / QUANTA_PER_SECOND)));
    this.#capacity = Math.floor(Math.max(2 * this.#quantum, this.#rate * CAPACITY));
    if (this.isLimited) this.#tellWaiting();
    else this.#letAllGo();
  }

  ask(paced: Paced, bytes: number): number {
    const bucket = this.#bucket;
    if (!this.isLimited || bucket === null) return bytes;
    const count = Math.min(bytes, this.#quantum);
    // Whoever comes behind somebody who waits, here or on another worker, waits too.
    if (this.#waitingEverywhere() === 0 && bucket.takeAll(count, this.#rate, this.#capacity, this.#now())) return count;
    this.#line.push(paced);
    this.#tellWaiting();
    this.#timer ??= this.#reactor.setTimer(TICK, () => this.#serve());
    return 0;
  }

  giveBack(bytes: number): void {
    if (this.isLimited) this.#bucket?.giveBack(bytes);
  }

  /** Takes the bytes of a datagram; false: there are none left, and it is lost, since datagrams do not wait. */
  takeDatagram(bytes: number): boolean {
    if (!this.isLimited || this.#bucket === null) return true;
    return this.#bucket.takeAll(Math.min(bytes, this.#capacity), this.#rate, this.#capacity, this.#now());
  }

  #serve(): void {
    this.#timer = null;
    const bucket = this.#bucket;
    if (!this.isLimited || bucket === null) return;
    const line = this.#line;
    const there = bucket.fill(this.#rate, this.#capacity, this.#now());
    const share = Math.ceil((there * line.length) / Math.max(line.length, this.#waitingEverywhere()));
    this.#credit += bucket.takeUpTo(share, this.#rate, this.#capacity, this.#now());
    // Each once, and of the same share: whoever has more to send gets in line again.
    const each = Math.max(this.#quantum, Math.floor(this.#credit / Math.max(1, line.length)));
    for (let left = line.length; left > 0; left--) {
      const wanted = line.first.waitingToSend;
      const count = Math.min(wanted, each);
      if (count > this.#credit) break;
      this.#credit -= count;
      const paced = line.shift();
      if (count > 0) paced.granted(count);
    }
    if (line.length === 0) {
      bucket.giveBack(this.#credit);
      this.#credit = 0;
    } else this.#timer = this.#reactor.setTimer(TICK, () => this.#serve());
    this.#tellWaiting();
  }

  #letAllGo(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#credit = 0;
    for (const line = this.#line; line.length > 0; ) {
      const paced = line.shift();
      const count = paced.waitingToSend;
      if (count > 0) paced.granted(count);
    }
    this.#tellWaiting();
  }

  #tellWaiting(): void {
    if (this.#words !== null) Atomics.store(this.#words, BandwidthWord.waiting + this.#worker, this.#line.length);
  }

  #leaveMemory(): void {
    if (this.#words === null) return;
    Atomics.store(this.#words, BandwidthWord.waiting + this.#worker, 0);
    this.#bucket?.giveBack(this.#credit);
    this.#credit = 0;
  }

  #waitingEverywhere(): number {
    const words = this.#words;
    let waiting = 0;
    if (words === null) return waiting;
    for (let at: number = BandwidthWord.waiting; at < words.length; at++) waiting += Atomics.load(words, at);
    return waiting;
  }

  #now(): number {
    return this.#reactor.now + this.#clockOffset;
  }
}
