import { IpAddress } from './ip-address.ts';

/**
 * CIDR blocks, compiled: disjoint ranges in rising order, one array per family, searched by halving. Looking an address
 * up makes no object and no string.
 */
export class CidrSet {
  readonly #v4First: Uint32Array;
  readonly #v4Last: Uint32Array;
  /** Eight groups per range. */
  readonly #v6First: Uint16Array;
  readonly #v6Last: Uint16Array;

  /** Blocks, or single addresses. Throws a RangeError for what is neither: the model has checked them. */
  constructor(blocks: readonly string[]) {
    const v4: V4Range[] = [];
    const v6: V6Range[] = [];
    for (const block of blocks) {
      const range = rangeOf(block);
      if ('groups' in range) v6.push(range);
      else v4.push(range);
    }
    const merged4 = mergeV4(v4);
    const merged6 = mergeV6(v6);
    this.#v4First = Uint32Array.from(merged4, (range) => range.first);
    this.#v4Last = Uint32Array.from(merged4, (range) => range.last);
    this.#v6First = Uint16Array.from(merged6.flatMap((range) => [...range.groups]));
    this.#v6Last = Uint16Array.from(merged6.flatMap((range) => [...range.last]));
  }

  /** Ranges after merging. */
  get size(): number {
    return this.#v4First.length + this.#v6First.length / 8;
  }

  has(address: IpAddress): boolean {
    if (address.family === 4) return this.#hasV4(address.v4);
    return address.family === 6 && this.#hasV6(address.groups);
  }

  #hasV4(address: number): boolean {
    const firsts = this.#v4First;
    let low = 0;
    let high = firsts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (firsts[middle]! <= address) low = middle + 1;
      else high = middle;
    }
    return low > 0 && address <= this.#v4Last[low - 1]!;
  }

  #hasV6(groups: Uint16Array): boolean {
    let low = 0;
    let high = this.#v6First.length / 8;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(this.#v6First, middle * 8, groups, 0) <= 0) low = middle + 1;
      else high = middle;
    }
    return low > 0 && compare(groups, 0, this.#v6Last, (low - 1) * 8) <= 0;
  }
}

interface V4Range {
  readonly first: number;
  readonly last: number;
}

interface V6Range {
  readonly groups: Uint16Array;
  readonly last: Uint16Array;
}

function rangeOf(block: string): V4Range | V6Range {
  const slash = block.indexOf('/');
  const base = slash < 0 ? block : block.slice(0, slash);
  const address = new IpAddress();
  if (!address.parseText(base)) throw new RangeError(`not an address or CIDR block: ${block}`);
  // A block of mapped addresses, ::ffff:10.0.0.0/104, is written by hand at most; its length counts from 96 bits on.
  const mapped = address.family === 4 && base.includes(':');
  const width = address.family === 4 ? 32 : 128;
  const prefix = slash < 0 ? width : Number(block.slice(slash + 1)) - (mapped ? 96 : 0);
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > width) throw new RangeError(`not a CIDR block: ${block}`);
  if (address.family === 4) {
    const size = 2 ** (32 - prefix);
    const first = Math.floor(address.v4 / size) * size;
    return { first, last: first + size - 1 };
  }
  const groups = Uint16Array.from(address.groups);
  const last = Uint16Array.from(address.groups);
  for (let i = 0; i < 8; i++) {
    const kept = Math.min(16, Math.max(0, prefix - 16 * i));
    const mask = 0xffff >> kept;
    groups[i]! &= ~mask;
    last[i]! |= mask;
  }
  return { groups, last };
}

function mergeV4(ranges: readonly V4Range[]): V4Range[] {
  const merged: V4Range[] = [];
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    const before = merged.at(-1);
    if (before === undefined || range.first > before.last + 1) merged.push(range);
    else if (range.last > before.last) merged[merged.length - 1] = { first: before.first, last: range.last };
  }
  return merged;
}

/** Blocks are nested or disjoint, so that a range is inside of the one before it or behind it. */
function mergeV6(ranges: readonly V6Range[]): V6Range[] {
  const merged: V6Range[] = [];
  const inOrder = [...ranges].sort((a, b) => compare(a.groups, 0, b.groups, 0) || compare(b.last, 0, a.last, 0));
  for (const range of inOrder) {
    const before = merged.at(-1);
    if (before === undefined || compare(range.last, 0, before.last, 0) > 0) merged.push(range);
  }
  return merged;
}

function compare(a: Uint16Array, aStart: number, b: Uint16Array, bStart: number): number {
  for (let i = 0; i < 8; i++) {
    const difference = a[aStart + i]! - b[bStart + i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
