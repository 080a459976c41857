import { firstGeneration, type Generation, joinGeneration, nextGeneration } from '@evenkeel/flow/maglev/generations.ts';
import type { ToldAges } from './told-ages.ts';

/** Tables that are kept until this node has joined, 256 KiB each; services beyond them begin with a table of their own. */
const MOST = 1_024;

/**
 * Tables of other nodes, with which a node that joins begins: what it knows by itself is the present, but flows may be
 * older. Until it has joined, whatever its own health checks make of a table in their first seconds is derived from them.
 */
export class LearntTables {
  /** By service; null: the node has joined. */
  #theirs: Map<string, Generation> | null = new Map();
  /** How old the slots of theirs are, of the same services. */
  readonly #ages = new Map<string, ToldAges>();
  /** Services that had no table before this process. */
  readonly #fresh = new Set<string>();

  /** Returns whether it is taken. The first node that tells of a service is believed. */
  learn(service: string, generation: Generation, ages: ToldAges | null = null): boolean {
    if (this.#theirs === null) return false;
    const isNew = !this.#theirs.has(service);
    if (isNew && this.#theirs.size >= MOST) return false;
    if (isNew) this.#theirs.set(service, generation);
    if (ages !== null) this.#ages.set(service, ages);
    return isNew;
  }

  /** Until this node has joined. */
  agesOf(service: string): ToldAges | null {
    return this.#ages.get(service) ?? null;
  }

  /** Whether the table of a service is one that another node had before. */
  isTheirs(service: string): boolean {
    return this.#fresh.has(service) && this.#theirs?.has(service) === true;
  }

  /** The table that comes after `before`, which is null when there is none; `before` itself: it may stay. */
  next(
    service: string,
    slots: Uint16Array,
    before: Generation | null,
    isGone: (number: number) => boolean,
  ): Generation {
    if (before === null && this.#theirs !== null) this.#fresh.add(service);
    const theirs = this.#fresh.has(service) ? this.#theirs?.get(service) : undefined;
    if (theirs !== undefined) {
      const joined = joinGeneration(slots, theirs);
      return before?.every((pair, slot) => pair === joined[slot]) ? before : joined;
    }
    if (before === null) return firstGeneration(slots);
    return isCurrent(before, slots) ? before : nextGeneration(slots, before, isGone);
  }

  joined(): void {
    this.#theirs = null;
    this.#ages.clear();
    this.#fresh.clear();
  }
}

const TARGET = 0x7fff;

function isCurrent(table: Generation, slots: Uint16Array): boolean {
  return slots.every((target, slot) => (table[slot]! & TARGET) === target);
}
