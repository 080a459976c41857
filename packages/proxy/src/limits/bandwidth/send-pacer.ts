import type { Paced, Pacer } from '../../reactor/pacer.ts';
import { type Reactor, TICK, type Timer } from '../../reactor/reactor.ts';
import { BandwidthWord } from './bandwidth-memory.ts';
import { ByteBucket } from './byte-bucket.ts';
import { DatagramTurn } from './datagram-turn.ts';
import { Line } from './line.ts';
import type { LineMemory } from './line-memory.ts';

/** What a connection sends at its turn, in bytes: a segment at least, and no more than others should wait for. */
const LEAST_QUANTUM = 1_460;
const MOST_QUANTUM = 65_536;
/** A turn of one connection is this part of a second at most: one look at the line. */
const QUANTA_PER_SECOND = 1_000 / TICK;
/** So long a worker may be late without any bandwidth being lost, in seconds. */
const CAPACITY = 0.1;
/** After so many looks at the line, what those in it keep is counted again. */
const LOOKS_PER_COUNT = 8;

/**
 * Keeps what a load balancer sends to clients to a rate, for all its connections on one worker; all workers of a node draw
 * on the same bucket. Connections that have to wait stand in line and send a quantum or more at each turn, so that each gets the
 * same share, whatever it sends. A worker draws as much of what is there as its part of all that are in line, and
 * everything when so much is there that another worker cannot have drawn its part for a while.
 *
 * One timer for all connections, and only while somebody waits. Invariant: a timer is set when the line is not empty.
 */
export class SendPacer implements Pacer {
  isLimited = false;
  readonly #reactor: Reactor;
  readonly #clockOffset: number;
  readonly #worker: number;
  readonly #memory: LineMemory;
  readonly #line: Line;
  readonly #datagrams = new DatagramTurn();
  #words: Int32Array | null = null;
  #bucket: ByteBucket | null = null;
  /** Bytes per second. */
  #rate = 0;
  #capacity = 0;
  #quantum = 0;
  /** Taken of the bucket for those in line, and not enough for the first of them yet. */
  #credit = 0;
  #timer: Timer | null = null;
  #looks = 0;

  /** `clockOffset`: see shared-clock.ts; `worker`: which one this is; `memory`: of all its lines. */
  constructor(reactor: Reactor, clockOffset: number, worker: number, memory: LineMemory) {
    this.#reactor = reactor;
    this.#clockOffset = clockOffset;
    this.#worker = worker;
    this.#memory = memory;
    this.#line = new Line(memory);
  }

  /** Those in line keep as many buffers as they may: nothing new should be begun that would have to wait as well. */
  get isFull(): boolean {
    return this.isLimited && this.#memory.isFull(this.#line.buffers);
  }

  get enough(): number {
    if (!this.#memory.isFull(2 * this.#line.buffers)) return this.#quantum;
    return this.isFull ? 1 : LEAST_QUANTUM;
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
    this.#stand(paced);
    return 0;
  }

  giveBack(bytes: number): void {
    if (this.isLimited) this.#bucket?.giveBack(bytes);
  }

  /**
   * Takes the bytes of a datagram; false: there are none left, and it is lost, since datagrams do not wait. While somebody
   * waits they have no more than what the line grants to all of them.
   */
  takeDatagram(bytes: number): boolean {
    if (!this.isLimited || this.#bucket === null) return true;
    const datagrams = this.#datagrams;
    const count = Math.min(bytes, this.#capacity);
    if (datagrams.take(count)) return true;
    if (!datagrams.isInLine) {
      if (this.#waitingEverywhere() === 0) return this.#bucket.takeAll(count, this.#rate, this.#capacity, this.#now());
      datagrams.isInLine = true;
      datagrams.want(count, this.#capacity);
      this.#stand(datagrams);
    } else datagrams.want(count, this.#capacity);
    return false;
  }

  #stand(paced: Paced): void {
    this.#line.push(paced);
    this.#tellWaiting();
    this.#timer ??= this.#reactor.setTimer(TICK, () => this.#serve());
  }

  #serve(): void {
    this.#timer = null;
    const bucket = this.#bucket;
    if (!this.isLimited || bucket === null) return;
    const line = this.#line;
    const there = bucket.fill(this.#rate, this.#capacity, this.#now());
    // All of it has come due without anybody drawing his part: whoever is told to wait there has died, or hangs.
    const isLeft = there >= this.#capacity;
    const share = isLeft ? there : Math.ceil((there * line.length) / Math.max(line.length, this.#waitingEverywhere()));
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
    if (++this.#looks % LOOKS_PER_COUNT === 0) line.recount();
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
