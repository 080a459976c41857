import type { PlannedRule, PlannedRuleGroup, RuleOrder } from '@evenkeel/model/plan/rules.ts';

/**
 * A rule group as it goes to the workers: the JSON of its rules in memory that all of them share. A worker is told of ten
 * thousand rules in no time, and reads each when it comes to it.
 */
export interface PackedRules {
  readonly id: string;
  readonly name: string;
  readonly order: RuleOrder;
  readonly bytes: SharedArrayBuffer;
  /** By place of the rule in the group: where its text ends in `bytes`, which is where the next one begins. */
  readonly ends: Uint32Array;
}

export function packRules({ id, name, order, rules }: PlannedRuleGroup): PackedRules {
  const texts = rules.map((rule) => JSON.stringify(rule));
  const bytes = new SharedArrayBuffer(texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0));
  const ends = new Uint32Array(new SharedArrayBuffer(rules.length * Uint32Array.BYTES_PER_ELEMENT));
  const room = Buffer.from(bytes);
  let at = 0;
  for (const [i, text] of texts.entries()) {
    at += room.write(text, at, 'utf8');
    ends[i] = at;
  }
  return { id, name, order, bytes, ends };
}

/** The rules in their order, each read when it is asked for. */
export function* unpackRules({ bytes, ends }: PackedRules): Generator<PlannedRule, void, undefined> {
  const room = Buffer.from(bytes);
  let start = 0;
  for (const end of ends) {
    yield JSON.parse(room.toString('utf8', start, end));
    start = end;
  }
}
