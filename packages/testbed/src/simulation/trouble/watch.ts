import { STANDARD_TARGET_LIMITS } from '@evenkeel/model/plan/balancing.ts';
import { resilienceOf } from '@evenkeel/model/plan/resilience.ts';
import { HELD_WHOLE } from '@evenkeel/proxy/balance/held.ts';
import type { Journal } from '../journal.ts';
import { isUnlimited, type PlacedTarget, type TroubledWorld } from './world.ts';

/**
 * Looks after every event whether targets stand as they may: never more of them ejected than the service allows, by
 * numbers of its own; no slow start that goes back; nothing new for an ejected target while another one could have it;
 * no target with more than it may have.
 */
export class StandingWatch {
  readonly #world: TroubledWorld;
  readonly #journal: Journal;
  #targets: readonly PlacedTarget[] = [];
  #candidates: readonly PlacedTarget[] = [];
  #mostEjected = 0;
  /** By slot, as it was after the last event. */
  readonly #held = new Map<number, number>();
  readonly #requests = new Map<number, number>();

  constructor(world: TroubledWorld, journal: Journal) {
    this.#world = world;
    this.#journal = journal;
  }

  look(): void {
    const { targets } = this.#world;
    if (targets === this.#targets) this.#checkRequests();
    else this.#meet(targets);
    this.#checkEjections();
    for (const target of targets) {
      this.#checkPlaces(target);
      this.#checkHeld(target);
      this.#requests.set(target.slot, this.#world.requestsAt(target));
    }
  }

  /** The plan has changed. */
  #meet(targets: readonly PlacedTarget[]): void {
    const slots = new Set(targets.map(({ slot }) => slot));
    // Whoever has left begins anew.
    for (const slot of this.#held.keys()) if (!slots.has(slot)) this.#held.delete(slot);
    this.#targets = targets;
    this.#candidates = candidatesOf(this.#world);
    this.#mostEjected = mostEjected(this.#world);
  }

  #checkEjections(): void {
    const { memory } = this.#world;
    let ejected = 0;
    for (const { id, slot } of this.#targets) {
      const isEjected = memory.ejected[slot] !== 0;
      if (isEjected) ejected++;
      const held = memory.held[slot]!;
      if (isEjected !== (held === HELD_WHOLE)) this.#journal.violate(`${id}: ejected ${isEjected}, held ${held}`);
    }
    if (ejected > this.#mostEjected) this.#journal.violate(`${ejected} are ejected, of ${this.#mostEjected} at most`);
    if (this.#world.counted !== ejected)
      this.#journal.violate(`${ejected} are ejected, ${this.#world.counted} counted`);
  }

  /** A slow start gives back, from its beginning to its end. */
  #checkHeld({ id, slot }: PlacedTarget): void {
    const was = this.#held.get(slot) ?? 0;
    const is = this.#world.memory.held[slot]!;
    if (was === is) return;
    this.#held.set(slot, is);
    if (is === HELD_WHOLE) this.#journal.count('ejections');
    else if (is > was && was !== 0) this.#journal.violate(`the share of ${id} shrinks: ${was}, ${is}`);
    if (was === 0 && is < HELD_WHOLE) this.#journal.count('slow starts of new ones');
    if (was === HELD_WHOLE && is > 0) this.#journal.count('slow starts after ejections');
  }

  #checkPlaces(target: PlacedTarget): void {
    const { targetLimits = STANDARD_TARGET_LIMITS } = this.#world.service;
    const { places, connectionPlaces } = this.#world.at(target);
    if (places < 0 || places > targetLimits.maxRequests) this.#journal.violate(`${places} requests at ${target.id}`);
    if (connectionPlaces < 0 || connectionPlaces > targetLimits.maxConnections) {
      this.#journal.violate(`${connectionPlaces} connections to ${target.id}`);
    }
  }

  /** Nothing new goes to an ejected target, unless it has failed at all others, as far as one request can know. */
  #checkRequests(): void {
    const { service } = this.#world;
    for (const target of this.#targets) {
      const came = this.#world.requestsAt(target) - (this.#requests.get(target.slot) ?? 0);
      if (came === 0 || !this.#isHeldAllAlong(target)) continue;
      this.#journal.count('asked while ejected', came);
      // Full ones are passed over, and who was full in the middle of an event cannot be told afterwards.
      if (!isUnlimited(service)) continue;
      const free = this.#candidates.filter((each) => this.#isFreeAllAlong(each)).length;
      const mayHaveFailed = Math.min(2, resilienceOf(service).retry.attempts - 1);
      if (free > mayHaveFailed) {
        this.#journal.violate(
          `${came} requests went to ${target.id}, which is ejected, while ${free} others take some`,
        );
      }
    }
  }

  #isHeldAllAlong({ slot }: PlacedTarget): boolean {
    return this.#held.get(slot) === HELD_WHOLE && this.#world.memory.held[slot] === HELD_WHOLE;
  }

  #isFreeAllAlong({ slot }: PlacedTarget): boolean {
    return this.#held.get(slot) !== HELD_WHOLE && this.#world.memory.held[slot] !== HELD_WHOLE;
  }
}

/** Targets that take traffic, but for what they showed: all of them where too few are healthy. */
function candidatesOf(world: TroubledWorld): readonly PlacedTarget[] {
  const weighted = weightedOf(world);
  return isOpen(world, weighted) ? weighted : weighted.filter(({ eligible }) => eligible);
}

function weightedOf({ targets }: TroubledWorld): readonly PlacedTarget[] {
  return targets.filter(({ weight, state }) => weight > 0 && state === 'active');
}

function isOpen({ service }: TroubledWorld, weighted: readonly PlacedTarget[]): boolean {
  const healthy = weighted.filter(({ eligible }) => eligible).length;
  return healthy === 0 || healthy / weighted.length < resilienceOf(service).failOpen / 100;
}

/** How many targets may be ejected at once: what docs/guide/resilience.md says, in other words. */
function mostEjected(world: TroubledWorld): number {
  const weighted = weightedOf(world);
  if (isOpen(world, weighted)) return 0;
  const { outlierDetection, failOpen } = resilienceOf(world.service);
  if (outlierDetection === null) return 0;
  const healthy = candidatesOf(world).length;
  let most = 0;
  while (most < healthy - 1) {
    const isWithinShare = most === 0 || (most + 1) / weighted.length <= outlierDetection.maxEjectedShare / 100;
    const left = healthy - most - 1;
    if (!isWithinShare || left / weighted.length < failOpen / 100) break;
    most++;
  }
  return most;
}
