import type { Message, Reading } from './message.ts';

/**
 * Reads requests as RFC 9112 and this proxy's stricter rules say, in the plainest way there is: regular expressions over
 * text. Slow, short, and written without looking at the real parser, so that a mistake would have to be made twice.
 */
export interface ReferenceReading extends Reading {
  /** It cannot say whether more bytes would mend what is there. */
  readonly unsure: boolean;
}

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const REQUEST_LINE = new RegExp(`^(${TOKEN}) ([!-~]+) HTTP/1\\.([01])$`);
const FIELD_LINE = new RegExp(`^(${TOKEN}):[ \\t]*((?:[\\t -~\\x80-\\xff]*[!-~\\x80-\\xff])?)[ \\t]*$`);
const CHUNK_LINE = /^([0-9A-Fa-f]{1,12})(?:;[\t -~\x80-\xff]*)?$/;
const HOST = /^[A-Za-z0-9\-._~%!$&'()*+,;=:[\]]*$/;
const MAX_FIELDS = 128;
const MAX_TARGET = 8_192;
const MAX_EXTRA = 16_384;

class Refused extends Error {}
class Incomplete extends Error {
  readonly unsure: boolean;
  constructor(unsure: boolean) {
    super();
    this.unsure = unsure;
  }
}

/** `mostFields` of one request: the proxy's limit, or another one for what has passed it. */
export function readReference(bytes: Uint8Array, mostFields = MAX_FIELDS): ReferenceReading {
  const text = Buffer.from(bytes).toString('latin1');
  const messages: Message[] = [];
  let at = 0;
  try {
    for (;;) {
      if (text.startsWith('\r\n', at)) at += 2;
      if (at === text.length) return { messages, end: 'whole', unsure: false };
      const message = readMessage(text, at, mostFields);
      messages.push(message.message);
      if (!staysOpen(message.message)) return { messages, end: 'whole', unsure: false };
      at = message.end;
    }
  } catch (reason) {
    if (reason instanceof Refused) return { messages, end: 'refused', unsure: false };
    if (reason instanceof Incomplete) return { messages, end: 'incomplete', unsure: reason.unsure };
    throw reason;
  }
}

function readMessage(text: string, at: number, mostFields: number): { message: Message; end: number } {
  const line = lineAt(text, at);
  const match = REQUEST_LINE.exec(line.text);
  if (match === null || match[2]!.length > MAX_TARGET) throw new Refused();
  const [, method, target, minorDigit] = match as unknown as [string, string, string, string];
  const minor = Number(minorDigit);
  const { fields, end: bodyStart } = readFields(text, line.end, mostFields);
  const valuesOf = (name: string): string[] =>
    fields.filter(([its]) => its.toLowerCase() === name).map(([, value]) => value);
  const lengths = valuesOf('content-length');
  const codings = valuesOf('transfer-encoding');
  const hosts = valuesOf('host');
  const refuse = (when: boolean): void => {
    if (when) throw new Refused();
  };
  refuse(hosts.length > 1 || (hosts.length === 0 && minor === 1) || hosts.some((host) => !HOST.test(host)));
  refuse(lengths.length > 1 || lengths.some((length) => !/^\d{1,15}$/.test(length)));
  refuse(codings.length > 1 || (codings.length === 1 && (minor === 0 || lengths.length === 1)));
  refuse(codings.length === 1 && codings[0]!.toLowerCase() !== 'chunked');
  const expectations = valuesOf('expect');
  refuse(expectations.length > 1 || expectations.some((expectation) => expectation.toLowerCase() !== '100-continue'));
  refuse(method === 'CONNECT' || method === 'TRACE' || target.includes('#'));
  if (target === '*') refuse(method !== 'OPTIONS');
  else if (!target.startsWith('/')) {
    const absolute = /^https?:\/\/([^/?#]+)/i.exec(target);
    refuse(absolute === null || absolute[1]!.toLowerCase() !== hosts[0]?.toLowerCase());
  }
  const { body, end } =
    codings.length === 1 ? readChunks(text, bodyStart) : readLength(text, bodyStart, Number(lengths[0] ?? 0));
  return { message: { method, target, minor, fields, body }, end };
}

function staysOpen({ minor, fields }: Message): boolean {
  const options = fields
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.toLowerCase().split(/[ \t]*,[ \t]*/));
  return !options.includes('close') && (minor === 1 || options.includes('keep-alive'));
}

/** Field lines up to and with the empty line. */
function readFields(
  text: string,
  at: number,
  most: number,
  refused = /^$/,
): { fields: [string, string][]; end: number } {
  const fields: [string, string][] = [];
  for (;;) {
    const line = lineAt(text, at);
    at = line.end;
    if (line.text === '') return { fields, end: at };
    const match = FIELD_LINE.exec(line.text);
    if (match === null || fields.length === most || refused.test(line.text)) throw new Refused();
    fields.push([match[1]!, match[2]!]);
  }
}

function readLength(text: string, at: number, length: number): { body: string; end: number } {
  if (text.length - at < length) throw new Incomplete(false);
  return { body: text.slice(at, at + length), end: at + length };
}

function readChunks(text: string, at: number): { body: string; end: number } {
  let body = '';
  let extra = 0;
  for (;;) {
    const line = lineAt(text, at);
    const match = CHUNK_LINE.exec(line.text);
    if (match === null) throw new Refused();
    extra += Math.max(0, line.text.length - match[1]!.length - 1);
    if (extra > MAX_EXTRA) throw new Refused();
    const size = Number.parseInt(match[1]!, 16);
    at = line.end;
    if (size === 0) {
      const { end } = readFields(text, at, Number.POSITIVE_INFINITY, /^(content-length|transfer-encoding|host):/i);
      if (extra + end - at > MAX_EXTRA) throw new Incomplete(true);
      return { body, end };
    }
    const behind = text.slice(at + size, at + size + 2);
    if (behind !== '\r\n'.slice(0, behind.length)) throw new Refused();
    if (behind.length < 2) throw new Incomplete(false);
    body += text.slice(at, at + size);
    at += size + 2;
  }
}

/** One line: up to CRLF, without any CR or LF in it. */
function lineAt(text: string, at: number): { text: string; end: number } {
  const end = text.indexOf('\r\n', at);
  const line = end < 0 ? text.slice(at) : text.slice(at, end);
  if (/[\r\n]/.test(end < 0 ? line.replace(/\r$/, '') : line)) throw new Refused();
  if (end < 0) throw new Incomplete(true);
  return { text: line, end: end + 2 };
}
