import type { Clock, Timer } from '../clock/clock.ts';
import { type Due, DueHeap } from './due-heap.ts';

export const NO_SLOT = 0;
export const QUICK_SLOT = 1;
export const SLOW_SLOT = 2;
export type SlotKind = typeof NO_SLOT | typeof QUICK_SLOT | typeof SLOW_SLOT;

/** Something that is run when it is due and a slot is free. */
export interface Task extends Due {
  /** The last run kept its slot until its time ran out. */
  slow: boolean;
  /** What it holds; the scheduler's own. */
  slot: SlotKind;
  /** Begins the work; `Scheduler.finished` is called at any later time. `lag`: milliseconds it waited beyond `due`. */
  run(lag: number): void;
}

/**
 * Milliseconds at least between two looks for due tasks: with thousands of them, going to sleep and waking up for each
 * costs more than what is done.
 */
export const TICK = 10;
/**
 * Tasks that are started in one tick at most. Thousands of targets that are new in the same moment are begun one slice
 * after the other, at some thousand a second, which neither they nor this node feel as a blow.
 */
export const STARTS = 50;

export interface SchedulerOptions {
  readonly clock: Clock;
  /** Tasks that may run at a time. */
  readonly slots: number;
}

/**
 * Runs tasks at their times with a bounded number at once, and a bounded number that begin together. When all slots are
 * taken, due tasks wait in order. Tasks that were slow last time may hold at most half of the slots: a rack of silent
 * targets does not delay the probes of live ones.
 */
export class Scheduler {
  readonly #clock: Clock;
  readonly #slots: number;
  readonly #heap = new DueHeap<Task>();
  /** Due and waiting for a slot. A Set keeps the order of arrival and forgets a member in constant time. */
  readonly #waiting = new Set<Task>();
  readonly #waitingSlow = new Set<Task>();
  #running = 0;
  #runningSlow = 0;
  /** A task that finishes at once must not start the next from inside its own start. */
  #filling = false;
  #timer: Timer | null = null;
  /** When the timer goes off. */
  #armed = Number.POSITIVE_INFINITY;
  #lastWake = Number.NEGATIVE_INFINITY;
  /** Tasks that may yet be started in this tick. */
  #starts = STARTS;
  #stopped = false;

  constructor(options: SchedulerOptions) {
    this.#clock = options.clock;
    this.#slots = options.slots;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.size + this.#waitingSlow.size;
  }

  get scheduled(): number {
    return this.#heap.size;
  }

  /** Milliseconds that the task waiting longest has waited. */
  get lag(): number {
    const now = this.#clock.now();
    let lag = 0;
    for (const lane of [this.#waiting, this.#waitingSlow]) {
      const first = lane.values().next().value;
      if (first !== undefined) lag = Math.max(lag, now - first.due);
    }
    return lag;
  }

  /** Sets or changes when the task is due; one that waits for a slot keeps its turn. */
  schedule(task: Task, due: number): void {
    if (this.#stopped || this.#waiting.has(task) || this.#waitingSlow.has(task)) return;
    this.#heap.set(task, due);
    this.#arm();
  }

  cancel(task: Task): void {
    this.#heap.remove(task);
    this.#waiting.delete(task);
    this.#waitingSlow.delete(task);
  }

  /** The work that the task began is over, and its slot is free; without one, nothing happens. */
  finished(task: Task): void {
    if (task.slot === NO_SLOT) return;
    this.#running--;
    if (task.slot === SLOW_SLOT) this.#runningSlow--;
    task.slot = NO_SLOT;
    this.#fill();
  }

  /** Starts nothing more. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = null;
    this.#waiting.clear();
    this.#waitingSlow.clear();
  }

  #arm(): void {
    const due = this.#starts === 0 && this.waiting > 0 ? this.#lastWake : (this.#heap.peek()?.due ?? Infinity);
    const at = Math.max(due, this.#lastWake + TICK);
    if (this.#stopped || at >= this.#armed) return;
    this.#timer?.cancel();
    this.#armed = at;
    this.#timer = this.#clock.setTimer(Math.max(0, at - this.#clock.now()), () => this.#wake());
  }

  #wake(): void {
    this.#armed = Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    this.#lastWake = now;
    this.#starts = STARTS;
    for (let task = this.#heap.peek(); task !== undefined && task.due <= now; task = this.#heap.peek()) {
      this.#heap.remove(task);
      (task.slow ? this.#waitingSlow : this.#waiting).add(task);
    }
    this.#fill();
    this.#arm();
  }

  #fill(): void {
    if (this.#filling) return;
    this.#filling = true;
    while (!this.#stopped && this.#running < this.#slots && this.#starts > 0) {
      const task = this.#next();
      if (task === undefined) break;
      this.#starts--;
      this.#start(task);
    }
    this.#filling = false;
    if (this.#starts === 0) this.#arm();
  }

  /** The task of either lane that has been due for longest. */
  #next(): Task | undefined {
    const slowMayRun = this.#runningSlow < Math.max(1, this.#slots >> 1);
    const quick = this.#waiting.values().next().value;
    const slow = slowMayRun ? this.#waitingSlow.values().next().value : undefined;
    const task = quick === undefined || (slow !== undefined && slow.due < quick.due) ? slow : quick;
    if (task !== undefined) (task === slow ? this.#waitingSlow : this.#waiting).delete(task);
    return task;
  }

  #start(task: Task): void {
    this.#running++;
    if (task.slow) this.#runningSlow++;
    task.slot = task.slow ? SLOW_SLOT : QUICK_SLOT;
    task.run(Math.max(0, this.#clock.now() - task.due));
  }
}
