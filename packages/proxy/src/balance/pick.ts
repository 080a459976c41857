import { pickLeastConnections } from './least-connections.ts';
import { pickRoundRobin } from './round-robin.ts';
import { pickSourceIp } from './source-ip.ts';
import { BalanceKind, type BalanceTable } from './table.ts';

/**
 * The contract of all algorithms: the target (its index in the service) for a new connection or request; -1 when the
 * table has no candidate. Allocates nothing, waits for nobody, and may be called by all workers at once.
 *
 * `tried` is the target that has just failed this client, `triedBefore` the one before it, -1 for none: another one is
 * picked as long as there is another; with three attempts a client so meets three targets.
 */
export function pick(table: BalanceTable, clientHash: number, tried: number, triedBefore: number): number {
  if (table.candidates.length === 0) return -1;
  switch (table.kind) {
    case BalanceKind.roundRobin:
      return pickRoundRobin(table, tried, triedBefore);
    case BalanceKind.leastConnections:
      return pickLeastConnections(table, tried, triedBefore);
    case BalanceKind.sourceIp:
      return pickSourceIp(table, clientHash, tried, triedBefore);
  }
}
