import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { firstGeneration, type Generation, joinGeneration, nextGeneration, settle } from './generations.ts';
import { SLOTS } from './slots.ts';

const TARGETS = 6;
const REMEMBERS = 0x8000;
const [current, previous] = [(pair: number) => pair & 0x7fff, (pair: number) => pair >>> 16];
const all = (number: number) => new Uint16Array(SLOTS).fill(number);

/** xorshift32: whole numbers below `below`. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** One slot for each of 65,537 stories: the live flows in it, as bits by target, and what the kernel makes of them. */
class Zone {
  table: Generation;
  readonly isGone = new Set<number>();
  /** Targets of flows that the kernel has written down, and of those that nobody knows of. */
  readonly #written = new Uint8Array(SLOTS);
  readonly #unknown = new Uint8Array(SLOTS);
  readonly #roll: (below: number) => number;

  constructor(seed: number) {
    this.#roll = dice(seed);
    this.table = firstGeneration(Uint16Array.from({ length: SLOTS }, () => 1 + this.#roll(TARGETS)));
    this.begin();
  }

  /** Where a packet goes that is no SYN, of a flow that is not written down (bpf/choose.h). */
  #leadsTo(slot: number): number {
    const pair = this.table[slot]!;
    const former = previous(pair);
    if ((pair & REMEMBERS) === 0 || former === 0 || this.isGone.has(former)) return current(pair);
    return former;
  }

  /** A flow begins in every slot. */
  begin(): void {
    for (let slot = 0; slot < SLOTS; slot++) {
      const pair = this.table[slot]!;
      const flows = current(pair) === previous(pair) ? this.#unknown : this.#written;
      if (current(pair) !== 0) flows[slot]! |= 1 << current(pair);
    }
  }

  /** In one slot of three all flows send something. */
  send(): void {
    for (let slot = 0; slot < SLOTS; slot++) {
      const pair = this.table[slot]!;
      if (this.#roll(3) !== 0 || current(pair) === previous(pair)) continue;
      this.#written[slot]! |= this.#unknown[slot]!;
      this.#unknown[slot] = 0;
    }
  }

  /** One slot of three has another target: one that is there, seldom nobody. */
  #slots(): Uint16Array {
    const there = Array.from({ length: TARGETS }, (_, i) => i + 1).filter((number) => !this.isGone.has(number));
    return Uint16Array.from(this.table, (pair) => {
      if (this.#roll(3) !== 0 && !this.isGone.has(current(pair))) return current(pair);
      return this.#roll(8) === 0 ? 0 : there[this.#roll(there.length)]!;
    });
  }

  change(): void {
    this.table = nextGeneration(this.#slots(), this.table, (number) => this.isGone.has(number));
  }

  /** A node joins, which may see other targets, and all flows come to it. */
  join(): void {
    this.table = joinGeneration(
      this.#roll(2) === 0 ? Uint16Array.from(this.table, current) : this.#slots(),
      this.table,
    );
  }

  /** A target is gone, with its flows, or one that was gone is back. */
  goOrReturn(): void {
    const number = 1 + this.#roll(TARGETS);
    if (this.isGone.delete(number)) return;
    if (this.isGone.size < TARGETS - 2) this.isGone.add(number);
    for (const flows of [this.#written, this.#unknown]) {
      for (let slot = 0; slot < SLOTS; slot++) if (this.isGone.has(number)) flows[slot]! &= ~(1 << number);
    }
  }

  /** In one slot of two: what has been silent since the slot changed is dead. */
  settle(): void {
    const due = Uint8Array.from({ length: SLOTS }, () => this.#roll(2));
    for (let slot = 0; slot < SLOTS; slot++) {
      const pair = this.table[slot]!;
      if (due[slot] !== 0 && current(pair) !== previous(pair)) this.#unknown[slot] = 0;
    }
    const remembers = (slot: number) => this.#written[slot] !== 0;
    this.table = settle(this.table, remembers, (slot) => due[slot] !== 0);
  }

  check(story: string): void {
    for (let slot = 0; slot < SLOTS; slot++) {
      const pair = this.table[slot]!;
      const where = `slot ${slot} (${previous(pair)} -> ${current(pair)}), ${story}`;
      const found = this.#leadsTo(slot);
      const lost = this.#unknown[slot]! & ~(1 << found);
      if (lost !== 0) assert.fail(`flows of targets ${lost.toString(2)} meet ${found}: ${where}`);
      const isLookedFor = (pair & REMEMBERS) !== 0 || (this.#written[slot]! & ~(1 << current(pair))) === 0;
      if (!isLookedFor) assert.fail(`flows that are written down are not looked for: ${where}`);
    }
  }

  /** Once a table has been made, it names nobody that is gone. */
  checkTargets(story: string): void {
    const named = new Set(Array.from(this.table, (pair) => [previous(pair), current(pair)]).flat());
    for (const number of this.isGone) assert.equal(named.has(number), false, `target ${number}: ${story}`);
  }
}

suite('flows that are silent while their slot changes', () => {
  test('one that changes twice, or back, or whose second change is of other slots, keeps its idle flows', () => {
    const there = nextGeneration(all(2), firstGeneration(all(1)));
    for (const [next, what] of [
      [2, 'the same again'],
      [3, 'another one'],
      [1, 'back'],
    ] as const) {
      assert.equal(previous(nextGeneration(all(next), there)[0]!), 1, what);
    }
  });

  test('when the target before is gone, the last one is the one before', () => {
    const there = nextGeneration(all(2), firstGeneration(all(1)));
    const next = nextGeneration(all(3), there, (number) => number === 1);
    assert.deepEqual([previous(next[0]!), current(next[0]!)], [2, 3]);
    const none = nextGeneration(all(3), there, (number) => number < 3);
    assert.deepEqual([previous(none[0]!), current(none[0]!), none[0]! & REMEMBERS], [3, 3, REMEMBERS]);
  });

  for (const seed of [1, 2, 3, 4]) {
    test(`through any changes every flow meets its target, and none one that is gone (seed ${seed})`, () => {
      const zone = new Zone(seed);
      const roll = dice(seed + 1_000);
      const story: string[] = [];
      for (let step = 0; step < 24; step++) {
        const what = (['change', 'change', 'goOrReturn', 'send', 'settle', 'join'] as const)[roll(6)]!;
        story.push(what);
        zone[what]();
        if (what === 'goOrReturn') zone.change();
        if (what === 'change' || what === 'goOrReturn') zone.checkTargets(story.join());
        zone.check(story.join());
        zone.begin();
        zone.check(`${story.join()}, begin`);
      }
    });
  }
});
