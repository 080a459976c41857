import { SP, ZERO } from '../http1/characters.ts';
import { eachListElement, equalsIgnoringCase, type FieldTable } from '../http1/fields.ts';

/** Content codings that answers can be brought into. */
export const Coding = { none: 0, gzip: 1, brotli: 2 } as const;
export type Coding = (typeof Coding)[keyof typeof Coding];

/** What a client likes at least as much as the answer as it is: weights from 0 to 1000. */
export interface Accepted {
  gzip: number;
  brotli: number;
}

const SEMICOLON = 59;
const DOT = 46;
const UNKNOWN = -1;

/**
 * What the Accept-Encoding fields of a request say (RFC 9110 section 12.5.3). What is malformed accepts nothing. A coding
 * that has less weight than `identity` is as good as none; where nothing is said of that, it is what remains.
 */
export function readAccepted(memory: Uint8Array, fields: FieldTable): Accepted {
  let gzip = UNKNOWN;
  let brotli = UNKNOWN;
  let identity = UNKNOWN;
  let any = UNKNOWN;
  for (let i = 0; i < fields.count; i++) {
    if (!equalsIgnoringCase(memory, fields.nameStart(i), fields.nameEnd(i), 'accept-encoding')) continue;
    eachListElement(memory, fields.valueStart(i), fields.valueEnd(i), (start, end) => {
      let nameEnd = start;
      while (nameEnd < end && memory[nameEnd] !== SEMICOLON && memory[nameEnd] !== SP) nameEnd++;
      const weight = weightOf(memory, nameEnd, end);
      if (equalsIgnoringCase(memory, start, nameEnd, 'gzip') || equalsIgnoringCase(memory, start, nameEnd, 'x-gzip')) {
        gzip = Math.max(gzip, weight);
      } else if (equalsIgnoringCase(memory, start, nameEnd, 'br')) brotli = Math.max(brotli, weight);
      else if (equalsIgnoringCase(memory, start, nameEnd, 'identity')) identity = Math.max(identity, weight);
      else if (memory[start] === 42 && nameEnd === start + 1) any = weight;
      return true;
    });
  }
  const liked = (named: number): number => {
    const weight = named === UNKNOWN ? any : named;
    return weight < identity ? 0 : Math.max(0, weight);
  };
  return { gzip: liked(gzip), brotli: liked(brotli) };
}

/** `;q=0.5` as 500; 1000 when nothing is said, 0 when it cannot be understood. */
function weightOf(memory: Uint8Array, start: number, end: number): number {
  let at = start;
  const skip = (): void => {
    while (at < end && (memory[at] === SP || memory[at] === 9)) at++;
  };
  skip();
  if (at === end) return 1_000;
  if (memory[at++] !== SEMICOLON) return 0;
  skip();
  if (at + 3 > end || (memory[at]! | 32) !== 113 || memory[at + 1] !== 61) return 0;
  at += 2;
  let weight = (memory[at++]! - ZERO) * 1_000;
  if (weight !== 0 && weight !== 1_000) return 0;
  if (at === end) return weight;
  if (memory[at++] !== DOT || end - at > 3) return 0;
  for (let unit = 100; at < end; at++, unit /= 10) {
    const digit = memory[at]! - ZERO;
    if (digit < 0 || digit > 9) return 0;
    weight += digit * unit;
  }
  return weight > 1_000 ? 0 : weight;
}
