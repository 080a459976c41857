import { TOKEN_LOWER } from '../../http1/characters.ts';
import { equalsIgnoringCase } from '../../http1/fields.ts';
import type { RequestHead } from '../../http1/request-head.ts';

const SP = 32;

/**
 * The token of `Authorization: Bearer …` (RFC 6750 section 2.1): null when there is no such field, or one of another
 * scheme; the empty string when there are two, of which a target might believe the other one.
 */
export function bearerToken(memory: Uint8Array, { fields }: RequestHead): string | null {
  let token: string | null = null;
  let seen = 0;
  for (let i = 0; i < fields.count; i++) {
    if (!equalsIgnoringCase(memory, fields.nameStart(i), fields.nameEnd(i), 'authorization')) continue;
    if (++seen > 1) return '';
    const start = fields.valueStart(i);
    const end = fields.valueEnd(i);
    let at = start;
    while (at < end && TOKEN_LOWER[memory[at]!] !== 0) at++;
    if (!equalsIgnoringCase(memory, start, at, 'bearer')) continue;
    while (at < end && memory[at] === SP) at++;
    token = Buffer.from(memory.subarray(at, end)).toString('latin1');
  }
  return token;
}
