import { SEMICOLON, SP } from '../http1/characters.ts';
import { eachListElement, equalsIgnoringCase, type FieldTable } from '../http1/fields.ts';
import type { ResponseHead } from '../http1/response-head.ts';

/** Below this many bytes, what is saved is less than what is added. */
export const MIN_LENGTH = 1_024;

/** Answers that are looked at; 206 is a part of something, and what has no body has nothing to compress. */
const STATUSES: ReadonlySet<number> = new Set([200, 203, 403, 404]);

/** Media types beside text that are text in fact. Images, sound, video and archives are compressed already. */
const TYPES: ReadonlySet<string> = new Set([
  'application/javascript',
  'application/json',
  'application/wasm',
  'application/xml',
  'application/x-javascript',
  'application/x-www-form-urlencoded',
  'font/otf',
  'font/ttf',
  'image/bmp',
  'image/vnd.microsoft.icon',
  'image/x-icon',
]);

/** An event must reach its reader when it happens, not when there is enough of them. */
const STREAMS: ReadonlySet<string> = new Set(['text/event-stream']);

const MAX_TYPE = 64;
const W = 87;
const SLASH = 47;

/** Fields that speak of the very bytes of the body, or of parts of it. */
const FORBIDDING = [
  'content-encoding',
  'content-range',
  'content-md5',
  'content-digest',
  'repr-digest',
  'digest',
  'trailer',
];

/** What may become of a response that a client asks for. */
export const Fit = {
  /** It is none of ours. */
  no: 0,
  /** It is right as it is, but others may get it compressed. */
  varies: 1,
  /** It may be compressed. */
  yes: 2,
} as const;
export type Fit = (typeof Fit)[keyof typeof Fit];

/** Whether the type, the status and the fields of a response allow that it is compressed. */
export function fitOf(memory: Uint8Array, head: ResponseHead): Fit {
  if (!STATUSES.has(head.status)) return Fit.no;
  const { fields } = head;
  let type = '';
  let forbidden = false;
  for (let i = 0; i < fields.count; i++) {
    const [start, end] = [fields.nameStart(i), fields.nameEnd(i)];
    if (equalsIgnoringCase(memory, start, end, 'content-type')) {
      type = typeOf(memory, fields.valueStart(i), fields.valueEnd(i));
    } else if (equalsIgnoringCase(memory, start, end, 'cache-control')) {
      if (saysNoTransform(memory, fields.valueStart(i), fields.valueEnd(i))) return Fit.no;
    } else forbidden ||= FORBIDDING.some((name) => equalsIgnoringCase(memory, start, end, name));
  }
  const fits = (type.startsWith('text/') && !STREAMS.has(type)) || TYPES.has(type) || hasTextSuffix(type);
  if (!fits || forbidden) return Fit.no;
  return head.contentLength >= 0 && head.contentLength < MIN_LENGTH ? Fit.varies : Fit.yes;
}

/** Whether a request asks that nothing be transformed (RFC 9111 section 5.2.1.6). */
export function forbidsTransforming(memory: Uint8Array, fields: FieldTable): boolean {
  for (let i = 0; i < fields.count; i++) {
    if (!equalsIgnoringCase(memory, fields.nameStart(i), fields.nameEnd(i), 'cache-control')) continue;
    if (saysNoTransform(memory, fields.valueStart(i), fields.valueEnd(i))) return true;
  }
  return false;
}

/** `application/problem+json` and the like say by their end what they are written in (RFC 6839). */
function hasTextSuffix(type: string): boolean {
  return type.endsWith('+json') || type.endsWith('+xml');
}

/** Whether a request says by a weak entity tag what it has already, which compressed answers have (RFC 9110 section 13.1.2). */
export function hasWeakTag(memory: Uint8Array, fields: FieldTable): boolean {
  for (let i = 0; i < fields.count; i++) {
    if (!equalsIgnoringCase(memory, fields.nameStart(i), fields.nameEnd(i), 'if-none-match')) continue;
    const start = fields.valueStart(i);
    if (
      !eachListElement(memory, start, fields.valueEnd(i), (from) => memory[from] !== W || memory[from + 1] !== SLASH)
    ) {
      return true;
    }
  }
  return false;
}

function saysNoTransform(memory: Uint8Array, start: number, end: number): boolean {
  return !eachListElement(memory, start, end, (from, to) => !equalsIgnoringCase(memory, from, to, 'no-transform'));
}

/** The media type without parameters, in lower case. */
function typeOf(memory: Uint8Array, start: number, end: number): string {
  let at = start;
  while (at < end && memory[at] !== SEMICOLON && memory[at] !== SP && at - start < MAX_TYPE) at++;
  return Buffer.from(memory.subarray(start, at)).toString('latin1').toLowerCase();
}
