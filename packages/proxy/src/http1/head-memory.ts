import type { FieldTable } from './fields.ts';
import { type Family, MULTIPLIER, mix, RememberedFields } from './remembered-fields.ts';

/** The longest field section that is remembered, in bytes. */
const MAX_SECTION = 2_048;

/** Places for what sections begin with and how they go on. */
const BRANCHES = 8_192;

/** Bytes by which sections that begin alike are told apart, from the sixteen on in which they differ. */
const BRANCH_BYTES = 32;

/** How often a section may turn out to be another one while it is looked for. */
const MAX_BRANCHES = 3;

/** Sections that are let pass at most. */
const LONGEST_PAUSE = 31;

/** One in so many sections that are like a known one is remembered: it may be the one that is sent from now on. */
const ALIKE = 16;

/** Shorter ones cost nothing to read. */
const MIN_SECTION = 32;

/**
 * Clients repeat themselves: most send the same fields with each request of a connection, and programs of one kind the
 * same ones on all; or all the same but a last few. So do servers, within the second that Date counts. What is byte for
 * byte a field section that was read before means the same and need not be read again, and so do the fields at the
 * beginning of one.
 *
 * A client that takes turns (other hosts, pages and pictures) sends sections that begin alike. Where one differs from
 * the one before it, what they have in common and the next bytes lead to the section that has gone on so before.
 *
 * What is remembered is bounded: a section has two places by its hash, and takes that of the one that has not come again.
 * The more sections in a row were unlike all that was known, the fewer are remembered. Nothing hangs on a hash: what
 * counts as known is equal byte for byte.
 */
export class HeadMemory<Meaning> {
  /** Bytes that are equal in the section that `find` has returned and what it was asked for. */
  equal = 0;
  readonly #entries: (RememberedFields<Meaning> | null)[];
  /** By hash of a beginning and what follows: slot of a section. */
  readonly #branches = new Int16Array(BRANCHES);
  /** The section that `find` has found to be most like what it was asked for. */
  #like: RememberedFields<Meaning> | null = null;
  /** The place in `#branches` that has led nowhere; -1: none. */
  #branch = -1;
  #latest = 0;
  /** Sections in a row that were not known. The more there were, the more are let pass before the next is remembered. */
  #strangers = 0;
  #pause = 0;
  #alike = 0;

  /** `slots`: how many sections are remembered at most; a power of two, up to 2^15. */
  constructor(slots: number) {
    this.#entries = Array.from({ length: slots }, () => null);
  }

  /** The slot to try when nothing better is known. */
  get latest(): number {
    return this.#latest;
  }

  /**
   * The section that is most like memory[at, end): the same if its `length` is `equal`. Looks at the one in the slot
   * `hint` first, and then at those to which the difference leads. Null: none begins like this one.
   */
  find(hint: number, memory: DataView, at: number, end: number): RememberedFields<Meaning> | null {
    this.#branch = -1;
    this.equal = 0;
    this.#like = null;
    let like = this.#entries[hint]!;
    if (like === null) return null;
    let equal = like.equalBytes(memory, at, end);
    for (let i = 0; i < MAX_BRANCHES && equal !== like.length; i++) {
      const next = this.#follow(like, equal, memory, at, end);
      if (next === null || next === like) break;
      // What a family has in common has just been compared.
      const known = next.family === like.family ? Math.min(equal, next.family.length) & ~15 : 0;
      const more = next.equalBytes(memory, at, end, known);
      if (more <= equal) break;
      like = next;
      equal = more;
    }
    this.equal = equal;
    this.#like = like;
    if (equal === like.length) {
      like.used = true;
      this.#known();
    }
    return like;
  }

  /** The section that begins like `like`, for `equal` bytes, and went on as memory[at, end) does. */
  #follow(
    like: RememberedFields<Meaning>,
    equal: number,
    memory: DataView,
    at: number,
    end: number,
  ): RememberedFields<Meaning> | null {
    const blocks = equal >> 4;
    const from = at + (blocks << 4);
    this.#branch = -1;
    if (end - from < BRANCH_BYTES) return null;
    let hash = like.beginning(blocks);
    for (let i = from; i < from + BRANCH_BYTES; i += 4) hash = mix(hash, memory.getInt32(i, true));
    this.#branch = hash & (BRANCHES - 1);
    return this.#entries[this.#branches[this.#branch]!]!;
  }

  #known(): void {
    this.#strangers = 0;
    this.#pause = 0;
  }

  /** One that begins alike has been found. Says now and then that the other is worth remembering as well. */
  foundLike(): boolean {
    this.#known();
    this.#alike = (this.#alike + 1) % ALIKE;
    return this.#alike === 0;
  }

  /**
   * Remembers memory[start, end), which was read in full into `table`; `meaning` makes what to remember of what it says.
   * Returns the slot to try next time.
   */
  note(memory: DataView, start: number, end: number, table: FieldTable, meaning: () => Meaning): number {
    const length = end - start;
    // Where reading has changed bytes, those that come next time are others.
    if (length > MAX_SECTION || length < MIN_SECTION || table.straightened) return this.#latest;
    if (this.#pause > 0) {
      this.#pause--;
      return this.#latest;
    }
    this.#pause = Math.min(++this.#strangers >> 3, LONGEST_PAUSE);
    const slot = this.#slotFor(memory, start, end);
    const there = this.#entries[slot]!;
    if (there === null || !isAt(there, memory, start, end)) {
      const copy = table.copyFrom(start);
      const family = this.#familyOf(length);
      this.#entries[slot] = new RememberedFields(memory, start, length, copy, meaning(), slot, family);
    }
    if (this.#branch >= 0) this.#branches[this.#branch] = slot;
    this.#latest = slot;
    return slot;
  }

  /** The family of a section of this length, which is like the one that was found. */
  #familyOf(length: number): Family | null {
    const family = this.#like?.family ?? null;
    // One that has little in common would leave the family with next to nothing.
    if (family === null || this.equal * 2 < family.length) return null;
    family.length = Math.min(family.length, this.equal, length);
    return family;
  }

  /** The place of the section memory[start, end), or the one of its two that it may take. */
  #slotFor(memory: DataView, start: number, end: number): number {
    const entries = this.#entries;
    const one = hashOf(memory, start, end - start) & (entries.length - 1);
    const other = one ^ 1;
    const here = entries[one]!;
    const there = entries[other]!;
    if (here === null || isAt(here, memory, start, end)) return one;
    if (there === null || isAt(there, memory, start, end)) return other;
    if (!here.used) return one;
    if (!there.used) return other;
    here.used = there.used = false;
    return one;
  }
}

/** Whether memory[start, end) is this section. */
function isAt(section: RememberedFields<unknown>, memory: DataView, start: number, end: number): boolean {
  return section.length === end - start && section.equalBytes(memory, start, end) === section.length;
}

/**
 * A hash of all words of the section, which has at least MIN_SECTION bytes. Four at a time, each from one in
 * four words, so that they do not wait for each other.
 */
function hashOf(memory: DataView, start: number, length: number): number {
  const last = start + length - 4;
  let a = length;
  let b = 1;
  let c = 2;
  let d = 3;
  let at = start;
  for (; at + 12 <= last; at += 16) {
    a = Math.imul(a ^ memory.getInt32(at, true), MULTIPLIER);
    b = Math.imul(b ^ memory.getInt32(at + 4, true), MULTIPLIER);
    c = Math.imul(c ^ memory.getInt32(at + 8, true), MULTIPLIER);
    d = Math.imul(d ^ memory.getInt32(at + 12, true), MULTIPLIER);
    // Multiplying carries upwards only.
    a ^= a >>> 15;
    b ^= b >>> 15;
    c ^= c >>> 15;
    d ^= d >>> 15;
  }
  for (; at <= last; at += 4) d = Math.imul(d ^ memory.getInt32(at, true), MULTIPLIER);
  // The last word may begin before the end of the one before it.
  d ^= memory.getInt32(last, true);
  const hash = Math.imul(
    a ^ Math.imul(b ^ Math.imul(c ^ Math.imul(d, MULTIPLIER), MULTIPLIER), MULTIPLIER),
    MULTIPLIER,
  );
  return hash ^ (hash >>> 16);
}
