import { hash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';
import type { PlanEntry, PlannedKind, PlannedObjects } from './plan.ts';

/** A hash is 128 bits of a SHA-256 as 32 hexadecimal digits: against accidents, not against attackers. */
const HASH_DIGITS = 32;
const NO_ENTRIES = '0'.repeat(HASH_DIGITS);

/** Hash of one entry, by its key and the canonical JSON of its value; see there for `remembered`. */
export function hashEntry(key: string, value: unknown, remembered?: Parameters<typeof canonicalJson>[1]): string {
  return hash('sha256', `${key}\n${canonicalJson(value, remembered)}`, 'hex').slice(0, HASH_DIGITS);
}

/**
 * Hash of a set of entries: the exclusive or of theirs. The order does not matter, and it can be carried along:
 * `combineHashes([whole, removed, added])` takes one entry out and puts another in. Each key may be in the set once.
 */
export function combineHashes(hashes: Iterable<string>): string {
  let combined = 0n;
  for (const digits of hashes) if (digits !== '') combined ^= BigInt(`0x${digits}`);
  return combined === 0n ? NO_ENTRIES : combined.toString(16).padStart(HASH_DIGITS, '0');
}

/** The entry of an object; `remembered` is what is known of parts of it that never change. */
export function planEntry<K extends PlannedKind>(
  kind: K,
  value: PlannedObjects[K],
  remembered?: Parameters<typeof canonicalJson>[1],
): PlanEntry {
  const key = `${kind}/${value.id}`;
  return { key, kind, hash: hashEntry(key, value, remembered), value } as PlanEntry;
}
