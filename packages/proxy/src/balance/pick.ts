import { pickBounded } from './bounded-load.ts';
import { HELD_WHOLE } from './held.ts';
import { pickLeastConnections } from './least-connections.ts';
import { pickPeakEwma } from './peak-ewma.ts';
import { pickPowerOfTwo } from './power-of-two.ts';
import { pickRoundRobin } from './round-robin.ts';
import { pickSourceIp } from './source-ip.ts';
import { BalanceKind, type BalanceTable } from './table.ts';
import { staysLocal } from './zones.ts';

/** What peak EWMA dates its observations by, in milliseconds. */
export interface WallClock {
  readonly wallTime: number;
}

/**
 * The contract of all algorithms: the target (its index in the service) for a new connection or request; -1 when the
 * table has no candidate. Allocates nothing, waits for nobody, and may be called by all workers at once.
 *
 * `hash`: of the client's address, or of the key in its request. `tried` is the target that has just failed this client,
 * `triedBefore` the one before it, -1 for none: another one is picked as long as there is another; with three attempts a
 * client so meets three targets.
 */
export function pick(table: BalanceTable, hash: number, tried: number, triedBefore: number, clock: WallClock): number {
  if (table.elsewhere !== null) return pickAcross(pickWithin, table, table.elsewhere, hash, tried, triedBefore, clock);
  return pickWithin(table, hash, tried, triedBefore, clock);
}

/** The same by the hash alone, whatever the algorithm; for services that keep clients by a key. */
export function pickByHash(
  table: BalanceTable,
  hash: number,
  tried: number,
  triedBefore: number,
  clock: WallClock,
): number {
  if (table.elsewhere !== null) return pickAcross(pickKeyed, table, table.elsewhere, hash, tried, triedBefore, clock);
  return pickKeyed(table, hash, tried, triedBefore);
}

type Picker = (table: BalanceTable, hash: number, tried: number, triedBefore: number, clock: WallClock) => number;

function pickKeyed(table: BalanceTable, hash: number, tried: number, triedBefore: number): number {
  return table.candidates.length === 0 ? -1 : pickSourceIp(table, hash, tried, triedBefore);
}

function pickWithin(table: BalanceTable, hash: number, tried: number, triedBefore: number, clock: WallClock): number {
  if (table.candidates.length === 0) return -1;
  switch (table.kind) {
    case BalanceKind.roundRobin:
      return pickRoundRobin(table, tried, triedBefore);
    case BalanceKind.leastConnections:
      return pickLeastConnections(table, tried, triedBefore);
    case BalanceKind.key:
      return pickSourceIp(table, hash, tried, triedBefore);
    case BalanceKind.boundedKey:
      return pickBounded(table, hash, tried, triedBefore);
    case BalanceKind.powerOfTwo:
      return pickPowerOfTwo(table, tried, triedBefore);
    case BalanceKind.peakEwma:
      return pickPeakEwma(table, clock.wallTime, tried, triedBefore);
  }
}

/**
 * In the own zone or elsewhere, as the shares have it: by the key where there is one, so that it stays where it is, and
 * by the picks so far where there is none. The other side helps out when this one has only targets that were tried or
 * are held back whole.
 */
function pickAcross(
  picker: Picker,
  table: BalanceTable,
  elsewhere: BalanceTable,
  hash: number,
  tried: number,
  triedBefore: number,
  clock: WallClock,
): number {
  const byKey = picker === pickKeyed || table.kind === BalanceKind.key || table.kind === BalanceKind.boundedKey;
  const turn = byKey ? hash : Atomics.load(table.cursor, 0) + Atomics.load(elsewhere.cursor, 0);
  const isLocal = staysLocal(turn, table.localShare);
  const picked = picker(isLocal ? table : elsewhere, hash, tried, triedBefore, clock);
  if (isGood(table, picked, tried, triedBefore)) return picked;
  const other = picker(isLocal ? elsewhere : table, hash, tried, triedBefore, clock);
  return isGood(table, other, tried, triedBefore) ? other : picked;
}

function isGood({ held, slotOf }: BalanceTable, target: number, tried: number, triedBefore: number): boolean {
  return target >= 0 && target !== tried && target !== triedBefore && held[slotOf[target]!]! < HELD_WHOLE;
}
