import type { PlannedFieldMatch } from '@evenkeel/model/plan/rules.ts';
import { HTAB, SEMICOLON, SP } from '../../http1/characters.ts';
import { equalsIgnoringCase } from '../../http1/fields.ts';
import type { Condition, RoutedRequest } from './condition.ts';
import { isAt, type ValueTest, valueTest } from './value-test.ts';

const EQUALS = 61;

/**
 * On a cookie (RFC 6265 section 4.2.1, read as servers read it): pairs between semicolons, white space around them
 * dropped, the name up to the first `=`; what has no `=` is a name with an empty value. Quotes are part of the value.
 * Of several cookies of one name, one must fit.
 */
export class CookieCondition implements Condition {
  readonly #name: Uint8Array;
  readonly #absent: boolean;
  readonly #test: ValueTest;

  constructor(planned: PlannedFieldMatch) {
    this.#name = Buffer.from(planned.name);
    this.#absent = planned.kind === 'absent';
    this.#test = valueTest(planned);
  }

  holds({ memory, head: { fields } }: RoutedRequest): boolean {
    for (let i = 0; i < fields.count; i++) {
      if (!equalsIgnoringCase(memory, fields.nameStart(i), fields.nameEnd(i), 'cookie')) continue;
      if (this.#isIn(memory, fields.valueStart(i), fields.valueEnd(i))) return !this.#absent;
    }
    return this.#absent;
  }

  #isIn(memory: Uint8Array, start: number, end: number): boolean {
    let at = start;
    while (at < end) {
      while (at < end && (memory[at] === SP || memory[at] === HTAB || memory[at] === SEMICOLON)) at++;
      const nameStart = at;
      while (at < end && memory[at] !== SEMICOLON && memory[at] !== EQUALS) at++;
      const nameEnd = trimmedEnd(memory, nameStart, at);
      if (at < end && memory[at] === EQUALS) at++;
      while (at < end && (memory[at] === SP || memory[at] === HTAB)) at++;
      const valueStart = at;
      while (at < end && memory[at] !== SEMICOLON) at++;
      if (nameEnd - nameStart !== this.#name.length || !isAt(this.#name, memory, nameStart)) continue;
      if (this.#test(memory, valueStart, trimmedEnd(memory, valueStart, at))) return true;
    }
    return false;
  }
}

function trimmedEnd(memory: Uint8Array, start: number, end: number): number {
  while (end > start && (memory[end - 1] === SP || memory[end - 1] === HTAB)) end--;
  return end;
}
