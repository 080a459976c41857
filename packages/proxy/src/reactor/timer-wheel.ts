import { TICK } from './reactor.ts';

const SLOTS = 1024;

/**
 * Something that expires. It is its own list node, so that arming and clearing allocate nothing.
 *
 * Invariant: linked in at most one slot, at a tick <= the tick at which it expires.
 */
export abstract class WheelEntry {
  /**
   * When it expires, in the wheel's milliseconds; 0 when it is not armed. Written by the wheel only. Whole ones: the engine
   * keeps a fraction outside of the object, and a deadline is moved with every request.
   */
  at = 0;
  /** The tick whose slot it is linked in; -1 when it is in none. */
  tick = -1;
  next: WheelEntry | null = null;
  previous: WheelEntry | null = null;

  /** Called once per arming, with the entry cleared already; it may arm itself again. */
  abstract expire(): void;
}

/** Head of a slot's list. */
class Sentinel extends WheelEntry {
  constructor() {
    super();
    this.next = this;
    this.previous = this;
  }

  expire(): void {
    throw new Error('the head of a timer slot does not expire');
  }
}

/**
 * Deadlines in slots of one `TICK`. Arming and clearing are O(1). An entry whose deadline moves to a later time stays
 * where it is and is moved when its slot comes round, so that pushing a deadline forward on every request costs a
 * store. Deadlines beyond the horizon of 1024 ticks wait in the last slot and are moved on from there.
 *
 * An entry expires in the first tick that begins at or after its deadline: never early, at most one `TICK` late when
 * `advance` is called in time.
 */
export class TimerWheel {
  /** Called when something may expire earlier than `nextAt` has said. */
  onEarlier: () => void = () => {};
  readonly #slots: Sentinel[] = Array.from({ length: SLOTS }, () => new Sentinel());
  readonly #due = new Sentinel();
  /** The last tick that was processed. */
  #tick: number;
  /** No linked entry is in a slot before this tick. */
  #earliest = Infinity;
  #linked = 0;

  constructor(now: number) {
    this.#tick = Math.floor(now / TICK);
  }

  /** Arms an entry for `at` milliseconds (> 0), or moves its deadline. A time that has passed expires on the next tick. */
  arm(entry: WheelEntry, at: number): void {
    // A tick begins with a whole millisecond, so nothing comes later by that.
    entry.at = Math.ceil(at);
    const tick = Math.max(Math.ceil(at / TICK), this.#tick + 1);
    if (entry.tick >= 0) {
      if (entry.tick <= tick) return;
      this.#unlink(entry);
    }
    this.#link(entry, tick);
  }

  /** Clears a deadline that will probably be armed again: the entry stays linked until its slot comes round. */
  clear(entry: WheelEntry): void {
    entry.at = 0;
  }

  /** Clears a deadline and lets go of the entry at once. */
  remove(entry: WheelEntry): void {
    entry.at = 0;
    if (entry.tick >= 0) this.#unlink(entry);
  }

  /** Lets everything expire whose deadline is at or before `now`, as far as whole ticks have passed. */
  advance(now: number): void {
    const tick = Math.floor(now / TICK);
    const from = this.#tick + 1;
    if (tick < from) return;
    this.#tick = tick;
    if (this.#earliest > tick) return;
    const first = Math.max(from, this.#earliest, tick - SLOTS + 1);
    this.#earliest = tick + 1;
    for (let slot = first; slot <= tick; slot++) this.#collect(this.#slots[slot % SLOTS] as Sentinel);
    for (let entry = this.#due.next; entry !== this.#due; entry = this.#due.next) {
      this.#unlink(entry as WheelEntry);
      this.#settle(entry as WheelEntry, now);
    }
  }

  /**
   * The moment of the next call to `advance` that may have something to do, in milliseconds; Infinity when nothing is
   * linked. Nothing need expire then: it is a lower bound.
   */
  nextAt(): number {
    if (this.#linked === 0) {
      this.#earliest = Infinity;
      return Infinity;
    }
    const last = this.#tick + SLOTS;
    let tick = Math.max(this.#earliest, this.#tick + 1);
    for (; tick < last; tick++) {
      const slot = this.#slots[tick % SLOTS] as Sentinel;
      if (slot.next !== slot) break;
    }
    this.#earliest = tick;
    return tick * TICK;
  }

  #settle(entry: WheelEntry, now: number): void {
    if (entry.at === 0) return;
    if (entry.at > now) {
      this.#link(entry, Math.ceil(entry.at / TICK));
      return;
    }
    entry.at = 0;
    entry.expire();
  }

  #link(entry: WheelEntry, tick: number): void {
    const clamped = Math.min(tick, this.#tick + SLOTS - 1);
    const slot = this.#slots[clamped % SLOTS] as Sentinel;
    const last = slot.previous as WheelEntry;
    entry.tick = clamped;
    entry.previous = last;
    entry.next = slot;
    last.next = entry;
    slot.previous = entry;
    this.#linked++;
    if (clamped >= this.#earliest) return;
    this.#earliest = clamped;
    this.onEarlier();
  }

  #unlink(entry: WheelEntry): void {
    (entry.previous as WheelEntry).next = entry.next;
    (entry.next as WheelEntry).previous = entry.previous;
    entry.next = null;
    entry.previous = null;
    entry.tick = -1;
    this.#linked--;
  }

  /** Moves a slot's list to the end of what is due. Callbacks may remove entries from there as from any slot. */
  #collect(slot: Sentinel): void {
    const first = slot.next as WheelEntry;
    if (first === slot) return;
    const last = slot.previous as WheelEntry;
    const end = this.#due.previous as WheelEntry;
    end.next = first;
    first.previous = end;
    last.next = this.#due;
    this.#due.previous = last;
    slot.next = slot;
    slot.previous = slot;
  }
}
