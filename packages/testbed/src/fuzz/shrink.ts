import { replace } from './mutate.ts';

/** Attempts after which the smallest input so far is taken. */
const MAX_ATTEMPTS = 4_000;

/** A smaller input that still fails: pieces are cut out as long as that goes, then bytes made plain. */
export async function shrink(
  input: Uint8Array,
  fails: (candidate: Uint8Array) => Promise<boolean>,
): Promise<Uint8Array> {
  let attempts = 0;
  const attempt = async (candidate: Uint8Array): Promise<boolean> => {
    if (attempts++ >= MAX_ATTEMPTS || !(await fails(candidate))) return false;
    input = candidate;
    return true;
  };
  for (let size = Math.ceil(input.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < input.length; ) {
      const cut = replace(input, at, Math.min(at + size, input.length), new Uint8Array(0));
      if (!(await attempt(cut))) at += size;
    }
  }
  for (let at = 0; at < input.length; at++) {
    for (const plain of [97, 48]) {
      if (input[at] === plain || (await attempt(replace(input, at, at + 1, Uint8Array.of(plain))))) break;
    }
  }
  return input;
}
