import {
  type EvidenceAnswer,
  type EvidenceQuestion,
  type TargetEvidence,
  TRIAL_TARGETS,
  type TrialQuestion,
} from '@evenkeel/model/plan/evidence.ts';
import type { PlannedHealthCheck, PlannedService, PlannedTarget } from '@evenkeel/model/plan/objects.ts';
import { PLAIN_CHECK } from '@evenkeel/model/plan/plain.ts';
import type { Flapping, ReportedHealth } from '@evenkeel/model/plan/stream.ts';
import type { PlannedAuthority } from '@evenkeel/model/plan/tls.ts';
import type { Clock } from '../clock/clock.ts';
import type { KnownHealth } from './known.ts';
import type { ProbeTarget } from './prober.ts';
import { probeKey } from './shared-probe.ts';
import { detecting, type HealthState, isEligible, type Thresholds, unchecked } from './state.ts';
import type { Evidence, ProbeLoad, Watch } from './watch.ts';

export interface HealthCheckerOptions {
  readonly clock: Clock;
  readonly watch: Watch;
  /** What is known of targets before the first probe. */
  readonly known?: KnownHealth;
  /** A target is new, or its state or reason has changed. */
  readonly onChange: (change: HealthChange) => void;
}

export interface HealthChange {
  readonly serviceId: string;
  readonly targetId: string;
  /** null: the target is new. */
  readonly before: HealthState | null;
  readonly after: HealthState;
  /** null: it does not flap. */
  readonly flapping: Flapping | null;
  /** It flaps since this change, or has ceased to. */
  readonly flapTurn: boolean;
}

interface Checked {
  readonly serviceId: string;
  readonly targetId: string;
  readonly endpoint: string;
  /** What is probed; null: nothing. */
  readonly probed: ProbeTarget | null;
  /** What is asked of the endpoint; null: the service has no health check. */
  readonly key: string | null;
  /** Number of the judgement; 0 without one. */
  readonly id: number;
  limits: Thresholds;
  /** As it was last heard of. */
  state: HealthState;
  flapping: Flapping | null;
  /** Changes between healthy and unhealthy. */
  turns: number;
}

const NO_LIMITS: Thresholds = { rise: 1, fall: 1 };
const NEVER_TURNED = { flapping: null, turns: 0 };

/**
 * Knows how every target of every service is, by having those watched whose service has a health check. Told of services
 * one by one as plans change; what did not change keeps its state and its place in the schedule.
 */
export class HealthChecker {
  readonly #options: HealthCheckerOptions;
  readonly #services = new Map<string, Map<string, Checked>>();
  /** Those that are watched, by number. */
  readonly #watched = new Map<number, Checked>();
  #lastId = 0;

  constructor(options: HealthCheckerOptions) {
    this.#options = options;
    options.watch.onChange = (id, state, flapping) => this.#onState(id, state, flapping);
  }

  get load(): ProbeLoad {
    return this.#options.watch.load;
  }

  /**
   * Takes a service with all of its targets, new or changed. A target under another address or port is a new one. A
   * target whose check changed keeps its state, and is probed at once.
   */
  setService(service: PlannedService, targets: readonly PlannedTarget[]): void {
    const before = this.#services.get(service.id) ?? new Map<string, Checked>();
    const after = new Map<string, Checked>();
    // A plan of an older version leaves out what did not exist then. One object for all targets of the service, here and
    // on the thread that probes: with a copy for each of thousands, every probe would have to fetch its own from memory.
    const check = service.healthCheck === null ? null : { ...PLAIN_CHECK, ...service.healthCheck };
    for (const target of targets) after.set(target.id, this.#check(service, check, target, before.get(target.id)));
    for (const [id, checked] of before) {
      if (after.get(id) !== checked) this.#leave(checked);
    }
    this.#services.set(service.id, after);
  }

  removeService(serviceId: string): void {
    for (const checked of this.#services.get(serviceId)?.values() ?? []) this.#leave(checked);
    this.#services.delete(serviceId);
  }

  /** undefined when the service has no such target. */
  state(serviceId: string, targetId: string): HealthState | undefined {
    return this.#services.get(serviceId)?.get(targetId)?.state;
  }

  isEligible(serviceId: string, targetId: string): boolean {
    const state = this.state(serviceId, targetId);
    return state === undefined || isEligible(state);
  }

  /** Whether probes have come to a conclusion about all targets. */
  get isJudged(): boolean {
    for (const { state } of this.report()) if (state === 'detecting') return false;
    return true;
  }

  /** All targets, or those of one service. */
  *report(serviceId?: string): Generator<ReportedHealth> {
    const services = serviceId === undefined ? this.#services.keys() : [serviceId];
    for (const id of services) {
      for (const checked of this.#services.get(id)?.values() ?? []) yield reported(checked);
    }
  }

  /** One target; undefined when the service has no such target. */
  reportOf(serviceId: string, targetId: string): ReportedHealth | undefined {
    const checked = this.#services.get(serviceId)?.get(targetId);
    return checked && reported(checked);
  }

  /** Targets that have changed between healthy and unhealthy, and how often. */
  *turns(): Generator<{ readonly serviceId: string; readonly targetId: string; readonly count: number }> {
    for (const { serviceId, targetId, turns } of this.#watched.values()) {
      if (turns > 0) yield { serviceId, targetId, count: turns };
    }
  }

  setAuthority(id: string, planned: PlannedAuthority | null): void {
    this.#options.watch.setAuthority(id, planned);
  }

  /** The last exchanges with the targets of a service that are probed: with one of them, or with the first ones. */
  async evidence({ serviceId, targetId, limit }: EvidenceQuestion): Promise<EvidenceAnswer> {
    const all = [...(this.#services.get(serviceId)?.values() ?? [])];
    const wanted = all
      .filter((checked) => checked.probed !== null && (targetId === null || checked.targetId === targetId))
      .slice(0, limit);
    const evidence = await this.#options.watch.gather({ kind: 'history', ids: wanted.map(({ id }) => id) });
    return { targets: wanted.map(({ targetId: id, probed }, index) => shown(id, probed!, evidence[index] ?? [])) };
  }

  /** Probes each of the targets once; nothing is judged by it. */
  async trial({ check, proxyProtocol, targets }: TrialQuestion): Promise<EvidenceAnswer> {
    const wanted = targets.slice(0, TRIAL_TARGETS);
    const probed = wanted.map(({ address, port }): ProbeTarget => ({ address, port, check, proxyProtocol }));
    const evidence = await this.#options.watch.gather({ kind: 'trial', targets: probed });
    return { targets: wanted.map(({ targetId }, index) => shown(targetId, probed[index]!, evidence[index] ?? [])) };
  }

  /** Ends all probing; what is known stays. Resolves when nothing of it is under way, or soon. */
  stop(): Promise<void> {
    return this.#options.watch.stop();
  }

  #check(
    service: PlannedService,
    check: PlannedHealthCheck | null,
    target: PlannedTarget,
    before: Checked | undefined,
  ): Checked {
    const { clock } = this.#options;
    const port = target.port === 0 ? service.port : target.port;
    const endpoint = `${target.address} ${port}`;
    const same = before !== undefined && before.endpoint === endpoint ? before : undefined;
    const ids = { serviceId: service.id, targetId: target.id, endpoint };
    if (check === null) {
      if (same?.key === null) return same;
      const state = unchecked(clock.wallTime());
      return this.#add({ ...ids, ...NEVER_TURNED, probed: null, key: null, id: 0, limits: NO_LIMITS, state });
    }
    const probedPort = check.port === 0 ? port : check.port;
    // Another port than that of the traffic is another server, of which nothing is known.
    const proxyProtocol = probedPort === port ? service.proxyProtocol : 0;
    const probed: ProbeTarget = { address: target.address, port: probedPort, check, proxyProtocol };
    const key = probeKey(probed);
    const limits: Thresholds = { rise: check.rise, fall: check.fall };
    if (same !== undefined && same.key === key) {
      this.#adjust(same, limits);
      return same;
    }
    const known = same !== undefined && same.key !== null ? same : null;
    const learnt = known?.state ?? this.#options.known?.take(service.id, target.id);
    const state = learnt ?? detecting(clock.wallTime());
    const id = ++this.#lastId;
    const checked = this.#add({ ...ids, ...NEVER_TURNED, probed, key, id, limits, state });
    this.#watched.set(checked.id, checked);
    this.#options.watch.begin(checked.id, probed, limits, known === null ? state : { kind: 'as', id: known.id });
    return checked;
  }

  #add(checked: Checked): Checked {
    const { serviceId, targetId, state } = checked;
    this.#options.onChange({ serviceId, targetId, before: null, after: state, flapping: null, flapTurn: false });
    return checked;
  }

  #adjust(checked: Checked, limits: Thresholds): void {
    if (checked.limits.rise === limits.rise && checked.limits.fall === limits.fall) return;
    checked.limits = limits;
    this.#options.watch.adjust(checked.id, limits);
  }

  #leave({ id }: Checked): void {
    if (!this.#watched.delete(id)) return;
    this.#options.watch.end(id);
  }

  #onState(id: number, state: HealthState, flapping: Flapping | null): void {
    const checked = this.#watched.get(id);
    // What was judged before the end was heard of is of no interest any more.
    if (checked === undefined) return;
    const { serviceId, targetId, state: before } = checked;
    const flapTurn = (checked.flapping === null) !== (flapping === null);
    checked.state = state;
    checked.flapping = flapping;
    if (before.kind !== state.kind && before.kind !== 'detecting') checked.turns++;
    this.#options.onChange({ serviceId, targetId, before, after: state, flapping, flapTurn });
  }
}

function reported({ serviceId, targetId, state, flapping }: Checked): ReportedHealth {
  return { serviceId, targetId, state: state.kind, reason: state.reason, since: state.since, flapping };
}

function shown(targetId: string, { address, port }: ProbeTarget, exchanges: Evidence[number]): TargetEvidence {
  return { targetId, address, port, exchanges };
}
