import type { KernelMap } from '../loader/kernel-map.ts';
import { type Guard, SIZES, sourceRuleBytes } from './layout.ts';

/** Where IPv4 begins in IPv6 (RFC 4291, section 2.5.5.2). */
const MAPPED = 0xffff;
const ADDRESS_BYTES = SIZES.sources.key;
const NO_END = 0xffff_ffff;
/** Latest end that is one: what lasts longer lasts until the machine starts anew, and is then put in again. */
const LAST = NO_END - 1;

/**
 * All of IPv4. It is part of short IPv6 prefixes as the trie sees them, and of none as anybody else does: with them it is
 * always there, saying what is said of it, nothing if need be.
 */
const ALL_IPV4 = sourceKey(new Uint32Array(1), 0);
const NOTHING = sourceRuleBytes({ deniedUntil: 0, allowedUntil: 0 });

/** Seconds from now for which a source is denied and allowed; 0: it is not, null: for ever. */
export interface SourceTimes {
  readonly denied: number | null;
  readonly allowed: number | null;
}

/** What stands for a source in the kernel: 1 word of IPv4 or 4, without bits beyond the prefix. */
export function sourceKey(words: Uint32Array, length: number): Buffer {
  const isV4 = words.length === 1;
  const isAddress = length === 32 * words.length;
  const bytes = Buffer.alloc(isAddress ? ADDRESS_BYTES : SIZES.source_networks.key);
  if (!isAddress) bytes.writeUInt32LE(length + (isV4 ? 96 : 0), 0);
  const at = bytes.length - ADDRESS_BYTES;
  if (isV4) bytes.writeUInt32BE(MAPPED, at + 8);
  const first = bytes.length - 4 * words.length;
  for (let i = 0; i < words.length; i++) bytes.writeUInt32BE(words[i]!, first + 4 * i);
  return bytes;
}

/**
 * Who is denied before anything else, and who may all the same: addresses in a hash, networks in a prefix trie. Of networks
 * the longest alone is found, so it has to say what all say that contain it. An address says no more than it says itself.
 */
export class DeniedSources {
  readonly #addresses: KernelMap;
  readonly #networks: KernelMap;
  readonly #changed: (inUse: Partial<Record<Guard, boolean>>) => void;

  /** `changed` tells the programs what to look at, and that what they remember is out of date. */
  constructor(addresses: KernelMap, networks: KernelMap, changed: (inUse: Partial<Record<Guard, boolean>>) => void) {
    this.#addresses = addresses;
    this.#networks = networks;
    this.#changed = changed;
  }

  /** Throws when there is no room. */
  set(key: Buffer, { denied, allowed }: SourceTimes): void {
    const isAddress = key.length === ADDRESS_BYTES;
    const rule = { deniedUntil: endOf(denied), allowedUntil: endOf(allowed) };
    if (!isAddress && key.readUInt32LE(0) < ALL_IPV4.readUInt32LE(0)) this.#networks.add(ALL_IPV4, NOTHING);
    (isAddress ? this.#addresses : this.#networks).set(key, sourceRuleBytes(rule));
    if (isAddress) this.#changed({ sources: true });
    else this.#changed({ source_networks: true, ...(allowed !== 0 && { allowed_networks: true }) });
  }

  delete(key: Buffer): boolean {
    const isAddress = key.length === ADDRESS_BYTES;
    const map = isAddress ? this.#addresses : this.#networks;
    const isKept = key.equals(ALL_IPV4) && map.get(key) !== null;
    if (isKept) map.set(key, NOTHING);
    const isGone = isKept || map.delete(key);
    if (isGone) this.#lookNoFurther(isAddress);
    return isGone;
  }

  /** Has programs look at nothing where there is nothing, whatever an earlier process has told them. */
  settle(): void {
    for (const isAddress of [true, false]) this.#lookNoFurther(isAddress);
  }

  /** Everything that is there. `words` is another array each time. */
  *entries(): Generator<{ readonly words: Uint32Array; readonly length: number }> {
    for (const key of this.#addresses.keys()) yield sourceIn(key, 128);
    for (const key of this.#networks.keys()) yield sourceIn(key.subarray(4), key.readUInt32LE(0));
  }

  #lookNoFurther(isAddress: boolean): void {
    if (!(isAddress ? isEmpty(this.#addresses) : this.#hasNoNetworks())) this.#changed({});
    else this.#changed(isAddress ? { sources: false } : { source_networks: false, allowed_networks: false });
  }

  #hasNoNetworks(): boolean {
    const [first, second] = this.#networks.keys().take(2).toArray();
    if (first === undefined) return true;
    const saysNothing = second === undefined && first.equals(ALL_IPV4) && this.#networks.get(first)?.equals(NOTHING);
    return saysNothing === true && this.#networks.delete(first);
  }
}

/** `bits`: those that are compared, as if it were IPv6. */
function sourceIn(address: Buffer, bits: number): { words: Uint32Array; length: number } {
  const words = Uint32Array.from({ length: 4 }, (_, i) => address.readUInt32BE(4 * i));
  const isV4 = bits >= 96 && words[0] === 0 && words[1] === 0 && words[2] === MAPPED;
  return isV4 ? { words: words.slice(3), length: bits - 96 } : { words, length: bits };
}

/** On the clock of the kernel's programs: since the machine started. */
function endOf(seconds: number | null): number {
  if (seconds === null) return NO_END;
  return seconds === 0 ? 0 : Math.min(Number(process.hrtime.bigint() / 1_000_000_000n) + seconds, LAST);
}

function isEmpty(map: KernelMap): boolean {
  return map.keys().next().done === true;
}
