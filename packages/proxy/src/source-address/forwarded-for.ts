import { COMMA, HTAB, SP } from '../http1/characters.ts';
import { Field } from '../http1/field-names.ts';
import type { FieldTable } from '../http1/fields.ts';
import type { CidrSet } from './cidr-set.ts';
import type { IpAddress } from './ip-address.ts';
import { parseNode } from './node-address.ts';

/** Proxies in a row that are believed; who chains more is not believed about the rest. */
const MOST_HOPS = 64;

/**
 * Walks X-Forwarded-For from the right, where the nearest proxy has written, through trusted proxies to the first address
 * that is none. What stands left of that, or of something that is no address, is nobody's word but the client's.
 *
 * `address` holds who sent the request, who is trusted, and is left with the client's. Returns the port that the last
 * element taken had, 0 for none; -1 when no element was taken.
 */
export function walkForwardedFor(
  memory: Uint8Array,
  fields: FieldTable,
  trusted: CidrSet,
  address: IpAddress,
  scratch: IpAddress,
): number {
  let port = -1;
  let hops = 0;
  for (let i = fields.count - 1; i >= 0; i--) {
    if (fields.code(i) !== Field.forwardedFor) continue;
    const start = fields.valueStart(i);
    let end = fields.valueEnd(i);
    while (end > start) {
      let from = end;
      while (from > start && memory[from - 1] !== COMMA) from--;
      let first = from;
      let last = end;
      while (first < last && isSpace(memory[first]!)) first++;
      while (last > first && isSpace(memory[last - 1]!)) last--;
      end = from - 1;
      // An empty element is none (RFC 9110 section 5.6.1).
      if (first === last) continue;
      if (hops++ === MOST_HOPS) return port;
      const told = parseNode(memory, first, last, scratch);
      if (told < 0) return port;
      address.copy(scratch);
      port = told;
      if (!trusted.has(address)) return port;
    }
  }
  return port;
}

function isSpace(byte: number): boolean {
  return byte === SP || byte === HTAB;
}
