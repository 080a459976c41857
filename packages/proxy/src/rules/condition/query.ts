import type { PlannedFieldMatch } from '@evenkeel/model/plan/rules.ts';
import { HEX } from '../../http1/characters.ts';
import { MAX_TARGET } from '../../http1/request-head.ts';
import type { Condition, RoutedRequest } from './condition.ts';
import { isAt, type ValueTest, valueTest } from './value-test.ts';

const AMPERSAND = 38;
const EQUALS = 61;
const PERCENT = 37;
const PLUS = 43;
const SPACE = 32;

/** Where names and values are decoded to; one for the thread, used for the length of one comparison. */
const decoded = new Uint8Array(MAX_TARGET);

/**
 * On a parameter of the query: pairs between ampersands, the name up to the first `=`. Names and values are compared as
 * forms mean them: percent-encoding decoded once, `+` a space. Of several of one name, one must fit.
 */
export class QueryCondition implements Condition {
  readonly #name: Uint8Array;
  readonly #absent: boolean;
  readonly #test: ValueTest;

  constructor(planned: PlannedFieldMatch) {
    this.#name = Buffer.from(planned.name);
    this.#absent = planned.kind === 'absent';
    this.#test = valueTest(planned);
  }

  holds({ memory, queryStart, queryEnd }: RoutedRequest): boolean {
    let at = queryStart;
    while (at < queryEnd) {
      const nameStart = at;
      while (at < queryEnd && memory[at] !== AMPERSAND && memory[at] !== EQUALS) at++;
      const nameEnd = at;
      if (at < queryEnd && memory[at] === EQUALS) at++;
      const valueStart = at;
      while (at < queryEnd && memory[at] !== AMPERSAND) at++;
      if (this.#fits(memory, nameStart, nameEnd, valueStart, at)) return !this.#absent;
      at++;
    }
    return this.#absent;
  }

  #fits(memory: Uint8Array, nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): boolean {
    if (nameEnd === nameStart && valueEnd === nameEnd) return false;
    if (nameEnd - nameStart < this.#name.length) return false;
    const nameLength = decode(memory, nameStart, nameEnd);
    if (nameLength !== this.#name.length || !isAt(this.#name, decoded, 0)) return false;
    return this.#test(decoded, 0, decode(memory, valueStart, valueEnd));
  }
}

/** Decodes memory[start, end) into `decoded`; returns the length. What is no encoding stands for itself. */
function decode(memory: Uint8Array, start: number, end: number): number {
  let length = 0;
  for (let at = start; at < end; at++) {
    const byte = memory[at]!;
    if (byte === PERCENT && at + 2 < end && HEX[memory[at + 1]!] !== 255 && HEX[memory[at + 2]!] !== 255) {
      decoded[length++] = HEX[memory[at + 1]!]! * 16 + HEX[memory[at + 2]!]!;
      at += 2;
    } else decoded[length++] = byte === PLUS ? SPACE : byte;
  }
  return length;
}
