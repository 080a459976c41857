import { readFileSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { InvalidArgumentError } from 'commander';

/** Bytes of an error page: four for each character that the API takes. */
const LARGEST_PAGE = 65_536;

/** How the text of an option or argument becomes a value. What a value may be, beyond its form, the API decides. */

export function integer(text: string): number {
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number.');
}

/** How many of something: at least one. */
export function atLeastOne(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number from 1 on.');
}

/** What `none` becomes until it is null in a body: commander takes null for a value that is missing. */
export const NONE: unique symbol = Symbol('none');
export type None = typeof NONE;

/** A whole number, or `none`. */
export function integerOrNone(text: string): number | None {
  return text === 'none' ? NONE : integer(text);
}

/** Seconds that somebody waits: up to a day. */
export function waitSeconds(text: string): number {
  const seconds = integer(text);
  if (seconds >= 0 && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError('Give 0 to 86400 seconds.');
}

export function onOff(text: string): boolean {
  if (text === 'on') return true;
  if (text === 'off') return false;
  throw new InvalidArgumentError('Give "on" or "off".');
}

/** Words between commas. */
export function words(text: string): string[] {
  return text.split(',').map((word) => word.trim());
}

/** Words between commas; none at all for `none`. */
export function wordsOrNone(text: string): string[] {
  return text === 'none' ? [] : words(text);
}

/** Whole numbers between commas; none at all for `none`. */
export function integersOrNone(text: string): number[] {
  return wordsOrNone(text).map(integer);
}

export interface ErrorPageSpec {
  readonly status: number;
  readonly contentType?: string;
  readonly body?: string;
  readonly location?: string;
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.json': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
};

/**
 * `503=sorry.html`, once or more: the page is what the file says; `503=https://…`: clients are sent there; `none` for no
 * pages at all.
 */
export function errorPage(text: string, before: readonly ErrorPageSpec[] = []): ErrorPageSpec[] {
  if (text === 'none') return [];
  const [, status, file] = /^(\d{3})=(.+)$/.exec(text) ?? [];
  if (file === undefined) throw new InvalidArgumentError('Give status=file, such as 503=sorry.html, or "none".');
  if (/^https?:\/\//i.test(file)) return [...before, { status: Number(status), location: file }];
  const contentType = MEDIA_TYPES[extname(file)];
  return [...before, { status: Number(status), ...(contentType && { contentType }), body: readPage(file) }];
}

function readPage(file: string): string {
  try {
    const { size } = statSync(file);
    if (size > LARGEST_PAGE) throw new InvalidArgumentError(`${file} is larger than ${LARGEST_PAGE} bytes.`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw error;
    throw new InvalidArgumentError(`${file} cannot be read: ${(error as Error).message}.`);
  }
}

/** `key=value`, once or more; `none` for no tags at all. */
export function tag(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  if (text === 'none') return {};
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('Give key=value, or "none".');
  return { ...before, [text.slice(0, equals)]: text.slice(equals + 1) };
}

export function textOrNone(text: string): string | None {
  return text === 'none' ? NONE : text;
}

/** For an option that may be given several times. */
export function several<T>(parse: (text: string) => T): (text: string, before?: readonly T[]) => T[] {
  return (text, before = []) => [...before, parse(text)];
}

/** The same, or none at all for `none`. */
export function severalOrNone<T>(parse: (text: string) => T): (text: string, before?: readonly T[]) => T[] {
  return (text, before = []) => (text === 'none' ? [] : [...before, parse(text)]);
}

export interface NameAndReference {
  readonly name: string;
  readonly reference: string;
}

/** `www.example.com=site` */
export function nameAndReference(text: string): NameAndReference {
  const equals = text.indexOf('=');
  if (equals < 1 || equals === text.length - 1) throw new InvalidArgumentError('Give name=object, or "none".');
  return { name: text.slice(0, equals), reference: text.slice(equals + 1) };
}

export interface ProtocolAndPort {
  readonly protocol: string;
  readonly port: number;
  /** Of a range. */
  readonly lastPort?: number;
}

/** `http:80`, `udp:9000-9100` */
export function protocolAndPort(text: string): ProtocolAndPort {
  const match = /^([a-z-]+):(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Give protocol:port, such as http:80, or protocol:first-last.');
  const [, protocol, port, lastPort] = match;
  return { protocol, port: Number(port), ...(lastPort !== undefined && { lastPort: Number(lastPort) }) };
}

export interface TargetSpec {
  readonly address: string;
  readonly port?: number;
  readonly weight?: number;
  readonly zone?: string;
  readonly name?: string;
}

const TARGET_FORM = 'Give address[:port][,weight=N][,zone=NAME][,name=NAME]; IPv6 with a port as [address]:port.';

/** `10.0.0.1`, `10.0.0.1:8080`, `[2001:db8::1]:8080`, `10.0.0.1:8080,weight=5,zone=a` */
export function target(text: string): TargetSpec {
  const [place, ...settings] = text.split(',');
  const spec: Record<string, string | number> = addressAndPort(place);
  for (const setting of settings) {
    const [, key, value] = /^(weight|zone|name)=(.*)$/.exec(setting) ?? [];
    if (key === undefined) throw new InvalidArgumentError(TARGET_FORM);
    spec[key] = key === 'weight' ? integer(value) : value;
  }
  return spec as unknown as TargetSpec;
}

/** An address with or without a port. More than one colon outside of brackets is an IPv6 address alone. */
export function addressAndPort(text: string): { address: string; port?: number } {
  const [, bracketed, bare, port] = /^(?:\[([^\]]+)\]|([^[\]:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const address = bracketed ?? bare ?? (/^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$/.test(text) ? text : undefined);
  if (address === undefined) throw new InvalidArgumentError(TARGET_FORM);
  return { address, ...(port !== undefined && { port: Number(port) }) };
}
