import { hash } from 'node:crypto';
import { applyDelta, planOf } from '@evenkeel/model/plan/delta.ts';
import { hashEntry } from '@evenkeel/model/plan/hash.ts';
import type { NodePlan, PlanDelta, PlanEntry } from '@evenkeel/model/plan/plan.ts';
import { EntryCompactor } from './compact-entries.ts';
import { entryShape } from './entry-shape.ts';
import { fields, integer, list, type Shape, text } from './shape.ts';

/**
 * How a plan is kept in a file: JSON lines `["<checksum>",<what>]`. First a header, then one line for each entry: the
 * plan as it was when the file was begun. Behind them one line for each change since, in order. So a change costs what
 * it says, not what the plan is, and a line that was cut short takes nothing with it but what came last.
 */

const FORMAT = 2;
/** Hexadecimal digits of a line's checksum: against accidents, not against attackers. */
const DIGITS = 16;
/** Characters of a piece: what is encoded in one go, between which the thread does other things. */
const PIECE = 32 * 1024;
/** Entries that are read before they are compacted together. */
const LOOSE = 256;
const CLOSING_BRACKET = 0x5d;

const headerShape = fields({
  format: integer(FORMAT, FORMAT),
  version: integer(0),
  hash: text(64),
  entries: integer(0),
});
const deltaShape = fields({
  from: integer(0),
  version: integer(0),
  hash: text(64),
  upserts: list(entryShape),
  removes: list(text(160)),
});

interface Header {
  readonly version: number;
  readonly hash: string;
  readonly entries: number;
}

/** The file of a plan without changes, in pieces of some ten thousand characters. */
export function* encodePlan({ version, hash, entries }: NodePlan): Generator<string> {
  let piece = encodeLine({ format: FORMAT, version, hash, entries: entries.size });
  for (const entry of entries.values()) {
    if (piece.length >= PIECE) {
      yield piece;
      piece = '';
    }
    piece += encodeLine(entry);
  }
  yield piece;
}

/** What is put behind the rest for a change. */
export function encodeDelta(delta: PlanDelta): string {
  return encodeLine(delta);
}

export interface Decoded {
  readonly plan: NodePlan;
  /** What is wrong with the lines from some change on, which are not in the plan; empty when nothing is. */
  readonly problem: string;
  /** Bytes of the plan that the file was begun with. */
  readonly begunWith: number;
}

/**
 * Reads a plan file line by line, so that no more of it is in memory than a line and what has come of those before. That
 * an entry has the hash that it says was checked when it came; the line's checksum says that it is still the same.
 */
export class PlanDecoder {
  readonly #compactor = new EntryCompactor();
  #header: Header | null = null;
  /** Of the plan that the file was begun with; compacted but for the last ones. */
  readonly #entries: PlanEntry[] = [];
  #loose: PlanEntry[] = [];
  #plan: NodePlan | null = null;
  #begunWith = 0;
  #problem = '';

  /** The next line, without the end of it. */
  take(line: Buffer): void {
    if (this.#problem !== '') return;
    this.#problem = this.#plan === null ? this.#takeOfPlan(line) : this.#takeChange(this.#plan, line);
  }

  /** The plan that all lines have made, or what is wrong with it when not even the one is whole that the file began with. */
  end(): Decoded | string {
    if (this.#plan !== null) return { plan: this.#plan, problem: this.#problem, begunWith: this.#begunWith };
    return this.#problem || 'a line is torn';
  }

  /** What stands behind the last whole line. */
  takeTorn(): void {
    this.#problem ||= 'a line is torn';
  }

  #takeOfPlan(line: Buffer): string {
    this.#begunWith += line.length + 1;
    if (this.#header === null) {
      const header = read(line, headerShape);
      if (typeof header === 'string') return `${header}, or not a plan file of this version`;
      this.#header = header.value as Header;
    } else {
      const entry = read(line, entryShape);
      if (typeof entry === 'string') return entry;
      this.#loose.push(entry.value as PlanEntry);
      if (this.#loose.length >= LOOSE) this.#compact();
    }
    const { version, hash, entries: count } = this.#header;
    if (this.#entries.length + this.#loose.length < count) return '';
    this.#compact();
    const plan = planOf(version, this.#entries);
    if (plan.hash !== hash || plan.entries.size !== count) return 'the hashes are wrong';
    this.#plan = plan;
    return '';
  }

  #takeChange(plan: NodePlan, line: Buffer): string {
    const change = read(line, deltaShape);
    if (typeof change === 'string') return change;
    const next = followUp(plan, change.value as PlanDelta);
    if (next === null) return 'a change does not fit the plan before it';
    this.#plan = next;
    return '';
  }

  #compact(): void {
    for (const entry of this.#compactor.compact(this.#loose)) this.#entries.push(entry);
    this.#loose = [];
  }
}

function followUp(plan: NodePlan, delta: PlanDelta): NodePlan | null {
  if (delta.upserts.some((entry) => hashEntry(entry.key, entry.value) !== entry.hash)) return null;
  return applyDelta(plan, { ...delta, upserts: new EntryCompactor().compact(delta.upserts) });
}

/** What a line says, when it has the shape; else what is wrong with it. */
function read(line: Buffer, shape: Shape): { readonly value: unknown } | string {
  const body = line.subarray(DIGITS + 4, -1);
  const framed = line.length > DIGITS + 5 && line.toString('latin1', 0, DIGITS + 4) === `["${checksum(body)}",`;
  if (!framed || line.at(-1) !== CLOSING_BRACKET) return 'a checksum is wrong';
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    return 'a line is not JSON';
  }
  const fault = shape(value, '');
  return fault === '' ? { value } : fault;
}

function encodeLine(value: unknown): string {
  return `${envelope(JSON.stringify(value))}\n`;
}

function envelope(body: string): string {
  return `["${checksum(body)}",${body}]`;
}

function checksum(body: string | Buffer): string {
  return hash('sha256', body, 'hex').slice(0, DIGITS);
}
