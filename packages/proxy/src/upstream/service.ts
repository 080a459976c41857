import type { PlannedService } from '@evenkeel/model/plan/objects.ts';
import { pick } from '../balance/pick.ts';
import { pickSourceIp } from '../balance/source-ip.ts';
import type { BalanceTable } from '../balance/table.ts';
import type { StickyService } from '../stickiness/sticky-service.ts';
import type { TargetTls } from '../tls/target-tls.ts';
import { isBoundToClient } from './connect-target.ts';
import type { Target } from './target.ts';

/**
 * A backend service as one worker uses it. It is never changed: a new plan makes a new one, and a request holds the one
 * that it began with. Targets that go on existing are the same objects in the old and the new one.
 */
export class Service {
  readonly planned: PlannedService;
  /** In the order that the balance table's indexes mean. */
  readonly targets: readonly Target[];
  /** Connections to its targets tell of one client each, and are not shared. */
  readonly isBoundToClient: boolean;
  /** null: every request is balanced for itself. */
  readonly sticky: StickyService | null;
  /** How its targets are spoken to; null: in the clear. Exchanged when the authority changes. */
  tls: TargetTls | null;
  readonly #table: BalanceTable;

  constructor(
    planned: PlannedService,
    targets: readonly Target[],
    table: BalanceTable,
    sticky: StickyService | null,
    tls: TargetTls | null,
  ) {
    this.planned = planned;
    this.targets = targets;
    this.isBoundToClient = isBoundToClient(planned);
    this.sticky = sticky;
    this.tls = tls;
    this.#table = table;
  }

  /** Index of the target for a client, as `pick` has it: not one of the last two that were tried, if there is another. */
  pick(clientHash: number, tried: number, triedBefore: number): number {
    return pick(this.#table, clientHash, tried, triedBefore);
  }

  /** The same by a hash of the client's key, for services that keep clients by one, whatever their algorithm. */
  pickByHash(hash: number, tried: number, triedBefore: number): number {
    return this.#table.candidates.length === 0 ? -1 : pickSourceIp(this.#table, hash, tried, triedBefore);
  }
}
