import { type Resilience, resilienceOf } from '@evenkeel/model/plan/resilience.ts';
import { EJECTION_REASONS } from '@evenkeel/model/plan/stream.ts';
import { HELD_WHOLE } from '../balance/held.ts';
import type { EngineService, EngineTarget } from '../engine/engine.ts';
import { OVERFLOW_SLOT } from '../telemetry/slots.ts';
import { ejectionLimit } from './ejection-limit.ts';
import {
  type EjectionCount,
  EjectionReason,
  eject,
  ejectionsOf,
  limitEjections,
  newEjectionCount,
  release,
  type StandingMemory,
} from './ejections.ts';
import { failsOpen, takesTraffic } from './fail-open.ts';
import { judgeRates, type Observed } from './rates.ts';
import { heldInSlowStart } from './slow-start.ts';
import type { Ejected, TargetStanding } from './standing.ts';

/** The time of the engine's thread: monotonic and by the calendar, in milliseconds. */
export interface StandingClock {
  now(): number;
  wallTime(): number;
}

export interface StandingOptions {
  readonly memory: StandingMemory;
  readonly clock: StandingClock;
  /** What the workers counted of a target since they started; see `TargetCell`. */
  readonly observe: (slot: number) => Observed;
  /** Told of each target whose standing has changed: ejected, back, starting slowly or at its whole share. */
  readonly onChange: (standing: TargetStanding) => void;
}

/** How long the targets of a new service are found healthy one by one, rather than come back, in milliseconds. */
const FIRST_TIME = 30_000;

/** How often what is held back is compared with what ought to be, in milliseconds. */
const MEND_INTERVAL = 1_000;

/** One target, as long as it has its place. `endsAt`, `startedAt` and `backAt` by the monotonic clock. */
interface Member {
  readonly id: string;
  slot: number;
  candidate: boolean;
  ejected: { readonly told: Ejected; readonly endsAt: number } | null;
  startedAt: number | null;
  /** What was last written to `held`. */
  held: number;
  /** Ejections in a row, and when the last one ended. */
  times: number;
  backAt: number;
  seen: Observed;
}

/**
 * The targets of one service with outlier detection or slow start: takes note of ejections that workers made, ends them,
 * judges rates, and leads targets that are new or back to their share. On the engine's thread, which alone gives back.
 */
export class ServiceStanding {
  readonly count: EjectionCount = newEjectionCount();
  readonly #options: StandingOptions;
  readonly #members = new Map<string, Member>();
  #engine: EngineService;
  #planned: Resilience;
  #failOpen = false;
  #judgedAt: number;
  #mendedAt: number;
  /** Ejected or starting: there is something to do before workers or the plan change anything. */
  #busy = false;
  /** Targets that were there at the beginning, until then: they come to traffic together, whoever is healthy first. */
  readonly #first: ReadonlySet<string>;
  readonly #firstUntil: number;

  constructor(engine: EngineService, slots: readonly number[], options: StandingOptions) {
    this.#options = options;
    this.#engine = engine;
    this.#planned = resilienceOf(engine.service);
    this.#judgedAt = this.#mendedAt = options.clock.now();
    this.#first = new Set(engine.targets.map(({ id }) => id));
    this.#firstUntil = this.#judgedAt + FIRST_TIME;
    this.#failOpen = failsOpen(engine);
    this.update(engine, slots);
  }

  /** The service, its targets, or their health have changed; `slots` by target. */
  update(engine: EngineService, slots: readonly number[]): void {
    const wasOpen = this.#failOpen;
    const isOpen = failsOpen(engine);
    this.#engine = engine;
    this.#planned = resilienceOf(engine.service);
    this.#failOpen = isOpen;
    const staying = new Set<string>();
    let candidates = 0;
    engine.targets.forEach((target, index) => {
      const candidate = takesTraffic(target, isOpen);
      if (candidate) candidates++;
      staying.add(target.id);
      this.#join(target, slots[index]!, candidate, wasOpen || isOpen);
    });
    for (const [id, member] of this.#members) if (!staying.has(id)) this.#drop(member);
    this.#limit(candidates);
    this.#dropLoneStarts();
    if (wasOpen !== isOpen) for (const member of this.#members.values()) this.#tell(member);
  }

  /** These have left, and no worker will say anything of them any more. */
  forget(targetIds: Iterable<string>): void {
    for (const id of targetIds) {
      const member = this.#members.get(id);
      if (member === undefined) continue;
      this.#drop(member);
      this.#members.delete(id);
    }
  }

  /** To be called every now and then: what is due, is done. */
  sweep(): void {
    const ejections = ejectionsOf(this.count);
    if (ejections > 0 || this.#busy) this.#sweepMembers();
    this.#judge();
    this.#mend();
  }

  *report(): Generator<TargetStanding> {
    for (const member of this.#members.values()) yield this.#standing(member);
  }

  #join({ id }: EngineTarget, slot: number, candidate: boolean, open: boolean): void {
    const { clock, observe } = this.#options;
    const now = clock.now();
    const isFirst = this.#first.has(id) && now < this.#firstUntil;
    const known = this.#members.get(id);
    if (known === undefined) {
      const member = newMember(id, slot, candidate, observe(slot));
      this.#members.set(id, member);
      if (candidate && !isFirst) this.#start(member, now);
      return;
    }
    const came = candidate && !known.candidate;
    // What health checks say counts for more than what traffic said before.
    if (!candidate) this.#drop(known);
    known.candidate = candidate;
    if (!came) return;
    this.#setStreaks(slot, 0, 0);
    if (!open && !isFirst) this.#start(known, now);
  }

  /** It takes no traffic, for reasons of another kind. */
  #drop(member: Member): void {
    member.candidate = false;
    this.#giveBack(member, 0);
  }

  #setStreaks(slot: number, connectFailures: number, errors: number): void {
    const { streaks } = this.#options.memory;
    Atomics.store(streaks, 2 * slot, Math.max(0, connectFailures));
    Atomics.store(streaks, 2 * slot + 1, Math.max(0, errors));
  }

  #limit(candidates: number): void {
    const { targets } = this.#engine;
    const { outlierDetection: planned, failOpen } = this.#planned;
    const weighted = targets.filter(({ weight, state }) => weight > 0 && state === 'active').length;
    const maxEjectedShare = planned?.maxEjectedShare ?? 0;
    const limit = ejectionLimit({
      targets: weighted,
      candidates,
      maxEjectedShare,
      failOpen,
      isOpen: this.#failOpen,
    });
    limitEjections(this.count, Math.min(limit, 0xffff));
    if (ejectionsOf(this.count) > limit) this.#releaseBeyond(limit);
  }

  /** Those whose time would be over first come back first. */
  #releaseBeyond(limit: number): void {
    this.#noteEjections();
    const ejected = [...this.#members.values()].filter((member) => member.ejected !== null);
    ejected.sort((a, b) => a.ejected!.endsAt - b.ejected!.endsAt);
    for (const member of ejected.slice(0, Math.max(0, ejected.length - limit))) this.#giveBack(member, 0);
  }

  #sweepMembers(): void {
    this.#noteEjections();
    const now = this.#options.clock.now();
    this.#busy = false;
    for (const member of this.#members.values()) {
      if (member.ejected !== null && now >= member.ejected.endsAt) this.#return(member, now);
      if (member.startedAt !== null) this.#advance(member, member.startedAt, now);
      if (member.ejected !== null || member.startedAt !== null) this.#busy = true;
    }
    this.#dropLoneStarts();
  }

  /** Workers eject by themselves; here it is found out, and given an end. */
  #noteEjections(): void {
    const { memory } = this.#options;
    for (const member of this.#members.values()) {
      const reason = memory.ejected[member.slot]!;
      if (reason !== EjectionReason.none && member.ejected === null) this.#note(member, reason);
    }
  }

  #note(member: Member, reason: number): void {
    const { clock, memory } = this.#options;
    const planned = this.#planned.outlierDetection;
    const now = clock.now();
    if (!member.candidate || planned === null) {
      release(memory, this.count, member.slot, 0);
      return;
    }
    const { baseEjection, maxEjection, interval } = planned;
    // Each interval that it has stood since makes one ejection forgotten.
    const forgotten = member.times === 0 ? 0 : Math.floor((now - member.backAt) / interval);
    member.times = Math.max(0, member.times - forgotten) + 1;
    const duration = Math.min(maxEjection, baseEjection * 2 ** Math.min(30, member.times - 1));
    const since = clock.wallTime();
    const name = EJECTION_REASONS[reason - 1]!;
    const told: Ejected = { reason: name, since, until: since + duration, times: member.times };
    member.ejected = { told, endsAt: now + duration };
    member.startedAt = null;
    // The worker may be between its two steps, or its second one have been mended.
    Atomics.store(memory.held, member.slot, HELD_WHOLE);
    member.held = HELD_WHOLE;
    this.#busy = true;
    this.#tell(member);
  }

  /** On probation: the next failure ejects it again. */
  #return(member: Member, now: number): void {
    const planned = this.#planned.outlierDetection;
    if (planned !== null) {
      this.#setStreaks(member.slot, planned.consecutiveConnectFailures - 1, planned.consecutiveErrors - 1);
    }
    member.seen = this.#options.observe(member.slot);
    member.backAt = now;
    const { slowStart } = this.#planned;
    if (slowStart > 0) member.startedAt = now;
    this.#giveBack(member, slowStart > 0 ? heldInSlowStart(0, slowStart) : 0);
  }

  /** Ends an ejection or a slow start. */
  #giveBack(member: Member, held: number): void {
    const { memory } = this.#options;
    const wasWhole = member.ejected === null && member.held === 0;
    release(memory, this.count, member.slot, held);
    member.ejected = null;
    member.held = held;
    if (held === 0) member.startedAt = null;
    if (!wasWhole) this.#tell(member);
  }

  #start(member: Member, now: number): void {
    const { slowStart } = this.#planned;
    if (slowStart === 0) return;
    member.startedAt = now;
    this.#busy = true;
    this.#hold(member, heldInSlowStart(0, slowStart));
    this.#tell(member);
  }

  #advance(member: Member, startedAt: number, now: number): void {
    const held = heldInSlowStart(now - startedAt, this.#planned.slowStart);
    this.#hold(member, Math.min(held, member.held));
    if (member.held > 0) return;
    member.startedAt = null;
    this.#tell(member);
  }

  /** A worker that ejects it at this moment has the last word. */
  #hold(member: Member, held: number): void {
    const { memory } = this.#options;
    if (member.slot === OVERFLOW_SLOT) return;
    if (Atomics.compareExchange(memory.held, member.slot, member.held, held) === member.held) member.held = held;
  }

  /** Where nobody has a whole share, all have the same right to one. */
  #dropLoneStarts(): void {
    if (!this.#busy) return;
    const taking = [...this.#members.values()].filter(({ candidate, ejected }) => candidate && ejected === null);
    if (taking.some(({ startedAt }) => startedAt === null)) return;
    for (const member of taking) this.#giveBack(member, 0);
  }

  /**
   * A worker ejects in two steps. When the target is given back in between, its second step comes last, and would hold
   * the target back for ever, as nobody has it ejected.
   */
  #mend(): void {
    const { clock, memory } = this.#options;
    const now = clock.now();
    if (now - this.#mendedAt < MEND_INTERVAL) return;
    this.#mendedAt = now;
    for (const { slot, ejected, held } of this.#members.values()) {
      if (slot === OVERFLOW_SLOT || ejected !== null || memory.held[slot] === held) continue;
      if (Atomics.load(memory.ejected, slot) === EjectionReason.none) Atomics.store(memory.held, slot, held);
    }
  }

  #judge(): void {
    const planned = this.#planned.outlierDetection;
    const { clock, observe, memory } = this.#options;
    if (planned === null || (planned.successRateMargin === 0 && planned.latencyFactor === 0)) return;
    const now = clock.now();
    if (now - this.#judgedAt < planned.interval) return;
    this.#judgedAt = now;
    const members = [...this.#members.values()].filter(({ candidate, ejected }) => candidate && ejected === null);
    const observed = members.map((member) => {
      const seen = observe(member.slot);
      const since = difference(seen, member.seen);
      member.seen = seen;
      return since;
    });
    judgeRates(observed, planned).forEach((reason, index) => {
      const member = members[index]!;
      if (reason === EjectionReason.none || !eject(memory, this.count, member.slot, reason)) return;
      this.#note(member, reason);
    });
  }

  #tell(member: Member): void {
    this.#options.onChange(this.#standing(member));
  }

  #standing({ id, ejected, held }: Member): TargetStanding {
    return {
      serviceId: this.#engine.service.id,
      targetId: id,
      ejected: ejected === null ? null : ejected.told,
      share: Math.round((100 * (HELD_WHOLE - held)) / HELD_WHOLE),
      failOpen: this.#failOpen,
    };
  }
}

function newMember(id: string, slot: number, candidate: boolean, seen: Observed): Member {
  return { id, slot, candidate, ejected: null, startedAt: null, held: 0, times: 0, backAt: 0, seen };
}

function difference(now: Observed, before: Observed): Observed {
  return {
    answers: now.answers - before.answers,
    failures: now.failures - before.failures,
    answerTime: now.answerTime - before.answerTime,
  };
}
