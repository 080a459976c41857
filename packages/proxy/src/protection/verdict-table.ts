import type { IpAddress } from '../source-address/ip-address.ts';
import { lastOf, type ResolvedPrefix, widthOf } from './prefixes.ts';
import { Refusal, type Verdict } from './refusal.ts';

/** Groups of an IPv6 address. */
const GROUPS = 8;

/**
 * The verdict on every address, compiled: where one begins that differs from that on the addresses before it, in rising
 * order, searched by halving. A look-up makes no object and no string.
 */
export class VerdictTable {
  readonly #v4First: Uint32Array;
  readonly #v4Verdicts: Int8Array;
  /** Eight groups each. */
  readonly #v6First: Uint16Array;
  readonly #v6Verdicts: Int8Array;

  /** `prefixes` as `resolvePrefixes` gives them. */
  constructor(prefixes: readonly ResolvedPrefix[]) {
    const v4 = stepsOf(prefixes.filter(({ family }) => family === 4));
    const v6 = stepsOf(prefixes.filter(({ family }) => family === 6));
    this.#v4First = Uint32Array.from(v4, ({ first }) => Number(first));
    this.#v4Verdicts = Int8Array.from(v4, ({ verdict }) => verdict);
    this.#v6First = Uint16Array.from(v6.flatMap(({ first }) => groupsOf(first)));
    this.#v6Verdicts = Int8Array.from(v6, ({ verdict }) => verdict);
  }

  /** Steps of both families: what it takes to hold them is 5 bytes for one of IPv4 and 17 for one of IPv6. */
  get size(): number {
    return this.#v4Verdicts.length + this.#v6Verdicts.length;
  }

  of({ family, v4, groups }: IpAddress): Verdict {
    if (family === 4) return this.#v4Verdicts[this.#v4Step(v4)] as Verdict;
    if (family === 6) return this.#v6Verdicts[this.#v6Step(groups)] as Verdict;
    // Who is not known is not let in.
    return Refusal.securityGroup;
  }

  #v4Step(address: number): number {
    const firsts = this.#v4First;
    let low = 1;
    let high = firsts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (firsts[middle]! <= address) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #v6Step(address: Uint16Array): number {
    const firsts = this.#v6First;
    let low = 1;
    let high = this.#v6Verdicts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isNotBehind(firsts, middle * GROUPS, address)) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

interface Step {
  readonly first: bigint;
  readonly verdict: Verdict;
}

/** Blocks that lie within each other as steps beside each other. Those of one family, of which the first is the whole. */
function stepsOf(prefixes: readonly ResolvedPrefix[]): Step[] {
  const steps: Step[] = [];
  const around: ResolvedPrefix[] = [];
  const step = (first: bigint, verdict: Verdict) => {
    if (steps.at(-1)?.first === first) steps.pop();
    if (steps.at(-1)?.verdict !== verdict) steps.push({ first, verdict });
  };
  /** Leaves the blocks that end before `next`. */
  const leave = (next: bigint) => {
    while (around.length > 1 && lastOf(around.at(-1)!) < next) {
      const left = around.pop()!;
      step(lastOf(left) + 1n, around.at(-1)!.verdict);
    }
  };
  for (const prefix of prefixes) {
    leave(prefix.first);
    step(prefix.first, prefix.verdict);
    around.push(prefix);
  }
  const [whole] = prefixes;
  leave(1n << BigInt(widthOf(whole!)));
  // Behind the last address nothing begins.
  if (steps.at(-1)!.first > lastOf(whole!)) steps.pop();
  return steps;
}

function groupsOf(address: bigint): number[] {
  return Array.from({ length: GROUPS }, (_, i) => Number((address >> BigInt(16 * (GROUPS - 1 - i))) & 0xffffn));
}

/** Whether the address at `start` is `address` or before it. */
function isNotBehind(firsts: Uint16Array, start: number, address: Uint16Array): boolean {
  for (let i = 0; i < GROUPS; i++) {
    const difference = firsts[start + i]! - address[i]!;
    if (difference !== 0) return difference < 0;
  }
  return true;
}
