import { STANDARD_HASH, STANDARD_ZONE } from '@evenkeel/model/plan/balancing.ts';
import type { PlannedService } from '@evenkeel/model/plan/objects.ts';
import type { EngineService, EngineTarget } from '../engine/engine.ts';
import { failsOpen, takesTraffic } from '../standing/fail-open.ts';
import type { Latencies } from './latency.ts';
import { maglevLookup, NO_LOOKUP } from './maglev-lookup.ts';
import { smoothSequence } from './smooth-sequence.ts';
import { BalanceKind, type BalanceTable, MAX_TARGETS } from './table.ts';
import { divideByZone, WHOLE } from './zones.ts';

export interface BalanceInput {
  readonly service: EngineService;
  /** By target: its place in `load`. */
  readonly slots: ArrayLike<number>;
  /** Requests under way by slot, in shared memory; workers count in it. */
  readonly load: Int32Array;
  /** What is held back from targets, by slot, in shared memory. */
  readonly held: Int32Array;
  /** How long targets take to answer, by slot, in shared memory; workers observe it. */
  readonly latencies: Latencies;
  /** The service's table until now: its schedule is continued. null for a new service. */
  readonly previous: BalanceTable | null;
  /** 0 <= random() < 1: where the schedule of a new service begins, so that nodes do not all start with one target. */
  readonly random: () => number;
}

/**
 * The table for a service as it is now. Runs in the owner's thread; costs O(L log n) for a schedule of L turns (up to
 * 100 a target), or about 1 ms for a source-IP table whose targets or weights have changed.
 */
export function buildBalance(input: BalanceInput): BalanceTable {
  const { service, previous } = input;
  const { targets } = service;
  const open = failsOpen(service);
  const division = divideByZone(service.service.zone ?? STANDARD_ZONE, targets);
  if (division === null) return buildTable(input, candidatesOf(targets, open), previous);
  const isLocal = (index: number) => targets[index]!.isLocal === true;
  if (!division.spills) return buildTable(input, candidatesOf(targets, open, isLocal), previous);
  const all = candidatesOf(targets, open);
  const local = all.filter(isLocal);
  const others = all.filter((index) => !isLocal(index));
  if (local.length === 0 || others.length === 0) return buildTable(input, all, previous);
  const elsewhere = buildTable(input, others, previous?.elsewhere ?? null);
  return { ...buildTable(input, local, previous), elsewhere, localShare: division.localShare };
}

function buildTable(input: BalanceInput, indexes: readonly number[], previous: BalanceTable | null): BalanceTable {
  const { service, slots, load, held, latencies, random } = input;
  const kind = kindOf(service.service);
  const candidates = sharedUint16(indexes);
  const weights = new Uint8Array(new SharedArrayBuffer(candidates.length));
  const itsSlots = new Int32Array(new SharedArrayBuffer(candidates.length * 4));
  for (let c = 0; c < candidates.length; c++) {
    weights[c] = service.targets[candidates[c]!]!.weight;
    itsSlots[c] = slots[candidates[c]!]!;
  }
  const cursor = previous?.cursor ?? new Int32Array(new SharedArrayBuffer(4));
  const { stickiness } = service.service;
  const goesByKey = kind === BalanceKind.key || kind === BalanceKind.boundedKey;
  const byKey = goesByKey || (stickiness !== null && stickiness.type !== 'cookie');
  const basis = {
    kind,
    candidates,
    weights,
    slots: itsSlots,
    cursor,
    lookup: byKey ? maglevLookup(service.targets, candidates, previous?.lookup ?? NO_LOOKUP) : NO_LOOKUP,
    keeps: stickiness === null ? NOBODY : keepsOf(service),
    load,
    held,
    slotOf: sharedInt32(slots),
    meanWeight: candidates.length === 0 ? 1 : sum(weights) / candidates.length,
    loadFactor: (service.service.hash ?? STANDARD_HASH).loadFactor,
    latencies,
    elsewhere: null,
    localShare: WHOLE,
  };
  if (goesByKey) return { ...basis, sequence: NO_CANDIDATES, owed: NONE_OWED, start: 0 };
  if (previous !== null && previous.sequence.length > 0 && sameSchedule(previous, weights, itsSlots)) {
    const { sequence, owed, start } = previous;
    return { ...basis, sequence, owed, start };
  }
  const start = Atomics.load(cursor, 0);
  const owed = previous === null ? NONE_OWED : owedNow(previous, start, slots, itsSlots, weights);
  const theirs = Array.from(itsSlots, (slot) => owed.get(slot) ?? 0);
  const sequence = sharedUint16(smoothSequence(weights, theirs));
  const first = previous === null ? start - Math.floor(random() * sequence.length) : start;
  return { ...basis, sequence, owed, start: first };
}

const NO_CANDIDATES = new Uint16Array(new SharedArrayBuffer(0));
const NOBODY = new Uint8Array(new SharedArrayBuffer(0));
const NONE_OWED: ReadonlyMap<number, number> = new Map();

function kindOf({ algorithm, hash }: PlannedService): BalanceKind {
  switch (algorithm) {
    case 'round-robin':
      return BalanceKind.roundRobin;
    case 'least-connections':
      return BalanceKind.leastConnections;
    case 'source-ip':
    case 'hash':
      return (hash ?? STANDARD_HASH).loadFactor === 0 ? BalanceKind.key : BalanceKind.boundedKey;
    case 'power-of-two':
      return BalanceKind.powerOfTwo;
    case 'peak-ewma':
      return BalanceKind.peakEwma;
  }
}

/**
 * Targets that take new traffic, of those that are active: eligible ones of positive weight; when there are none, or the
 * service fails open, all of positive weight.
 */
function candidatesOf(
  targets: readonly EngineTarget[],
  open: boolean,
  counts: (index: number) => boolean = () => true,
): number[] {
  const weighted: number[] = [];
  const eligible: number[] = [];
  for (let index = 0; index < Math.min(targets.length, MAX_TARGETS); index++) {
    const target = targets[index]!;
    if (!takesTraffic(target, true) || !counts(index)) continue;
    weighted.push(index);
    if (target.eligible) eligible.push(index);
  }
  return eligible.length > 0 && !open ? eligible : weighted;
}

/**
 * Targets that take clients who belong to them, whatever their weight: eligible ones that are not disabled. When the
 * service fails open, health counts for nothing here as well.
 */
function keepsOf(service: EngineService): Uint8Array {
  const { targets } = service;
  const keeps = new Uint8Array(new SharedArrayBuffer(targets.length));
  const healthCounts = targets.some((target) => takesTraffic(target, false)) && !failsOpen(service);
  targets.forEach(({ state, eligible }, index) => {
    keeps[index] = state !== 'disabled' && (eligible || !healthCounts) ? 1 : 0;
  });
  return keeps;
}

function sameSchedule(previous: BalanceTable, weights: Uint8Array, slots: Int32Array): boolean {
  if (previous.slots.length !== slots.length) return false;
  for (let c = 0; c < slots.length; c++) {
    if (previous.slots[c] !== slots[c] || previous.weights[c] !== weights[c]) return false;
  }
  return true;
}

/**
 * How far each target is behind (> 0) or ahead (< 0) of its share in the schedule until now, by slot, so that the next
 * schedule goes on from there: without it, changes that come fast enough would let a target of low weight wait for ever.
 * A target that takes no traffic for a while keeps what it is owed. All that candidates are owed together is 0, so what
 * comes and goes with targets is spread over the candidates by weight.
 */
function owedNow(
  previous: BalanceTable,
  cursor: number,
  slots: ArrayLike<number>,
  candidateSlots: Int32Array,
  weights: Uint8Array,
): Map<number, number> {
  const before = new Map(previous.owed);
  const { sequence } = previous;
  const turns = sequence.length === 0 ? 0 : ((cursor - previous.start) >>> 0) % sequence.length;
  const had = new Float64Array(previous.weights.length);
  for (let turn = 0; turn < turns; turn++) had[sequence[turn]!]!++;
  const totalBefore = sum(previous.weights);
  for (let c = 0; c < had.length; c++) {
    const slot = previous.slots[c]!;
    const due = (turns * previous.weights[c]!) / totalBefore;
    before.set(slot, (before.get(slot) ?? 0) + due - had[c]!);
  }
  const owed = new Map<number, number>();
  for (let target = 0; target < slots.length; target++) owed.set(slots[target]!, before.get(slots[target]!) ?? 0);
  const surplus = candidateSlots.reduce((total, slot) => total + (owed.get(slot) ?? 0), 0);
  const total = sum(weights);
  candidateSlots.forEach((slot, c) => {
    const fair = (owed.get(slot) ?? 0) - (surplus * weights[c]!) / total;
    owed.set(slot, Math.max(-MOST_OWED, Math.min(MOST_OWED, fair)));
  });
  return owed;
}

/** Whole turns are not carried over: the windows of the schedule (see smooth-sequence.ts) are moved by less than one. */
const MOST_OWED = 0.999;

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}

function sharedUint16(values: readonly number[]): Uint16Array {
  const shared = new Uint16Array(new SharedArrayBuffer(values.length * 2));
  shared.set(values);
  return shared;
}

function sharedInt32(values: ArrayLike<number>): Int32Array {
  const shared = new Int32Array(new SharedArrayBuffer(values.length * 4));
  shared.set(values);
  return shared;
}
