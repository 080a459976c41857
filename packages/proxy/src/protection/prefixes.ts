import { IpAddress } from '../source-address/ip-address.ts';
import { ADMITTED, type Refusal, type Verdict } from './refusal.ts';

/** Rules of which the first that has an address in its block decides; an address in none of them is refused. */
export interface SourceList {
  readonly rules: readonly { readonly allows: boolean; readonly source: string }[];
  readonly refusal: Refusal;
}

export interface Prefix {
  readonly family: 4 | 6;
  /** The block's first address as a number of 32 or 128 bits. */
  readonly first: bigint;
  /** Bits that are compared. */
  readonly length: number;
}

/** The verdict on all addresses of which this is the longest prefix among those that were resolved together. */
export interface ResolvedPrefix extends Prefix {
  readonly verdict: Verdict;
}

const WIDTHS = { 4: 32, 6: 128 } as const;

export function widthOf({ family }: Pick<Prefix, 'family'>): number {
  return WIDTHS[family];
}

/** The last address of a block. */
export function lastOf(prefix: Prefix): bigint {
  return prefix.first | ((1n << BigInt(widthOf(prefix) - prefix.length)) - 1n);
}

const address = new IpAddress();

/** A CIDR block or an address; throws a RangeError for what is neither. IPv4 mapped into IPv6 is IPv4. */
export function parsePrefix(text: string): Prefix {
  const slash = text.indexOf('/');
  const base = slash < 0 ? text : text.slice(0, slash);
  if (!address.parseText(base)) throw new RangeError(`not an address or CIDR block: ${text}`);
  const family = address.family as 4 | 6;
  const width = WIDTHS[family];
  const mapped = family === 4 && base.includes(':') ? 96 : 0;
  const length = slash < 0 ? width : Number(text.slice(slash + 1)) - mapped;
  if (!Number.isInteger(length) || length < 0 || length > width) throw new RangeError(`not a CIDR block: ${text}`);
  let first = 0n;
  if (family === 4) first = BigInt(address.v4);
  else for (const group of address.groups) first = (first << 16n) | BigInt(group);
  const host = BigInt(width - length);
  return { family, first: (first >> host) << host, length };
}

/** One block that rules name: of each list, the first rule that names exactly it. */
interface Named extends Prefix {
  readonly order: number[];
}

const NO_RULE = Number.POSITIVE_INFINITY;

/**
 * What becomes of every address: it has to be allowed by each of the lists, of which the first that refuses it is the
 * reason. In order of addresses, each block before those within it; the whole of both families is among them. All rules
 * that an address is in are in prefixes of the longest of them, so that the longest one decides: as the kernel's trie does.
 * O(n log n).
 */
export function resolvePrefixes(lists: readonly SourceList[]): ResolvedPrefix[] {
  const named = new Map<string, Named>();
  const name = (prefix: Prefix): Named => {
    const key = `${prefix.family} ${prefix.first}/${prefix.length}`;
    let found = named.get(key);
    if (found === undefined) {
      found = { ...prefix, order: lists.map(() => NO_RULE) };
      named.set(key, found);
    }
    return found;
  };
  for (const family of [4, 6] as const) name({ family, first: 0n, length: 0 });
  for (const [list, { rules }] of lists.entries()) {
    for (const [place, { source }] of rules.entries()) {
      const { order } = name(parsePrefix(source));
      order[list] = Math.min(order[list]!, place);
    }
  }
  const sorted = [...named.values()].sort(inOrder);
  const around: Named[] = [];
  return sorted.map((prefix) => {
    while (around.length > 0 && !contains(around.at(-1)!, prefix)) around.pop();
    const outer = around.at(-1)?.order ?? [];
    for (const [list, place] of outer.entries()) prefix.order[list] = Math.min(prefix.order[list]!, place);
    around.push(prefix);
    const { family, first, length, order } = prefix;
    return { family, first, length, verdict: verdictOf(lists, order) };
  });
}

function verdictOf(lists: readonly SourceList[], order: readonly number[]): Verdict {
  for (const [list, { rules, refusal }] of lists.entries()) {
    if (rules[order[list]!]?.allows !== true) return refusal;
  }
  return ADMITTED;
}

function inOrder(a: Prefix, b: Prefix): number {
  if (a.family !== b.family) return a.family - b.family;
  if (a.first !== b.first) return a.first < b.first ? -1 : 1;
  return a.length - b.length;
}

export function contains(outer: Prefix, inner: Prefix): boolean {
  if (outer.family !== inner.family || outer.length > inner.length) return false;
  const host = BigInt(widthOf(outer) - outer.length);
  return outer.first >> host === inner.first >> host;
}
