/** How many connections may be moved in a second, over all workers: one number in shared memory. */
export type PaceMemory = Int32Array;

const COUNT_BITS = 16;
const MOST = (1 << COUNT_BITS) - 1;
const SECONDS = 0x7fff;

export function newPaceMemory(): PaceMemory {
  return new Int32Array(new SharedArrayBuffer(4));
}

/** Takes one of the `rate` moves of this second, which begins with `wallTime` in milliseconds; false: none is left. */
export function takeMove(memory: PaceMemory, rate: number, wallTime: number): boolean {
  const second = Math.floor(wallTime / 1_000) & SECONDS;
  for (;;) {
    const before = Atomics.load(memory, 0);
    const taken = before >>> COUNT_BITS === second ? before & MOST : 0;
    if (taken >= Math.min(rate, MOST)) return false;
    const after = (second << COUNT_BITS) | (taken + 1);
    if (Atomics.compareExchange(memory, 0, before, after) === before) return true;
  }
}
