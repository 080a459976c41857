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
];

/** One step of the hash that the parsers compute while they scan a name; `lower` is the lower-case byte. */
const step = (hash: number, lower: number): number => (Math.imul(hash, 31) + lower) | 0;

const SLOTS = 256;
const codeBySlot = new Uint8Array(SLOTS);
const hashByCode = new Int32Array(NAMES.length);
const bytesByCode = NAMES.map((name) => Uint8Array.from(name, (character) => character.charCodeAt(0)));

for (let code = 1; code < NAMES.length; code++) {
  const hash = bytesByCode[code]!.reduce(step, 0);
  hashByCode[code] = hash;
  const slot = slotOf(hash);
  if (codeBySlot[slot] !== 0) throw new Error(`field names ${NAMES[code]} and ${NAMES[codeBySlot[slot]!]} share a slot`);
  codeBySlot[slot] = code;
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 8) ^ (hash >>> 17)) & (SLOTS - 1);
}

/**
 * The code of the name memory[start, end), given its hash (`Math.imul(h, 31) + lower-case byte` over all bytes). The
 * bytes are compared, so that no crafted name passes for another one.
 */
export function fieldCode(memory: Uint8Array, start: number, end: number, hash: number): number {
  const code = codeBySlot[slotOf(hash)]!;
  if (code === 0 || hashByCode[code] !== hash) return Field.other;
  const name = bytesByCode[code]!;
  if (name.length !== end - start) return Field.other;
  for (let i = 0; i < name.length; i++) if (TOKEN_LOWER[memory[start + i]!] !== name[i]) return Field.other;
  return code;
}
