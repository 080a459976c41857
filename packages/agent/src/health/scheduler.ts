import type { Clock, Timer } from '../clock/clock.ts';
import { type Due, DueHeap } from './due-heap.ts';

/** How long tasks are expected to keep their slots, and so with whom they share. */
export const Lane = {
  quick: 0,
  /** The last run kept its slot until its time ran out. */
  slow: 1,
  /** Every run keeps its slot until its time runs out, and that is good: slots of their own. */
  silent: 2,
} as const;
export type Lane = (typeof Lane)[keyof typeof Lane];

export const NO_SLOT = -1;

/** Values of `place` for tasks that are not in the heap. */
const OUTSIDE = -1;
const WAITING = -2;

/** Something that is run when it is due and a slot is free. */
export interface Task extends Due {
  /** Not to be changed while it waits. */
  lane: Lane;
  /** Of which lane it holds a slot; the scheduler's own. */
  slot: Lane | typeof NO_SLOT;
  /** Begins the work; `Scheduler.finished` is called at any later time. `lag`: milliseconds it waited beyond `due`. */
  run(lag: number): void;
}

/**
 * Milliseconds at least between two looks for due tasks: with thousands of them, going to sleep and waking up for each
 * costs more than what is done. What runs anew finds neither its code nor its data in the processor's cache, so that the
 * more tasks there are, the more of them have to share a look to cost the same: `TICK` for `TASKS` and fewer, and up to
 * `LONGEST_TICK` in proportion.
 */
export const TICK = 10;
export const LONGEST_TICK = 50;
const TASKS = 2_000;
/**
 * Tasks that are started in a `TICK` at most, and as many more in a longer one. Thousands of targets that are new in the
 * same moment are begun one slice after the other, at some thousand a second, which neither they nor this node feel as a
 * blow.
 */
export const STARTS = 50;

export interface SchedulerOptions {
  readonly clock: Clock;
  /** Tasks that may run at a time, but silent ones. */
  readonly slots: number;
  /** Silent tasks that may run at a time. */
  readonly silentSlots: number;
}

/** One lane: what waits for a slot in order of arrival, how many may run at a time, and how many do. */
class Waiting {
  readonly limit: number;
  running = 0;
  /** A Set keeps the order and forgets a member in constant time. */
  readonly #tasks = new Set<Task>();

  constructor(limit: number) {
    this.limit = limit;
  }

  get size(): number {
    return this.#tasks.size;
  }

  /** The place of the task says that it waits, so that nobody has to search for it. */
  add(task: Task): void {
    task.place = WAITING;
    this.#tasks.add(task);
  }

  delete(task: Task): void {
    task.place = OUTSIDE;
    this.#tasks.delete(task);
  }

  clear(): void {
    for (const task of this.#tasks) this.delete(task);
  }

  /** Who has waited for longest. */
  first(): Task | undefined {
    return this.#tasks.size === 0 ? undefined : this.#tasks.values().next().value;
  }
}

/**
 * Runs tasks at their times with a bounded number at once, and a bounded number that begin together. When all slots are
 * taken, due tasks wait in order. Tasks that were slow last time may hold at most half of the slots, and those that wait
 * in silence by their nature have slots of their own: a rack of silent targets does not delay the probes of live ones.
 */
export class Scheduler {
  readonly #clock: Clock;
  readonly #slots: number;
  readonly #heap = new DueHeap<Task>();
  /** Due and waiting for a slot, by lane. */
  readonly #lanes: readonly [Waiting, Waiting, Waiting];
  /** A task that finishes at once must not start the next from inside its own start. */
  #filling = false;
  #timer: Timer | null = null;
  /** When the timer goes off. */
  #armed = Number.POSITIVE_INFINITY;
  #lastWake = Number.NEGATIVE_INFINITY;
  #tick = TICK;
  /** Tasks that may yet be started in this tick. */
  #starts = STARTS;
  #stopped = false;

  constructor(options: SchedulerOptions) {
    this.#clock = options.clock;
    this.#slots = options.slots;
    const { slots, silentSlots } = options;
    this.#lanes = [new Waiting(slots), new Waiting(Math.max(1, slots >> 1)), new Waiting(silentSlots)];
  }

  get running(): number {
    const [quick, slow, silent] = this.#lanes;
    return quick.running + slow.running + silent.running;
  }

  get waiting(): number {
    const [quick, slow, silent] = this.#lanes;
    return quick.size + slow.size + silent.size;
  }

  get scheduled(): number {
    return this.#heap.size;
  }

  /** Milliseconds that the task waiting longest has waited. */
  get lag(): number {
    const now = this.#clock.now();
    let lag = 0;
    for (const lane of this.#lanes) {
      const first = lane.first();
      if (first !== undefined) lag = Math.max(lag, now - first.due);
    }
    return lag;
  }

  /** Sets or changes when the task is due; one that waits for a slot keeps its turn. */
  schedule(task: Task, due: number): void {
    if (this.#stopped || task.place === WAITING) return;
    this.#heap.set(task, due);
    this.#arm();
  }

  cancel(task: Task): void {
    if (task.place === WAITING) this.#lanes[task.lane].delete(task);
    else this.#heap.remove(task);
  }

  /** The work that the task began is over, and its slot is free; without one, nothing happens. */
  finished(task: Task): void {
    if (task.slot === NO_SLOT) return;
    this.#lanes[task.slot].running--;
    task.slot = NO_SLOT;
    this.#fill();
  }

  /** Starts nothing more. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = null;
    for (const lane of this.#lanes) lane.clear();
  }

  #arm(): void {
    const due = this.#starts === 0 && this.waiting > 0 ? this.#lastWake : this.#heap.nextDue;
    const at = Math.max(due, this.#lastWake + this.#tick);
    if (this.#stopped || at >= this.#armed) return;
    this.#timer?.cancel();
    this.#armed = at;
    this.#timer = this.#clock.setTimer(Math.max(0, at - this.#clock.now()), () => this.#wake());
  }

  #wake(): void {
    this.#armed = Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    this.#lastWake = now;
    this.#tick = Math.min(LONGEST_TICK, TICK * Math.max(1, (this.#heap.size + this.waiting) / TASKS));
    this.#starts = Math.round((STARTS * this.#tick) / TICK);
    this.#startUnhindered(now);
    while (this.#heap.nextDue <= now) {
      const task = this.#heap.peek() as Task;
      this.#heap.remove(task);
      this.#lanes[task.lane].add(task);
    }
    this.#fill();
    this.#arm();
  }

  /** Nearly always nothing waits and there are slots: then what is due is started as it leaves the heap. */
  #startUnhindered(now: number): void {
    if (this.waiting > 0) return;
    this.#filling = true;
    while (this.#heap.nextDue <= now && this.#starts > 0 && !this.#stopped) {
      const task = this.#heap.peek() as Task;
      if (!this.#hasSlot(task.lane)) break;
      this.#heap.remove(task);
      this.#starts--;
      this.#start(task);
    }
    this.#filling = false;
  }

  #fill(): void {
    if (this.#filling) return;
    this.#filling = true;
    while (!this.#stopped && this.#starts > 0) {
      const task = this.#next();
      if (task === undefined) break;
      this.#starts--;
      this.#start(task);
    }
    this.#filling = false;
    if (this.#starts === 0) this.#arm();
  }

  /** The task of those lanes that have a slot free which has been due for longest. */
  #next(): Task | undefined {
    const [quick, slow, silent] = this.#lanes;
    let next: Task | undefined;
    if (this.#hasSlot(Lane.quick)) next = earlier(next, quick.first());
    if (this.#hasSlot(Lane.slow)) next = earlier(next, slow.first());
    if (this.#hasSlot(Lane.silent)) next = earlier(next, silent.first());
    if (next !== undefined) this.#lanes[next.lane].delete(next);
    return next;
  }

  #hasSlot(lane: Lane): boolean {
    const [quick, slow, silent] = this.#lanes;
    if (lane === Lane.silent) return silent.running < silent.limit;
    // Slow ones run in the slots of all.
    if (quick.running + slow.running >= this.#slots) return false;
    return lane === Lane.quick || slow.running < slow.limit;
  }

  #start(task: Task): void {
    this.#lanes[task.lane].running++;
    task.slot = task.lane;
    task.run(Math.max(0, this.#clock.now() - task.due));
  }
}

function earlier(one: Task | undefined, other: Task | undefined): Task | undefined {
  return one === undefined || (other !== undefined && other.due < one.due) ? other : one;
}
