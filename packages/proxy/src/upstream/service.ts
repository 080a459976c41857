import { type PlannedTargetLimits, STANDARD_HASH, STANDARD_TARGET_LIMITS } from '@evenkeel/model/plan/balancing.ts';
import type { PlannedService } from '@evenkeel/model/plan/objects.ts';
import { HELD_WHOLE } from '../balance/held.ts';
import { pick, pickByHash, type WallClock } from '../balance/pick.ts';
import { RequestHash } from '../balance/request-hash.ts';
import { type Share, sharesOf } from '../balance/shares.ts';
import type { BalanceTable } from '../balance/table.ts';
import type { RetryPolicy } from '../retry/policy.ts';
import type { StickyService } from '../stickiness/sticky-service.ts';
import type { TargetTls } from '../tls/target-tls.ts';
import { isBoundToClient } from './connect-target.ts';
import { findRoom } from './room.ts';
import type { ServiceQueue } from './service-queue.ts';
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
  /** After what another target is asked. */
  readonly retry: RetryPolicy;
  /** How its targets are spoken to; null: in the clear. Exchanged when the authority changes. */
  tls: TargetTls | null;
  /** Reads what the algorithm `hash` chooses by; null for the others. */
  readonly requestHash: RequestHash | null;
  readonly limits: PlannedTargetLimits;
  /** What waits while no target has room; null: nothing does. */
  readonly queue: ServiceQueue | null;
  readonly #table: BalanceTable;
  readonly #clock: WallClock;

  constructor(
    planned: PlannedService,
    targets: readonly Target[],
    table: BalanceTable,
    sticky: StickyService | null,
    tls: TargetTls | null,
    retry: RetryPolicy,
    clock: WallClock,
    queue: ServiceQueue | null,
  ) {
    this.planned = planned;
    this.targets = targets;
    this.isBoundToClient = isBoundToClient(planned);
    this.sticky = sticky;
    this.tls = tls;
    this.retry = retry;
    this.requestHash = planned.algorithm === 'hash' ? new RequestHash(planned.hash ?? STANDARD_HASH) : null;
    this.limits = planned.targetLimits ?? STANDARD_TARGET_LIMITS;
    this.queue = queue;
    this.#table = table;
    this.#clock = clock;
  }

  /**
   * Index of the target for a client, as `pick` has it: not one of the last two that were tried, if there is another.
   * `hash`: of the client's address, or of the request where the service has a `requestHash`.
   */
  pick(hash: number, tried: number, triedBefore: number): number {
    return pick(this.#table, hash, tried, triedBefore, this.#clock);
  }

  /** Whether the target of this index takes nothing new for now, because of what traffic showed. */
  isEjected(index: number): boolean {
    return this.#table.held[this.#table.slotOf[index]!]! >= HELD_WHOLE;
  }

  /** What each target should have of what all have under way. */
  readonly shares = (): Share[] => sharesOf(this.#table);

  /** Index of another target instead of a full one: one that has room, was not tried and is not ejected; -1: there is none. */
  pickWithRoom(hash: number, tried: number, triedBefore: number): number {
    return findRoom(this.#table, this.targets, hash, tried, triedBefore);
  }

  /** The same by a hash of the client's key, for services that keep clients by one, whatever their algorithm. */
  pickByHash(hash: number, tried: number, triedBefore: number): number {
    return pickByHash(this.#table, hash, tried, triedBefore, this.#clock);
  }
}
