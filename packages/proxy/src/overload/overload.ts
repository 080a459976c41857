import { getHeapStatistics } from 'node:v8';
import { type Reactor, TICK } from '../reactor/reactor.ts';
import type { NodeSockets } from './node-sockets.ts';
import { Pressure, RESOURCES, type Resource } from './pressure.ts';
import { Shedding } from './shedding.ts';
import { StandingDelay } from './standing-delay.ts';
import { WaitingHeads } from './waiting-heads.ts';

/** How often a worker looks at itself, in milliseconds, and every how many times at what costs more to ask for. */
const INTERVAL = 100;
const HEAP_EVERY = 10;

/** From which standing delay on, in milliseconds, a worker has more to do than it can, and until which. */
const DELAY = { enter: 500, leave: 100 };

/** Shares that are in use: from the first on, nothing new is taken, until no more than the second is. */
const BUFFERS = { enter: 0.9375, leave: 0.875 };
const DESCRIPTORS = { enter: 0.9, leave: 0.85 };
const HEAP = { enter: 0.9, leave: 0.85 };

/** Share of all connections that may owe their first head at a time. */
const WAITING_SHARE = 0.5;

/**
 * What one worker has too much of, and what of new work it therefore turns away. There are two places to do so, each of
 * which asks one question: where connections are accepted (`refusesConnection`), and where requests begin
 * (`refusesRequest`, if `sheds`). What has begun goes on.
 *
 * Descriptors that are used up are kept for the requests of connections that are there; buffers and memory that are used
 * up stop requests as well. A worker without time turns a share of both away, see `Shedding`.
 */
export class Overload {
  /** Some requests are turned away now. */
  sheds = false;
  /** Connections ought to close behind their response: there are too many. */
  sparesConnections = false;
  /** Standing delay in milliseconds. */
  delay = 0;
  readonly waiting: WaitingHeads;
  readonly #reactor: Reactor;
  readonly #sockets: NodeSockets;
  readonly #pressures: Readonly<Record<Resource, Pressure>> = {
    time: new Pressure(DELAY.enter, DELAY.leave),
    buffers: new Pressure(BUFFERS.enter, BUFFERS.leave),
    descriptors: new Pressure(DESCRIPTORS.enter, DESCRIPTORS.leave),
    memory: new Pressure(HEAP.enter, HEAP.leave),
  };
  readonly #standing = new StandingDelay();
  readonly #shedding = new Shedding();
  #due = 0;
  #looks = 0;

  constructor(reactor: Reactor, sockets: NodeSockets) {
    this.#reactor = reactor;
    this.#sockets = sockets;
    const places = Math.max(16, Math.floor((sockets.capacity * WAITING_SHARE) / sockets.workers));
    this.waiting = new WaitingHeads(() => places);
  }

  /** Looks from now on, for as long as the reactor runs. */
  start(): void {
    this.#await();
  }

  /** Share of new work that is turned away for want of time. */
  get share(): number {
    return this.#shedding.share;
  }

  /** Bit i: `RESOURCES[i]` is used up. */
  get bits(): number {
    let bits = 0;
    for (let i = 0; i < RESOURCES.length; i++) if (this.#pressures[RESOURCES[i]!].high) bits |= 1 << i;
    return bits;
  }

  /** Whether a connection that was just accepted is turned away. */
  refusesConnection(): boolean {
    const { buffers, descriptors, memory } = this.#pressures;
    descriptors.update(this.#sockets.used(this.#reactor.open));
    this.sparesConnections = descriptors.high;
    return descriptors.high || buffers.high || memory.high || (this.sheds && this.#shedding.next());
  }

  /** Whether a request that begins is turned away; to be asked only while `sheds`. */
  refusesRequest(): boolean {
    const { buffers, memory } = this.#pressures;
    return buffers.high || memory.high || this.#shedding.next();
  }

  /** Takes a measurement of the delay, in milliseconds, and looks at the rest. */
  look(delay: number): void {
    const { time, buffers, descriptors, memory } = this.#pressures;
    const { arena, open } = this.#reactor;
    this.delay = this.#standing.measured(delay);
    time.update(this.delay);
    this.#shedding.update(time.high);
    buffers.update(1 - arena.free / arena.capacity);
    descriptors.update(this.#sockets.used(open));
    if (this.#looks++ % HEAP_EVERY === 0) memory.update(heapInUse());
    this.sparesConnections = descriptors.high;
    this.sheds = this.#shedding.share > 0 || buffers.high || memory.high;
  }

  #await(): void {
    this.#due = this.#reactor.now + INTERVAL;
    this.#reactor.setTimer(INTERVAL, () => {
      // A timer is up to a tick late in a loop that has nothing else to do.
      this.look(Math.max(0, this.#reactor.now - this.#due - TICK));
      this.#await();
    });
  }
}

/** Share of the thread's heap that is in use, as of the last collection at best: garbage counts as well. */
function heapInUse(): number {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  return used / limit;
}
