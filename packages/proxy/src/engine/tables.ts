import type { BlockTableMemory } from '@evenkeel/model/block-list/block-table.ts';
import type { PlannedListener, PlannedService } from '@evenkeel/model/plan/objects.ts';
import type { PlannedRuleGroup } from '@evenkeel/model/plan/rules.ts';
import type { PlannedStickiness } from '@evenkeel/model/plan/stickiness.ts';
import { buildBalance } from '../balance/build.ts';
import { newPaceMemory } from '../rebalance/pace.ts';
import { newRetryBudget, refusedRetries } from '../retry/budget.ts';
import type { StandingClock, StandingOptions } from '../standing/service-standing.ts';
import type { TargetStanding } from '../standing/standing.ts';
import { Standings } from '../standing/standings.ts';
import { newStickTable, type StickTableMemory } from '../stickiness/stick-table.ts';
import type { SharedCounters } from '../telemetry/shared-counters.ts';
import { forgetQueued, newQueueMemory } from '../upstream/queue-memory.ts';
import type {
  WorkerBlockList,
  WorkerListenerChange,
  WorkerService,
  WorkerServiceChange,
  WorkerSharedChange,
  WorkerSharedEntry,
  WorkerSockets,
} from '../worker/messages.ts';
import { Bandwidths } from './bandwidths.ts';
import type { EngineChange, EngineService, RefusedRetries } from './engine.ts';
import { LoadBalancerSlots } from './load-balancer-slots.ts';
import { shareEntries } from './share-entries.ts';

/** What all workers are told alike; each finds its own counter rows by the slots in it. */
export interface SharedChange {
  readonly shared: readonly WorkerSharedChange[];
  readonly services: readonly WorkerServiceChange[];
  readonly listeners: readonly WorkerListenerChange[];
  readonly blockLists: readonly WorkerBlockList[];
}

/**
 * What the engine runs, on the owner's thread: resolves changes into the tables that workers share. Costs as much as
 * what changes, not as what there is.
 */
export class Tables {
  readonly #listeners = new Map<string, WorkerListenerChange & { readonly planned: PlannedListener }>();
  readonly #shared = new Map<string, WorkerSharedEntry>();
  /** As planned; workers have them packed. */
  readonly #ruleGroups = new Map<string, PlannedRuleGroup>();
  readonly #services = new Map<string, WorkerService>();
  readonly #blockLists = new Map<string, WorkerBlockList>();
  readonly #counters: SharedCounters;
  readonly #loadBalancers: LoadBalancerSlots;
  readonly #random: () => number;
  readonly #socketsOf: (planned: PlannedListener) => WorkerSockets | null;
  readonly #standings: Standings;
  readonly #bandwidths: Bandwidths;

  /**
   * `random` as for `buildBalance`; `socketsOf`: what the workers accept from, see `WorkerListenerChange`; `standing`: the
   * time, and who is told of each target that stands in another way.
   */
  constructor(
    counters: SharedCounters,
    random: () => number,
    socketsOf: (planned: PlannedListener) => WorkerSockets | null = () => null,
    standing: Pick<StandingOptions, 'clock' | 'onChange'> = UNOBSERVED,
  ) {
    this.#counters = counters;
    this.#bandwidths = new Bandwidths(counters.workers);
    this.#loadBalancers = new LoadBalancerSlots(counters.loadBalancers);
    this.#random = random;
    this.#socketsOf = socketsOf;
    const observe = (slot: number) => counters.observed(slot);
    this.#standings = new Standings({ memory: counters.standing, observe, ...standing });
  }

  /** Takes a change in. What leaves with it keeps its counters until `retire` is called. */
  change(change: EngineChange): SharedChange {
    const shared = shareEntries(change.shared, {
      ruleGroup: (id) => this.ruleGroup(id),
      ruleSlot: (ruleGroupId, ruleId) => this.#counters.ruleSlot(ruleGroupId, ruleId),
    });
    for (const { key, entry } of shared) {
      if (entry === null) this.#shared.delete(key);
      else this.#shared.set(key, entry);
    }
    for (const [key, entry] of change.shared) {
      if (entry?.kind === 'rule-group') this.#ruleGroups.set(key, entry.value);
      else this.#ruleGroups.delete(key);
    }
    const services: WorkerServiceChange[] = [];
    for (const [id, service] of change.services) {
      const before = this.#services.get(id)?.targets ?? [];
      const now = service === null ? this.#removeService(id) : this.#setService(id, service);
      const staying = new Set(now?.targets.map((target) => target.id));
      const left = before.map((target) => target.id).filter((targetId) => !staying.has(targetId));
      services.push({ id, service: now, left });
    }
    const listeners: WorkerListenerChange[] = [];
    for (const [id, planned] of change.listeners) {
      const slot = this.#counters.listenerSlot(id);
      const sockets = planned === null ? null : this.#socketsOf(planned);
      const bandwidth = this.#bandwidths.set(id, planned);
      if (planned === null) this.#listeners.delete(id);
      const loadBalancerSlot = this.#loadBalancers.of(id, planned);
      const listener = { id, slot, loadBalancerSlot, bandwidth, sockets };
      if (planned !== null) this.#listeners.set(id, { ...listener, planned });
      listeners.push({ ...listener, planned });
    }
    const blockLists = Array.from(change.blockLists ?? [], ([tenantId, memory]) => ({ tenantId, memory }));
    for (const list of blockLists) this.#blockLists.set(list.tenantId, list);
    return { shared, services, listeners, blockLists };
  }

  /** All workers have applied the change: counters of what it removed may go when they are quiet. */
  retire(change: SharedChange): void {
    for (const { id, planned } of change.listeners) if (planned === null) this.#counters.retireListener(id);
    for (const { id, service, left } of change.services) {
      this.#standings.forget(id, left, service === null);
      for (const targetId of left) this.#counters.retireTarget(id, targetId);
    }
    for (const { key, left } of change.shared) {
      const ruleGroupId = key.slice(key.indexOf('/') + 1);
      for (const ruleId of left) this.#counters.retireRule(ruleGroupId, ruleId);
    }
    this.#counters.sweep();
    this.#loadBalancers.sweep();
  }

  /** A worker has died: what waited there waits no more. */
  forgetWorker(index: number): void {
    for (const { queue } of this.#services.values()) forgetQueued(queue, index);
    this.#bandwidths.forgetWorker(index);
  }

  /** Everything there is, for a worker that starts anew. */
  everything(): SharedChange {
    return {
      shared: Array.from(this.#shared, ([key, entry]) => ({ key, entry, left: [] })),
      services: Array.from(this.#services, ([id, service]) => ({ id, service, left: [] })),
      listeners: [...this.#listeners.values()],
      blockLists: [...this.#blockLists.values()],
    };
  }

  /** Ejections end and slow starts go on; to be called every `SWEEP_INTERVAL`. */
  sweepStandings(): void {
    this.#standings.sweep();
  }

  /** How all targets stand with the traffic. */
  standings(): TargetStanding[] {
    return [...this.#standings.report()];
  }

  /** Retries that were refused because a service's budget was spent, by service. */
  refusedRetries(): RefusedRetries[] {
    return Array.from(this.#services, ([serviceId, { retries }]) => ({ serviceId, refused: refusedRetries(retries) }));
  }

  /** The listener as it was last changed to; null when there is none. */
  listener(id: string): PlannedListener | null {
    return this.#listeners.get(id)?.planned ?? null;
  }

  /** All listeners that there are. */
  listeners(): PlannedListener[] {
    return Array.from(this.#listeners.values(), ({ planned }) => planned);
  }

  service(id: string): WorkerService | null {
    return this.#services.get(id) ?? null;
  }

  ruleGroup(id: string): PlannedRuleGroup | null {
    return this.#ruleGroups.get(`rule-group/${id}`) ?? null;
  }

  /** A shared entry as it was last changed to; null when there is none. */
  shared(key: string): WorkerSharedEntry | null {
    return this.#shared.get(key) ?? null;
  }

  /** The block list of a tenant, or one of those that are the deny list; null when there is none. */
  blockList(tenantId: string): BlockTableMemory | null {
    return this.#blockLists.get(tenantId)?.memory ?? null;
  }

  #setService(id: string, engine: EngineService): WorkerService {
    const targets = engine.targets.map(({ id: targetId, address, port, state, eligible }) => {
      const slot = this.#counters.targetSlot(id, targetId, { address, port });
      return { id: targetId, address, port, state, isUp: eligible, slot };
    });
    const previous = this.#services.get(id) ?? null;
    const slots = targets.map((target) => target.slot);
    const count = this.#standings.set(engine, slots);
    const table = buildBalance({
      service: engine,
      slots,
      load: this.#counters.load,
      held: this.#counters.held,
      latencies: this.#counters.latencies,
      previous: previous?.table ?? null,
      random: this.#random,
    });
    const service: WorkerService = {
      planned: engine.service,
      targets,
      table,
      clients: this.#clientsOf(engine.service, previous),
      standing: { memory: this.#counters.standing, count },
      retries: previous?.retries ?? newRetryBudget(),
      queue: previous?.queue ?? newQueueMemory(this.#counters.workers),
      pace: previous?.pace ?? newPaceMemory(),
    };
    this.#services.set(id, service);
    return service;
  }

  /** Clients are remembered for as long as the service goes on knowing them by the same thing. */
  #clientsOf({ stickiness }: PlannedService, previous: WorkerService | null): StickTableMemory | null {
    if (stickiness === null || stickiness.type === 'cookie') return null;
    const before = previous?.planned.stickiness ?? null;
    const kept = before !== null && keyOf(before) === keyOf(stickiness) ? previous?.clients : null;
    return kept ?? newStickTable(this.#random);
  }

  #removeService(id: string): null {
    this.#services.delete(id);
    return null;
  }
}

export const SYSTEM_CLOCK: StandingClock = { now: () => performance.now(), wallTime: () => Date.now() };

const UNOBSERVED = { clock: SYSTEM_CLOCK, onChange: () => undefined };

/** What clients are known by. */
function keyOf(stickiness: PlannedStickiness): string {
  return stickiness.type === 'source-ip' ? 'source-ip' : `${stickiness.type} ${stickiness.cookieName}`;
}
