import type { Reactor, Timer } from '../reactor/reactor.ts';
import type { QueueMemory } from './queue-memory.ts';

/** How often a worker looks whether another one has left a place at a target, in milliseconds. */
const LOOK = 2;

/** Between workers, who has waited longer by less than this does not matter, in milliseconds. */
const ALIKE = 2 * LOOK;

/** A worker that has not looked after its own for so long has no turn: the others wait for none that hangs. Milliseconds. */
const STANDSTILL = 250;

/** Something that waits until a target of its service has room: a request, or a connection of a TCP listener. */
export interface Waiter {
  /** There may be room. True: it waits no more, as it has got what it waited for, or will not get it. */
  onTurn(): boolean;
  /** It has waited too long, and is out of the queue. */
  onWaitedTooLong(): void;
}

/** A waiter's place in the queue. */
interface Place {
  readonly waiter: Waiter;
  readonly lane: Lane;
  /** Wall time in milliseconds. */
  readonly since: number;
  /** Reactor time. */
  readonly deadline: number;
}

/** Those of one listener, in the order in which they came. */
interface Lane {
  readonly owner: object;
  readonly places: Set<Place>;
}

/**
 * What waits in one worker for a target of one service: first come, first served within a listener, and listeners in
 * turn, so that the crowd of one does not stand before the others. Lives as long as the service, whatever becomes of its
 * targets.
 *
 * Bounds: `size` of the service over all workers, and `timeout` for each. Workers take turns by who has waited longest,
 * to within a few milliseconds.
 */
export class ServiceQueue {
  /** Those that wait here. */
  waiting = 0;
  readonly #reactor: Reactor;
  readonly #memory: QueueMemory;
  readonly #worker: number;
  /** In the order of their turns; none is empty. */
  readonly #lanes: Lane[] = [];
  readonly #places = new Map<Waiter, Place>();
  #timer: Timer | null = null;
  #serving = false;

  /** `worker`: the index of this one. */
  constructor(reactor: Reactor, memory: QueueMemory, worker: number) {
    this.#reactor = reactor;
    this.#memory = memory;
    this.#worker = worker;
  }

  /** Whether a newcomer has to get in line, here or in another worker. */
  get isUsed(): boolean {
    return this.#memory.total[0]! > 0;
  }

  /**
   * Gets in line; false: there is no room in the queue. `owner`: whose turn it takes. The waiter is called until it
   * leaves by itself, its turn comes, or its time is over.
   */
  join(waiter: Waiter, owner: object, size: number, timeout: number): boolean {
    const { total } = this.#memory;
    if (Atomics.add(total, 0, 1) >= size) {
      Atomics.sub(total, 0, 1);
      return false;
    }
    const { now, wallTime } = this.#reactor;
    const lane = this.#laneOf(owner);
    const place = { waiter, lane, since: wallTime, deadline: now + timeout };
    lane.places.add(place);
    this.#places.set(waiter, place);
    this.waiting++;
    this.#memory.lookedAt[this.#worker] = wallTime;
    this.#publish();
    this.#timer ??= this.#reactor.setTimer(LOOK, this.#look);
    return true;
  }

  /** Gives its place up; nothing happens if it has none. */
  leave(waiter: Waiter): void {
    const place = this.#places.get(waiter);
    if (place !== undefined) this.#remove(place);
  }

  /** A target has got room: serves those whose turn it is, until there is no more. */
  serve(): void {
    // A waiter that is served may end at once and make room again.
    if (this.#serving || this.waiting === 0) return;
    this.#serving = true;
    while (this.waiting > 0 && this.#isOurTurn()) {
      const lane = this.#lanes[0]!;
      const place = first(lane);
      // The listener has had its turn, whatever comes of it.
      this.#lanes.push(this.#lanes.shift()!);
      if (!place.waiter.onTurn()) break;
      if (this.#places.get(place.waiter) === place) this.#remove(place);
    }
    this.#serving = false;
  }

  readonly #look = (): void => {
    this.#timer = null;
    const { now, wallTime } = this.#reactor;
    this.#memory.lookedAt[this.#worker] = wallTime;
    for (const lane of [...this.#lanes]) {
      for (const place of [...lane.places]) {
        if (place.deadline > now) break;
        if (this.#places.get(place.waiter) !== place) continue;
        this.#remove(place);
        place.waiter.onWaitedTooLong();
      }
    }
    this.serve();
    if (this.waiting > 0) this.#timer ??= this.#reactor.setTimer(LOOK, this.#look);
  };

  /** Whether nobody in another worker has waited for clearly longer. */
  #isOurTurn(): boolean {
    const { since, lookedAt } = this.#memory;
    const own = since[this.#worker]! - ALIKE;
    const lately = this.#reactor.wallTime - STANDSTILL;
    for (let worker = 0; worker < since.length; worker++) {
      if (since[worker]! > 0 && since[worker]! < own && lookedAt[worker]! >= lately) return false;
    }
    return true;
  }

  #laneOf(owner: object): Lane {
    const known = this.#lanes.find((lane) => lane.owner === owner);
    if (known !== undefined) return known;
    const lane = { owner, places: new Set<Place>() };
    this.#lanes.push(lane);
    return lane;
  }

  #remove(place: Place): void {
    const { lane } = place;
    this.#places.delete(place.waiter);
    lane.places.delete(place);
    if (lane.places.size === 0) this.#lanes.splice(this.#lanes.indexOf(lane), 1);
    this.waiting--;
    Atomics.sub(this.#memory.total, 0, 1);
    this.#publish();
    if (this.waiting > 0) return;
    this.#timer?.cancel();
    this.#timer = null;
  }

  #publish(): void {
    const { waiting, since } = this.#memory;
    waiting[this.#worker] = this.waiting;
    let oldest = 0;
    for (const lane of this.#lanes) {
      const its = first(lane).since;
      if (oldest === 0 || its < oldest) oldest = its;
    }
    since[this.#worker] = oldest;
  }
}

function first(lane: Lane): Place {
  for (const place of lane.places) return place;
  throw new Error('a lane without places has been taken out');
}
