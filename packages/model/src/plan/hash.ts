import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';
import type { PlannedGroup, PlannedListener, PlannedService } from './objects.ts';
import type { PlanEntry } from './plan.ts';

/** A hash is 128 bits of a SHA-256 as 32 hexadecimal digits: against accidents, not against attackers. */
const HASH_DIGITS = 32;
const NO_ENTRIES = '0'.repeat(HASH_DIGITS);

/** Hash of one entry, by its key and the canonical JSON of its value. */
export function hashEntry(key: string, value: unknown): string {
  return createHash('sha256')
    .update(`${key}\n${canonicalJson(value)}`)
    .digest('hex')
    .slice(0, HASH_DIGITS);
}

/**
 * Hash of a set of entries: the exclusive or of theirs. The order does not matter, and it can be carried along:
 * `combineHashes([whole, removed, added])` takes one entry out and puts another in. Each key may be in the set once.
 */
export function combineHashes(hashes: Iterable<string>): string {
  let combined = 0n;
  for (const hash of hashes) if (hash !== '') combined ^= BigInt(`0x${hash}`);
  return combined === 0n ? NO_ENTRIES : combined.toString(16).padStart(HASH_DIGITS, '0');
}

export function listenerEntry(value: PlannedListener): PlanEntry {
  const key = `listener/${value.id}`;
  return { key, kind: 'listener', hash: hashEntry(key, value), value };
}

export function serviceEntry(value: PlannedService): PlanEntry {
  const key = `service/${value.id}`;
  return { key, kind: 'service', hash: hashEntry(key, value), value };
}

export function groupEntry(value: PlannedGroup): PlanEntry {
  const key = `group/${value.id}`;
  return { key, kind: 'group', hash: hashEntry(key, value), value };
}
