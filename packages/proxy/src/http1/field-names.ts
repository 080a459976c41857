import { TOKEN_LOWER } from './characters.ts';

/** Field names that the proxy acts upon. The codes are positions in `NAMES`; 0 is any other name. */
export const Field = {
  other: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  keepAlive: 5,
  proxyConnection: 6,
  te: 7,
  trailer: 8,
  upgrade: 9,
  expect: 10,
  forwardedFor: 11,
  userAgent: 12,
  referer: 13,
  requestId: 14,
  http2Settings: 15,
  forwardedProto: 16,
  forwardedPort: 17,
  forwardedHost: 18,
  forwardedBalancer: 19,
  forwardedClientPort: 20,
  forwarded: 21,
  cookie: 22,
  setCookie: 23,
  date: 24,
  /** No name of its own: one of those that ends or vouches for a message, with `_` for `-`, as CGI spells it. */
  lookalike: 25,
} as const;

const NAMES = [
  '',
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'x-forwarded-for',
  'user-agent',
  'referer',
  'x-request-id',
  'http2-settings',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-host',
  'x-forwarded-lbip',
  'x-forwarded-client-port',
  'forwarded',
  'cookie',
  'set-cookie',
  'date',
];

/** Names of which servers that turn `-` into `_` must not get a second one. */
const IMITATED = new Set(NAMES.filter((name) => /^(content-length|transfer-encoding|x-forwarded-.*)$/.test(name)));

const SLOTS = 256;
const codeBySlot = new Uint8Array(SLOTS);
const bytesByCode = NAMES.map((name) => Uint8Array.from(name, (character) => character.charCodeAt(0)));

for (let code = 1; code < NAMES.length; code++) {
  const name = bytesByCode[code]!;
  const slot = slotOf(name.length, name[0]!, name.at(-2)!, name.at(-1)!);
  if (codeBySlot[slot] !== 0)
    throw new Error(`field names ${NAMES[code]} and ${NAMES[codeBySlot[slot]!]} share a slot`);
  codeBySlot[slot] = code;
}

/** Length and three letters tell the known names apart; nothing has to be computed along the name. */
function slotOf(length: number, first: number, lastButOne: number, last: number): number {
  return (length * 37 + first * 11 + lastButOne * 7 + last) & (SLOTS - 1);
}

/**
 * The code of the name memory[start, end), which has at least one byte. All bytes are compared, so that no crafted name
 * passes for another one.
 */
export function fieldCode(memory: Uint8Array, start: number, end: number): number {
  // A name of one letter takes the byte in front of it into account, and is none of the known ones all the same.
  const code = codeBySlot[slotOf(end - start, memory[start]! | 32, memory[end - 2]! | 32, memory[end - 1]! | 32)]!;
  if (code === Field.other) return code;
  const name = bytesByCode[code]!;
  if (name.length !== end - start) return Field.other;
  for (let i = 0; i < name.length; i++) {
    if (TOKEN_LOWER[memory[start + i]!] !== name[i])
      return isLookalike(memory, start, code) ? Field.lookalike : Field.other;
  }
  return code;
}

/** Whether the name at memory[start], as long as the known one, is that one with `_` in places of `-`. */
function isLookalike(memory: Uint8Array, start: number, code: number): boolean {
  if (!IMITATED.has(NAMES[code]!)) return false;
  const name = bytesByCode[code]!;
  for (let i = 0; i < name.length; i++) {
    const byte = TOKEN_LOWER[memory[start + i]!];
    if (byte !== name[i] && !(byte === UNDERSCORE && name[i] === HYPHEN)) return false;
  }
  return true;
}

const HYPHEN = 45;
const UNDERSCORE = 95;
