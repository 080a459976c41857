import { createHash } from 'node:crypto';
import { applyDelta, isIntact, planOf } from '@evenkeel/model/plan/delta.ts';
import { hashEntry } from '@evenkeel/model/plan/hash.ts';
import type { NodePlan, PlanDelta, PlanEntry } from '@evenkeel/model/plan/plan.ts';
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

/** The plan in a file, or what is wrong with it when not even the plan is whole that it was begun with. */
export function decodePlan(content: string): Decoded | string {
  const lines = new Lines(content);
  const header = lines.next(headerShape);
  if (typeof header === 'string') return `${header}, or not a plan file of this version`;
  const { version, hash, entries: count } = header.value as Header;
  const entries: PlanEntry[] = [];
  while (entries.length < count) {
    const line = lines.next(entryShape);
    if (typeof line === 'string') return line;
    entries.push(line.value as PlanEntry);
  }
  let plan = planOf(version, entries);
  if (plan.hash !== hash || plan.entries.size !== count || !isIntact(plan)) return 'the hashes are wrong';
  const begunWith = Buffer.byteLength(content.slice(0, lines.at));
  while (!lines.ended) {
    const line = lines.next(deltaShape);
    if (typeof line === 'string') return { plan, problem: line, begunWith };
    const next = followUp(plan, line.value as PlanDelta);
    if (next === null) return { plan, problem: 'a change does not fit the plan before it', begunWith };
    plan = next;
  }
  return { plan, problem: '', begunWith };
}

function followUp(plan: NodePlan, delta: PlanDelta): NodePlan | null {
  if (delta.upserts.some((entry) => hashEntry(entry.key, entry.value) !== entry.hash)) return null;
  return applyDelta(plan, delta);
}

/** Reads one line after the other. */
class Lines {
  readonly #content: string;
  at = 0;

  constructor(content: string) {
    this.#content = content;
  }

  get ended(): boolean {
    return this.at === this.#content.length;
  }

  /** What the next line says, when it has the shape; else what is wrong with it. */
  next(shape: Shape): { readonly value: unknown } | string {
    const end = this.#content.indexOf('\n', this.at);
    if (end < 0) return 'a line is torn';
    const line = this.#content.slice(this.at, end);
    const body = line.slice(DIGITS + 4, -1);
    if (line !== envelope(body)) return 'a checksum is wrong';
    let value: unknown;
    try {
      value = JSON.parse(body);
    } catch {
      return 'a line is not JSON';
    }
    const fault = shape(value, '');
    if (fault !== '') return fault;
    this.at = end + 1;
    return { value };
  }
}

function encodeLine(value: unknown): string {
  return `${envelope(JSON.stringify(value))}\n`;
}

function envelope(body: string): string {
  return `["${createHash('sha256').update(body).digest('hex').slice(0, DIGITS)}",${body}]`;
}
