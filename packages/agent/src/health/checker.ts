import type { PlannedService, PlannedTarget } from '@evenkeel/model/plan/objects.ts';
import type { ReportedHealth } from '@evenkeel/model/plan/stream.ts';
import type { Clock, Random } from '../clock/clock.ts';
import { Judge } from './judge.ts';
import type { ProbeOutcome } from './outcome.ts';
import type { Prober, ProbeTarget } from './prober.ts';
import { Scheduler } from './scheduler.ts';
import { probeKey, SharedProbe, type SharedProbeOptions } from './shared-probe.ts';
import { detecting, type HealthState, isEligible, type Thresholds, unchecked } from './state.ts';

/** Probes in flight at a time; each holds one descriptor. */
export const PROBE_SLOTS = 256;

export interface HealthCheckerOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly prober: Prober;
  readonly slots?: number;
  /** A target is new, or its state or reason has changed. */
  readonly onChange: (change: HealthChange) => void;
  /** A probe has ended; `duration` and `lag` (how long it waited for a slot) in milliseconds. */
  readonly onProbed?: (target: ProbeTarget, outcome: ProbeOutcome, duration: number, lag: number) => void;
}

export interface HealthChange {
  readonly serviceId: string;
  readonly targetId: string;
  /** null: the target is new. */
  readonly before: HealthState | null;
  readonly after: HealthState;
}

interface Checked {
  readonly judge: Judge;
  readonly endpoint: string;
  /** null: the service has no health check. */
  readonly key: string | null;
}

const NO_LIMITS: Thresholds = { rise: 1, fall: 1 };

/**
 * Knows how every target of every service is, by probing those whose service has a health check. Told of services one by
 * one as plans change; what did not change keeps its state and its place in the schedule.
 */
export class HealthChecker {
  readonly #options: HealthCheckerOptions;
  readonly #scheduler: Scheduler;
  readonly #probeOptions: SharedProbeOptions;
  readonly #probes = new Map<string, SharedProbe>();
  readonly #services = new Map<string, Map<string, Checked>>();

  constructor(options: HealthCheckerOptions) {
    this.#options = options;
    this.#scheduler = new Scheduler({ clock: options.clock, slots: options.slots ?? PROBE_SLOTS });
    this.#probeOptions = { ...options, scheduler: this.#scheduler, onProbed: options.onProbed ?? (() => undefined) };
  }

  get probesInFlight(): number {
    return this.#scheduler.running;
  }

  get probesWaiting(): number {
    return this.#scheduler.waiting;
  }

  /** Milliseconds by which the latest probe is late for want of a slot. */
  get lag(): number {
    return this.#scheduler.lag;
  }

  /** Different probes; services that ask the same of the same endpoint share one. */
  get probes(): number {
    return this.#probes.size;
  }

  /**
   * Takes a service with all of its targets, new or changed. A target under another address or port is a new one. A
   * target whose check changed keeps its state, and is probed at once.
   */
  setService(service: PlannedService, targets: readonly PlannedTarget[]): void {
    const before = this.#services.get(service.id) ?? new Map<string, Checked>();
    const after = new Map<string, Checked>();
    for (const target of targets) after.set(target.id, this.#check(service, target, before.get(target.id)));
    for (const [id, checked] of before) {
      if (after.get(id)?.judge !== checked.judge) this.#leave(checked);
    }
    this.#services.set(service.id, after);
  }

  removeService(serviceId: string): void {
    for (const checked of this.#services.get(serviceId)?.values() ?? []) this.#leave(checked);
    this.#services.delete(serviceId);
  }

  /** undefined when the service has no such target. */
  state(serviceId: string, targetId: string): HealthState | undefined {
    return this.#services.get(serviceId)?.get(targetId)?.judge.state;
  }

  isEligible(serviceId: string, targetId: string): boolean {
    const state = this.state(serviceId, targetId);
    return state === undefined || isEligible(state);
  }

  /** All targets, or those of one service. */
  *report(serviceId?: string): Generator<ReportedHealth> {
    const services = serviceId === undefined ? this.#services.keys() : [serviceId];
    for (const id of services) {
      for (const { judge } of this.#services.get(id)?.values() ?? []) yield reported(judge);
    }
  }

  /** Ends all probing; what is known stays. */
  stop(): void {
    this.#scheduler.stop();
    for (const service of this.#services.values()) for (const checked of service.values()) this.#leave(checked);
  }

  #check(service: PlannedService, target: PlannedTarget, before: Checked | undefined): Checked {
    const check = service.healthCheck;
    const port = target.port === 0 ? service.port : target.port;
    const endpoint = `${target.address} ${port}`;
    const same = before !== undefined && before.endpoint === endpoint ? before : undefined;
    if (check === null) {
      if (same?.key === null) return same;
      return {
        judge: this.#judge(service.id, target.id, unchecked(this.#options.clock.wallTime()), NO_LIMITS),
        endpoint,
        key: null,
      };
    }
    const probed: ProbeTarget = { address: target.address, port: check.port === 0 ? port : check.port, check };
    const key = probeKey(probed);
    const limits: Thresholds = { rise: check.rise, fall: check.fall };
    if (same !== undefined && same.key === key) {
      same.judge.limits = limits;
      return same;
    }
    const known =
      same !== undefined && same.key !== null ? same.judge.state : detecting(this.#options.clock.wallTime());
    const judge = this.#judge(service.id, target.id, known, limits);
    this.#join(key, probed, judge);
    return { judge, endpoint, key };
  }

  #judge(serviceId: string, targetId: string, state: HealthState, limits: Thresholds): Judge {
    const { clock, onChange } = this.#options;
    onChange({ serviceId, targetId, before: null, after: state });
    return new Judge({ serviceId, targetId }, state, limits, clock, (judge, before) =>
      onChange({ serviceId, targetId, before, after: judge.state }),
    );
  }

  #join(key: string, target: ProbeTarget, judge: Judge): void {
    let probe = this.#probes.get(key);
    if (probe === undefined) {
      probe = new SharedProbe(target, this.#probeOptions);
      this.#probes.set(key, probe);
    }
    probe.join(judge);
  }

  #leave(checked: Checked): void {
    if (checked.key === null) return;
    if (this.#probes.get(checked.key)?.leave(checked.judge) === true) this.#probes.delete(checked.key);
  }
}

function reported(judge: Judge): ReportedHealth {
  const { kind, reason, since } = judge.state;
  return { serviceId: judge.serviceId, targetId: judge.targetId, state: kind, reason, since };
}
