import { hashText } from './murmur3.ts';

/** A target as the table sees it; `name` is what makes it the same target on every node and in every plan. */
export interface MaglevTarget {
  readonly name: string;
  readonly weight: number;
}

/**
 * Table sizes, prime as the permutations need them. A change of size moves most clients, so the size hangs on nothing
 * but how many targets are registered, and changes only where a group outgrows its quota of 100. The small one is
 * 32 KiB and gives 100 targets 164 entries each; with fewer than 100 entries a target's share would be off by over 1 %.
 */
const SIZES = [
  { targets: 128, size: 16_381 },
  { targets: Number.POSITIVE_INFINITY, size: 65_537 },
] as const;

const OFFSET_SEED = 0x0ff5_e700;
const SKIP_SEED = 0x5c1b_0001;

export function maglevSize(registeredTargets: number): number {
  return SIZES.find((step) => registeredTargets <= step.targets)!.size;
}

/**
 * Fills `table` (of prime length) with indexes of `targets`: Eisenbud et al., "Maglev", NSDI 2016, section 3.4. Each
 * target prefers the table's entries in an order of its own, and they take turns in claiming the next entry that is
 * free; here a target has its turn in weight / heaviest of the rounds. Whoever leaves or joins takes or gives up about
 * its share and hardly disturbs the rest.
 *
 * The outcome depends on names and weights alone, not on the order of `targets`.
 */
export function fillMaglev(table: Uint16Array, targets: readonly MaglevTarget[]): void {
  const size = table.length;
  const order = targets.map((_, index) => index).sort((a, b) => compareNames(targets[a]!.name, targets[b]!.name));
  const weights = order.map((index) => targets[index]!.weight);
  const heaviest = Math.max(...weights);
  const next = order.map((index) => hashText(targets[index]!.name, OFFSET_SEED) % size);
  const skip = order.map((index) => (hashText(targets[index]!.name, SKIP_SEED) % (size - 1)) + 1);
  const credit = new Int32Array(order.length);
  const taken = new Uint8Array(size);
  let filled = 0;
  for (;;) {
    for (let turn = 0; turn < order.length; turn++) {
      credit[turn]! += weights[turn]!;
      if (credit[turn]! < heaviest) continue;
      credit[turn]! -= heaviest;
      let entry = next[turn]!;
      while (taken[entry] === 1) entry = (entry + skip[turn]!) % size;
      taken[entry] = 1;
      table[entry] = order[turn]!;
      next[turn] = (entry + skip[turn]!) % size;
      if (++filled === size) return;
    }
  }
}

/** By code unit: what a locale thinks of it must not matter. */
function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
