import { diffPlans, EMPTY_PLAN } from '@evenkeel/model/plan/delta.ts';
import type { PlannedListener, PlannedService, PlannedTarget } from '@evenkeel/model/plan/objects.ts';
import { isShared, type NodePlan, type SharedEntry } from '@evenkeel/model/plan/plan.ts';
import type { PlannedAuthority } from '@evenkeel/model/plan/tls.ts';
import type { EngineChange, EngineService } from '@evenkeel/proxy/engine/engine.ts';

/** What the resolver asks and tells about health. */
export interface TargetHealth {
  setService(service: PlannedService, targets: readonly PlannedTarget[]): void;
  removeService(serviceId: string): void;
  /** What targets are judged by that are verified; null: it is gone. */
  setAuthority(id: string, planned: PlannedAuthority | null): void;
  isEligible(serviceId: string, targetId: string): boolean;
}

/**
 * Turns plans and health into changes for the engine: joins services with their groups and keeps account of what the
 * engine has not been told yet. Health is told of new targets before the engine is, so that probing starts at once.
 */
export class Resolver {
  readonly #health: TargetHealth;
  readonly #zone: string;
  #plan: NodePlan = EMPTY_PLAN;
  /** Services by the group they draw on. */
  readonly #users = new Map<string, Set<string>>();
  readonly #dirtyShared = new Set<string>();
  readonly #dirtyServices = new Set<string>();
  readonly #dirtyListeners = new Set<string>();
  /** What the engine has. */
  readonly #sentShared = new Set<string>();
  readonly #sentServices = new Set<string>();
  readonly #sentListeners = new Set<string>();

  /** `zone`: of the node; empty: none. */
  constructor(health: TargetHealth, zone = '') {
    this.#health = health;
    this.#zone = zone;
  }

  get plan(): NodePlan {
    return this.#plan;
  }

  /** Takes a whole plan; marks what differs from the one before, and the services of groups that do. */
  setPlan(plan: NodePlan): void {
    const before = this.#plan;
    this.#plan = plan;
    const { upserts, removes } = diffPlans(before, plan);
    const services = new Set<string>();
    const groups: string[] = [];
    for (const key of [...upserts.map((entry) => entry.key), ...removes]) {
      const [kind, id] = splitKey(key);
      if (kind === 'listener') this.#dirtyListeners.add(id);
      else if (kind === 'service') services.add(id);
      else if (kind === 'group') groups.push(id);
      else {
        this.#dirtyShared.add(key);
        // Services of the same plan refer to it.
        if (kind === 'authority') this.#health.setAuthority(id, authorityIn(plan, id));
      }
    }
    for (const id of services) this.#index(id, before, plan);
    for (const id of groups) for (const user of this.#users.get(id) ?? []) services.add(user);
    for (const id of services) {
      this.#dirtyServices.add(id);
      const service = serviceIn(plan, id);
      if (service === undefined) this.#health.removeService(id);
      else this.#health.setService(service, targetsOf(plan, service));
    }
  }

  /** The eligibility of one of its targets has changed. */
  touchService(id: string): void {
    if (serviceIn(this.#plan, id) !== undefined) this.#dirtyServices.add(id);
  }

  /** The engine is to try it again. */
  touchListener(id: string): void {
    if (listenerIn(this.#plan, id) !== undefined) this.#dirtyListeners.add(id);
  }

  /** All that the engine has to be told, as things are now; null when there is nothing. From here on it counts as told. */
  take(): EngineChange | null {
    const shared = new Map<string, SharedEntry | null>();
    const services = new Map<string, EngineService | null>();
    const listeners = new Map<string, PlannedListener | null>();
    for (const key of this.#dirtyShared) {
      const entry = this.#plan.entries.get(key);
      if (entry !== undefined && isShared(entry)) shared.set(key, entry);
      else if (this.#sentShared.has(key)) shared.set(key, null);
    }
    for (const id of this.#dirtyServices) {
      const service = serviceIn(this.#plan, id);
      if (service !== undefined) services.set(id, this.#resolve(service));
      else if (this.#sentServices.has(id)) services.set(id, null);
    }
    for (const id of this.#dirtyListeners) {
      const listener = listenerIn(this.#plan, id);
      if (listener !== undefined) listeners.set(id, listener);
      else if (this.#sentListeners.has(id)) listeners.set(id, null);
    }
    this.#dirtyShared.clear();
    this.#dirtyServices.clear();
    this.#dirtyListeners.clear();
    for (const [key, entry] of shared) remember(this.#sentShared, key, entry !== null);
    for (const [id, service] of services) remember(this.#sentServices, id, service !== null);
    for (const [id, listener] of listeners) remember(this.#sentListeners, id, listener !== null);
    return shared.size + services.size + listeners.size === 0 ? null : { shared, services, listeners };
  }

  /** The engine could not be told: what it has of these is unknown, so they are to be told again, removals included. */
  giveBack(change: EngineChange): void {
    for (const key of change.shared.keys()) {
      this.#sentShared.add(key);
      this.#dirtyShared.add(key);
    }
    for (const id of change.services.keys()) {
      this.#sentServices.add(id);
      this.#dirtyServices.add(id);
    }
    for (const id of change.listeners.keys()) {
      this.#sentListeners.add(id);
      this.#dirtyListeners.add(id);
    }
  }

  #index(serviceId: string, before: NodePlan, after: NodePlan): void {
    const old = serviceIn(before, serviceId)?.groupId ?? null;
    const now = serviceIn(after, serviceId)?.groupId ?? null;
    if (old === now) return;
    if (old !== null) {
      const users = this.#users.get(old);
      users?.delete(serviceId);
      if (users?.size === 0) this.#users.delete(old);
    }
    if (now !== null) {
      const users = this.#users.get(now) ?? new Set();
      this.#users.set(now, users.add(serviceId));
    }
  }

  #resolve(service: PlannedService): EngineService {
    const targets = targetsOf(this.#plan, service).map((target) => ({
      id: target.id,
      address: target.address,
      port: target.port === 0 ? service.port : target.port,
      weight: target.weight,
      state: target.state,
      eligible: this.#health.isEligible(service.id, target.id),
      ...(this.#zone !== '' && target.zone === this.#zone && { isLocal: true }),
    }));
    return { service, targets };
  }
}

function remember(known: Set<string>, id: string, present: boolean): void {
  if (present) known.add(id);
  else known.delete(id);
}

function splitKey(key: string): [kind: string, id: string] {
  const slash = key.indexOf('/');
  return [key.slice(0, slash), key.slice(slash + 1)];
}

function listenerIn(plan: NodePlan, id: string): PlannedListener | undefined {
  const entry = plan.entries.get(`listener/${id}`);
  return entry?.kind === 'listener' ? entry.value : undefined;
}

function authorityIn(plan: NodePlan, id: string): PlannedAuthority | null {
  const entry = plan.entries.get(`authority/${id}`);
  return entry?.kind === 'authority' ? entry.value : null;
}

function serviceIn(plan: NodePlan, id: string): PlannedService | undefined {
  const entry = plan.entries.get(`service/${id}`);
  return entry?.kind === 'service' ? entry.value : undefined;
}

function targetsOf(plan: NodePlan, service: PlannedService): readonly PlannedTarget[] {
  const entry = service.groupId === null ? undefined : plan.entries.get(`group/${service.groupId}`);
  return entry?.kind === 'group' ? entry.value.targets : [];
}
