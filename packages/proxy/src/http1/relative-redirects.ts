import type { PlannedHttp } from '@evenkeel/model/plan/http.ts';
import { COLON, HTAB, SP, TOKEN_LOWER } from './characters.ts';
import { Field } from './field-names.ts';
import { equalsIgnoringCase, type FieldTable } from './fields.ts';
import type { RequestHead } from './request-head.ts';

/**
 * A target that does not know of the TLS in front of it redirects to `http://` and the host that it was asked for. What is
 * left of that without scheme and host means the same resource to the client, by the scheme and port that it came by
 * (RFC 9110 §10.2.2, RFC 3986 §4.2). It is done where the value lies: spaces take the place of what goes, which are
 * optional white space there, so that nothing has to move.
 */

const NAME = 'location';
const SCHEME = 'http';
/** The length of `http://`. */
const BEFORE_HOST = 7;
const PLAIN_PORT = '80';

const HASH = 35;
const SLASH = 47;
const QUESTION = 63;
const AT = 64;
const BACKSLASH = 92;

/** What `Host` says, in lower case, where the listener makes redirects relative; else empty. */
export function askedHost(http: PlannedHttp | null, memory: Uint8Array, { host, fields }: RequestHead): string {
  if (http?.relativeRedirects !== true || host < 0) return '';
  return textOf(memory, fields.valueStart(host), fields.valueEnd(host));
}

/** Takes `http://` and host from each `Location` among the fields that names the host `asked`. */
export function makeRelative(memory: Uint8Array, fields: FieldTable, asked: string): void {
  for (let i = 0; i < fields.count; i++) {
    if (fields.code(i) !== Field.other) continue;
    if (!equalsIgnoringCase(memory, fields.nameStart(i), fields.nameEnd(i), NAME)) continue;
    shorten(memory, fields.valueStart(i), fields.valueEnd(i), asked);
  }
}

function shorten(memory: Uint8Array, start: number, end: number, asked: string): void {
  const from = start + BEFORE_HOST;
  if (from >= end || !isPlain(memory, start)) return;
  let to = from;
  while (to < end && !endsHost(memory[to]!)) to++;
  // What is in front of `@` is no host.
  if (to < end && memory[to] === AT) return;
  if (!isAsked(textOf(memory, from, to), asked)) return;
  const next = to < end ? memory[to]! : QUESTION;
  if (next === SLASH) {
    // Two slashes would begin another host. Browsers take a backslash for a slash, and take tabs away before they look
    // (WHATWG URL, basic URL parser), so that a slash may follow one.
    const second = to + 1 < end ? memory[to + 1]! : 0;
    if (second === SLASH || second === BACKSLASH || second === HTAB) return;
  } else if (next === BACKSLASH) return;
  // Without a path it is that of the root: the last byte of the host makes room for it.
  else to--;
  memory.fill(SP, start, to);
  memory[to] = SLASH;
}

function isPlain(memory: Uint8Array, start: number): boolean {
  const afterScheme = start + SCHEME.length;
  if (!equalsIgnoringCase(memory, start, afterScheme, SCHEME)) return false;
  return memory[afterScheme] === COLON && memory[afterScheme + 1] === SLASH && memory[afterScheme + 2] === SLASH;
}

function endsHost(byte: number): boolean {
  return byte === SLASH || byte === QUESTION || byte === HASH || byte === BACKSLASH || byte === AT;
}

/** Whether it is the host that was asked for, at that port or at the one that goes without saying. */
function isAsked(text: string, asked: string): boolean {
  if (text === asked) return true;
  const [host, port] = split(text);
  return host !== '' && host === split(asked)[0] && (port === '' || port === PLAIN_PORT);
}

/** Host and port; colons within brackets are those of an IPv6 address. */
function split(text: string): readonly [host: string, port: string] {
  const colon = text.indexOf(':', text.indexOf(']') + 1);
  return colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
}

/** In lower case. */
function textOf(memory: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at++) text += String.fromCharCode(TOKEN_LOWER[memory[at]!] || memory[at]!);
  return text;
}
