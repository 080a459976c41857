import { TOKEN_LOWER } from '../http1/characters.ts';
import { ConnectionOption } from '../http1/connection-options.ts';
import { Field } from '../http1/field-names.ts';
import { equalsIgnoringCase, type FieldTable } from '../http1/fields.ts';

const SLASH = 47;
const UPGRADE_BIT = 1 << Field.upgrade;

/**
 * Protocols that carry requests of their own. Through a tunnel these would pass all rules, limits and logs, so nobody is
 * asked to switch to them.
 */
const NOT_PASSED_ON = ['h2c', 'h2', 'http', 'tls'];

/** What of a head says which protocol follows it. */
export interface UpgradeFields {
  readonly fields: FieldTable;
  /** Bits of `ConnectionOption`. */
  readonly connectionOptions: number;
}

/**
 * Index of the Upgrade field if the head names just one protocol, in the way of RFC 9110 section 7.8; else -1. A list of
 * protocols is a choice for whoever answers; it is not passed on, so that no answer can surprise.
 */
export function upgradeOf(memory: Uint8Array, { fields, connectionOptions }: UpgradeFields): number {
  if ((connectionOptions & ConnectionOption.upgrade) === 0) return -1;
  if ((fields.known & UPGRADE_BIT) === 0 || (fields.repeated & UPGRADE_BIT) !== 0) return -1;
  const index = fields.indexOf(Field.upgrade);
  return isProtocol(memory, fields.valueStart(index), fields.valueEnd(index)) ? index : -1;
}

/** The same for a request that may be passed on: one without a body, for a protocol that is no HTTP. */
export function requestedUpgrade(
  memory: Uint8Array,
  head: UpgradeFields & { readonly contentLength: number; readonly chunked: boolean },
): number {
  // A tunnel begins behind the request. Where a body ends must not be a matter of who switches when.
  if (head.contentLength > 0 || head.chunked) return -1;
  const index = upgradeOf(memory, head);
  if (index < 0) return -1;
  const start = head.fields.valueStart(index);
  let end = start;
  while (end < head.fields.valueEnd(index) && memory[end] !== SLASH) end++;
  return NOT_PASSED_ON.some((name) => equalsIgnoringCase(memory, start, end, name)) ? -1 : index;
}

/** protocol = protocol-name [ "/" protocol-version ], both of them tokens. */
function isProtocol(memory: Uint8Array, start: number, end: number): boolean {
  let slashes = 0;
  for (let at = start; at < end; at++) {
    if (memory[at] === SLASH) {
      slashes++;
      if (at === start || at + 1 === end) return false;
    } else if (TOKEN_LOWER[memory[at]!] === 0) return false;
  }
  return end > start && slashes <= 1;
}
