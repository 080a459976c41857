import { HELD_WHOLE } from '../balance/held.ts';
import { OVERFLOW_SLOT } from '../telemetry/slots.ts';

/** Why a target is ejected: one more than the place among `EJECTION_REASONS`. */
export const EjectionReason = { none: 0, connectFailures: 1, errors: 2, successRate: 3, latency: 4 } as const;
export type EjectionReason = (typeof EjectionReason)[keyof typeof EjectionReason];

/** Per target slot, in shared memory, of all services. */
export interface StandingMemory {
  /** As `BalanceTable.held`. */
  readonly held: Int32Array;
  /** Why the target is ejected: an `EjectionReason`. */
  readonly ejected: Int32Array;
  /** Two cells a slot: failures in a row of connections, and of all kinds. */
  readonly streaks: Int32Array;
}

export function newStandingMemory(slots: number, held: Int32Array): StandingMemory {
  return { held, ejected: sharedInt32(slots), streaks: sharedInt32(2 * slots) };
}

/** The slot is somebody else's from now on. */
export function clearStanding({ held, ejected, streaks }: StandingMemory, slot: number): void {
  Atomics.store(held, slot, 0);
  Atomics.store(ejected, slot, EjectionReason.none);
  Atomics.store(streaks, 2 * slot, 0);
  Atomics.store(streaks, 2 * slot + 1, 0);
}

/**
 * How many targets of one service are ejected, and how many may be, in one word of shared memory: count in the lower half,
 * limit in the upper one. Changed as one, so that the count goes beyond the limit under no order of events, whoever
 * ejects at the same time.
 */
export type EjectionCount = Int32Array;

export function newEjectionCount(): EjectionCount {
  return sharedInt32(1);
}

export function ejectionsOf(count: EjectionCount): number {
  return Atomics.load(count, 0) & 0xffff;
}

/** To be followed by releases when the count is beyond the limit now. 0 <= limit < 2^16. */
export function limitEjections(count: EjectionCount, limit: number): void {
  for (;;) {
    const word = Atomics.load(count, 0);
    if (Atomics.compareExchange(count, 0, word, (limit << 16) | (word & 0xffff)) === word) return;
  }
}

/** Ejects a target, at once and for all workers. False: it is ejected already, or no more may be. Any thread may call it. */
export function eject(memory: StandingMemory, count: EjectionCount, slot: number, reason: EjectionReason): boolean {
  // Targets that share a slot cannot be told apart.
  if (slot === OVERFLOW_SLOT || Atomics.load(memory.ejected, slot) !== 0 || !takeOne(count)) return false;
  if (Atomics.compareExchange(memory.ejected, slot, EjectionReason.none, reason) !== EjectionReason.none) {
    Atomics.sub(count, 0, 1);
    return false;
  }
  Atomics.store(memory.held, slot, HELD_WHOLE);
  return true;
}

/** Ends an ejection; `held` is what is held back from now on. For the owner's thread alone. */
export function release(memory: StandingMemory, count: EjectionCount, slot: number, held: number): void {
  Atomics.store(memory.held, slot, held);
  if (Atomics.exchange(memory.ejected, slot, EjectionReason.none) !== EjectionReason.none) Atomics.sub(count, 0, 1);
}

function takeOne(count: EjectionCount): boolean {
  for (;;) {
    const word = Atomics.load(count, 0);
    if ((word & 0xffff) >= word >>> 16) return false;
    if (Atomics.compareExchange(count, 0, word, word + 1) === word) return true;
  }
}

function sharedInt32(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT));
}
