import { ID_DIGITS, ID_PREFIXES, type IdKind, idPattern } from './id-kinds.ts';
import { Type } from './type.ts';

export { ID_PREFIXES, type IdKind };

/** Crockford's base 32 in lower case: no i, l, o, u; sorts as the number does. */
const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_DIGITS = 10;
const RANDOM_DIGITS = ID_DIGITS - TIME_DIGITS;
const RANDOM_LIMIT = 32 ** RANDOM_DIGITS;

export const Id = (kind: IdKind, description: string) => Type.String({ pattern: idPattern(kind), description });

/** A node names itself: the agent's configuration gives its identifier. */
export const NodeId = (description: string) =>
  Type.String({ pattern: '^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$', description });

export interface IdSource {
  next(kind: IdKind): string;
}

/**
 * Makes identifiers that sort by creation: milliseconds, then a random number that is counted up within a millisecond.
 * `after` is the newest identifier in use, so that the order holds when the clock was set back.
 * `random` gives numbers in [0, 1).
 */
export function createIdSource(now: () => number, random: () => number, after?: string): IdSource {
  let last = after === undefined ? 0 : timeOf(after);
  let tail = RANDOM_LIMIT - 1;
  return {
    next(kind) {
      const time = Math.max(now(), last);
      if (time > last) {
        last = time;
        tail = Math.floor(random() * RANDOM_LIMIT);
      } else if (++tail >= RANDOM_LIMIT) {
        last++;
        tail = Math.floor(random() * RANDOM_LIMIT);
      }
      return `${ID_PREFIXES[kind]}-${encode(last, TIME_DIGITS)}${encode(tail, RANDOM_DIGITS)}`;
    },
  };
}

/** Unix milliseconds at which the identifier was made. */
export function timeOf(id: string): number {
  let time = 0;
  for (const digit of id.slice(id.indexOf('-') + 1).slice(0, TIME_DIGITS)) time = time * 32 + DIGITS.indexOf(digit);
  return time;
}

/** The least identifier of a kind that can be made at that time, in Unix milliseconds; for ranges of time. */
export function idAt(kind: IdKind, time: number): string {
  return `${ID_PREFIXES[kind]}-${encode(Math.max(0, time), TIME_DIGITS)}${'0'.repeat(RANDOM_DIGITS)}`;
}

function encode(value: number, digits: number): string {
  let text = '';
  let rest = value;
  for (let i = 0; i < digits; i++) {
    text = DIGITS[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}
