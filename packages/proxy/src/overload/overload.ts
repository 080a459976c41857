import { type Reactor, TICK } from '../reactor/reactor.ts';
import { type Heap, ThreadHeap } from './heap.ts';
import { HeapPressure } from './heap-pressure.ts';
import type { NodeSockets } from './node-sockets.ts';
import { Pressure, RESOURCES, type Resource } from './pressure.ts';
import { Shedding } from './shedding.ts';
import { StandingDelay } from './standing-delay.ts';
import { WaitingHeads } from './waiting-heads.ts';

/** How often a worker looks at itself, in milliseconds. */
const INTERVAL = 100;

/** From which standing delay on, in milliseconds, a worker has more to do than it can, and until which. */
const DELAY = { enter: 500, leave: 100 };

/**
 * Shares that are in use: from the first on, nothing new is taken, until no more than the second is. Reactors receive
 * nothing more when an eighth of their buffers is left, which senders need; large ones may be free all the same, which
 * hold answers of targets alone. Whoever is turned away has to be so before that.
 */
const BUFFERS = { enter: 0.75, leave: 0.65 };
const DESCRIPTORS = { enter: 0.9, leave: 0.85 };

/** Share of all connections that may owe their first head at a time. */
const WAITING_SHARE = 0.5;

/**
 * What one worker has too much of, and what of new work it therefore turns away. There are two places to do so, each of
 * which asks one question: where connections are accepted (`refusesConnection`), and where requests begin
 * (`refusesRequest`, if `sheds`). What has begun goes on.
 *
 * Descriptors that are used up are kept for the requests of connections that are there; buffers that are used up stop
 * requests as well. A worker without time or memory turns a share of both away, see `Shedding` and `HeapPressure`.
 */
export class Overload {
  /** Some requests are turned away now. */
  sheds = false;
  /** Connections ought to close behind their response: what they take is needed. */
  sparesConnections = false;
  /** Standing delay in milliseconds. */
  delay = 0;
  readonly waiting: WaitingHeads;
  readonly #reactor: Reactor;
  readonly #sockets: NodeSockets;
  readonly #time = new Pressure(DELAY.enter, DELAY.leave);
  readonly #buffers = new Pressure(BUFFERS.enter, BUFFERS.leave);
  readonly #descriptors = new Pressure(DESCRIPTORS.enter, DESCRIPTORS.leave);
  readonly #memory: HeapPressure;
  readonly #standing = new StandingDelay();
  readonly #shedding = new Shedding();
  #due = 0;

  constructor(reactor: Reactor, sockets: NodeSockets, heap: Heap = new ThreadHeap()) {
    this.#reactor = reactor;
    this.#sockets = sockets;
    this.#memory = new HeapPressure(heap);
    const places = Math.max(16, Math.floor((sockets.capacity * WAITING_SHARE) / sockets.workers));
    this.waiting = new WaitingHeads(() => places);
  }

  /** Looks from now on, for as long as the reactor runs. */
  start(): void {
    this.#await();
  }

  /** Share of new work that is turned away for want of time or memory. */
  get share(): number {
    return Math.max(this.#shedding.share, this.#memory.share);
  }

  /** Bit i: `RESOURCES[i]` is used up. */
  get bits(): number {
    const isHigh: Readonly<Record<Resource, boolean>> = {
      time: this.#time.high,
      buffers: this.#buffers.high,
      descriptors: this.#descriptors.high,
      memory: this.#memory.high,
    };
    return RESOURCES.reduce((bits, resource, i) => (isHigh[resource] ? bits | (1 << i) : bits), 0);
  }

  /** Whether a connection that was just accepted is turned away. */
  refusesConnection(): boolean {
    const descriptors = this.#descriptors;
    descriptors.update(this.#sockets.used(this.#reactor.open));
    this.sparesConnections = descriptors.high || this.#memory.high;
    return descriptors.high || (this.sheds && this.refusesRequest());
  }

  /** Whether a request that begins is turned away; to be asked only while `sheds`. */
  refusesRequest(): boolean {
    return this.#buffers.high || this.#shedding.next(this.#memory.share);
  }

  /** Takes a measurement of the delay, in milliseconds, and looks at the rest. */
  look(delay: number): void {
    const { arena, open, now } = this.#reactor;
    this.delay = this.#standing.measured(delay);
    this.#time.update(this.delay);
    this.#shedding.update(this.#time.high);
    this.#buffers.update(1 - arena.free / arena.capacity);
    this.#descriptors.update(this.#sockets.used(open));
    this.#memory.look(now);
    this.sparesConnections = this.#descriptors.high || this.#memory.high;
    this.sheds = this.share > 0 || this.#buffers.high;
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
