import type { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';

/** Longest input that mutation makes, in bytes. */
const MAX_INPUT = 8_192;

/** Bytes at which parsers decide. */
const INTERESTING = [0, 9, 10, 13, 32, 34, 44, 47, 48, 57, 58, 59, 65, 70, 71, 92, 97, 127, 128, 255];

export interface Pool {
  readonly inputs: readonly Uint8Array[];
  readonly words: readonly Uint8Array[];
}

/** One to six random changes to a random input of the pool. */
export function mutate(random: Random, pool: Pool): Uint8Array {
  let input = random.pick(pool.inputs);
  for (let change = 1 + Math.floor(random.fraction() ** 2 * 6); change > 0; change--) {
    const at = random.below(input.length + 1);
    const to = Math.min(input.length, at + 1 + Math.floor(random.fraction() ** 3 * 64));
    switch (random.below(8)) {
      case 0:
        input = replace(input, at, Math.min(at + 1, input.length), Uint8Array.of(random.pick(INTERESTING)));
        break;
      case 1:
        input = replace(
          input,
          at,
          at,
          Uint8Array.of(random.chance(0.8) ? random.pick(INTERESTING) : random.below(256)),
        );
        break;
      case 2:
        input = replace(input, at, to, new Uint8Array(0));
        break;
      case 3:
        input = replace(input, at, at, input.subarray(at, to));
        break;
      case 4:
        input = replace(input, at, at, random.pick(pool.words));
        break;
      case 5:
        input = replace(input, at, to, random.pick(pool.words));
        break;
      case 6: {
        const other = random.pick(pool.inputs);
        const from = random.below(other.length + 1);
        input = replace(input, at, random.chance(0.5) ? input.length : at, other.subarray(from));
        break;
      }
      case 7:
        if (at < input.length) input = replace(input, at, at + 1, Uint8Array.of(input[at]! ^ (1 << random.below(8))));
        break;
    }
  }
  return input.slice(0, MAX_INPUT);
}

/** `input` with [from, to) replaced. */
export function replace(input: Uint8Array, from: number, to: number, by: Uint8Array): Uint8Array {
  const result = new Uint8Array(input.length - (to - from) + by.length);
  result.set(input.subarray(0, from));
  result.set(by, from);
  result.set(input.subarray(to), from + by.length);
  return result;
}
