import type { PlannedService } from '@evenkeel/model/plan/objects.ts';
import type { PlannedStickiness } from '@evenkeel/model/plan/stickiness.ts';
import { HELD_WHOLE } from '../balance/held.ts';
import type { BalanceTable } from '../balance/table.ts';
import type { WorkerContext } from '../worker/context.ts';
import type { WorkerService } from '../worker/messages.ts';
import { InsertedCookie } from './inserted-cookie.ts';
import { RememberedClients } from './remembered-clients.ts';
import { targetNumber } from './target-number.ts';

/** What of a table says who takes clients that belong to it. */
type KeepingTable = Pick<BalanceTable, 'keeps' | 'held' | 'slotOf'>;

/** Targets up to which a look at each costs less than a map. */
const FEW = 16;

/** What a service knows its clients by. */
export type Means = InsertedCookie | RememberedClients;

/** How one service keeps its clients with their targets. A new plan makes a new one, and the means go along. */
export class StickyService {
  readonly means: Means;
  readonly #table: KeepingTable;
  readonly #numbers: Float64Array;
  readonly #byId: ReadonlyMap<string, number>;
  readonly #indexes: ReadonlyMap<number, number>;

  /**
   * `targetIds` in the order of the service; `table`: says which targets take clients who belong to them; `before`: of
   * the same service until now, which knows most of the numbers.
   */
  constructor(means: Means, targetIds: readonly string[], table: KeepingTable, before: StickyService | null) {
    this.means = means;
    this.#table = table;
    const known = before === null ? null : before.#byId;
    this.#byId = new Map(targetIds.map((id) => [id, known?.get(id) ?? targetNumber(id)]));
    this.#numbers = Float64Array.from(targetIds, (id) => this.#byId.get(id)!);
    this.#indexes = new Map(Array.from(this.#numbers, (number, index) => [number, index]));
  }

  /** Index of the target with this number, if it takes clients who belong to it; else -1. */
  keeper(number: number): number {
    const index = this.#indexOf(number);
    if (index < 0) return -1;
    const { keeps, held, slotOf } = this.#table;
    return keeps[index] === 1 && held[slotOf[index]!]! < HELD_WHOLE ? index : -1;
  }

  /** Of two with one number, the last. */
  #indexOf(number: number): number {
    const numbers = this.#numbers;
    if (numbers.length > FEW) return this.#indexes.get(number) ?? -1;
    let index = numbers.length - 1;
    while (index >= 0 && numbers[index] !== number) index--;
    return index;
  }

  /** The number of the target with this index. */
  number(index: number): number {
    return this.#numbers[index]!;
  }
}

interface Before {
  readonly planned: PlannedService;
  readonly sticky: StickyService | null;
}

/** The stickiness of a service that has one; `before` is the service until now. */
export function stickyService(
  next: WorkerService,
  before: Before | null,
  worker: Pick<WorkerContext, 'tokens'>,
): StickyService {
  const { stickiness } = next.planned;
  if (stickiness === null) throw new Error('a service without stickiness keeps nobody');
  const old = before?.sticky ?? null;
  const means =
    old !== null && isSame(before?.planned.stickiness ?? null, stickiness) ? old.means : newMeans(next, worker);
  return new StickyService(
    means,
    next.targets.map((target) => target.id),
    next.table,
    old,
  );
}

function newMeans({ planned, clients }: WorkerService, worker: Pick<WorkerContext, 'tokens'>): Means {
  const { stickiness } = planned;
  if (stickiness?.type === 'cookie') return new InsertedCookie(planned.id, stickiness, worker.tokens);
  if (stickiness === null || clients === null) throw new Error('to remember clients takes a table');
  return new RememberedClients(stickiness, clients);
}

function isSame(a: PlannedStickiness | null, b: PlannedStickiness): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
