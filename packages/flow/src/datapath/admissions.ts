import type { KernelMap } from '../loader/kernel-map.ts';
import { numberKey } from './layout.ts';

/** What becomes of those who open flows from addresses of which this is the longest prefix of its gate. */
export interface Admission {
  readonly family: 4 | 6;
  /** The block's first address as a number of 32 or 128 bits. */
  readonly first: bigint;
  /** Bits that are compared. */
  readonly length: number;
  /** -1: they are admitted; else as `REFUSALS` of the model counts. */
  readonly verdict: number;
}

/** Entries of the map (bpf/consts.h). */
export const MOST_ADMISSIONS = 131_072;
/** Where IPv4 begins in IPv6 (RFC 4291, section 2.5.5.2). */
const MAPPED = 0xffffn << 32n;
const KEY_BYTES = 24;

/**
 * Gates: numbered sets of prefixes that say who may open flows. A listener names one, so a new set is put in force by one
 * write of the listener, and the old one is taken away when nobody names it any more. Number 0 is no gate.
 */
export class Admissions {
  readonly #map: KernelMap;
  /** Keys by gate, those of an earlier process included. */
  readonly #keys = new Map<number, readonly Buffer[]>();

  /** Reads what is there. */
  constructor(map: KernelMap) {
    this.#map = map;
    const known = new Map<number, Buffer[]>();
    for (const key of map.keys()) {
      const gate = key.readUInt32LE(4);
      const keys = known.get(gate);
      if (keys === undefined) known.set(gate, [key]);
      else keys.push(key);
    }
    for (const [gate, keys] of known) this.#keys.set(gate, keys);
  }

  /** Gates that have entries. */
  get gates(): readonly number[] {
    return [...this.#keys.keys()];
  }

  /** What a gate says, as `contentOf` has it: that of an earlier process is read from the kernel. */
  content(gate: number): string {
    const keys = this.#keys.get(gate) ?? [];
    return joined(keys.map((key) => entryText(key, this.#map.get(key)?.readUInt32LE(0) ?? 0)));
  }

  /** Entries that are left for others. */
  get room(): number {
    let used = 0;
    for (const keys of this.#keys.values()) used += keys.length;
    return MOST_ADMISSIONS - used;
  }

  /** Makes a gate. False: there is no room for it, and nothing of it is there. */
  add(gate: number, admissions: readonly Admission[]): boolean {
    if (gate === 0 || this.#keys.has(gate)) throw new RangeError(`gate ${gate} is taken`);
    if (admissions.length > this.room) return false;
    const keys: Buffer[] = [];
    this.#keys.set(gate, keys);
    for (const admission of admissions) {
      const key = keyOf(gate, admission);
      this.#map.set(key, numberKey(admission.verdict + 1));
      keys.push(key);
    }
    return true;
  }

  /** No listener may name it any more. */
  remove(gate: number): void {
    for (const key of this.#keys.get(gate) ?? []) this.#map.delete(key);
    this.#keys.delete(gate);
  }
}

/** The same text for the same admissions in any order, and another one for any others. */
export function contentOf(admissions: readonly Admission[]): string {
  return joined(admissions.map((admission) => entryText(keyOf(0, admission), admission.verdict + 1)));
}

function joined(entries: readonly string[]): string {
  return entries.toSorted().join();
}

/** Without the number of the gate. */
function entryText(key: Buffer, value: number): string {
  return `${key.toString('hex', 0, 4)}${key.toString('hex', 8)}:${value}`;
}

function keyOf(gate: number, { family, first, length }: Admission): Buffer {
  const bytes = Buffer.alloc(KEY_BYTES);
  bytes.writeUInt32LE(32 + length + (family === 4 ? 96 : 0), 0);
  bytes.writeUInt32LE(gate, 4);
  const address = family === 4 ? MAPPED | first : first;
  bytes.writeBigUInt64BE(address >> 64n, 8);
  bytes.writeBigUInt64BE(address & 0xffff_ffff_ffff_ffffn, 16);
  return bytes;
}
