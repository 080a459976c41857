import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { type ErrorPageSpec, errorPage, integer, NONE, type None } from './values.ts';

/** How the text of a rule's options becomes a value. What a value may be, beyond its form, the API decides. */

export interface PathSpec {
  readonly kind: 'exact' | 'prefix' | 'regex';
  readonly value: string;
  readonly ignoreCase?: true;
}

/** `/a` the path alone, `/a*` what begins so, `~re` a regular expression, `~*re` in any case. */
export function path(text: string): PathSpec {
  if (text.startsWith('~*')) return { kind: 'regex', value: text.slice(2), ignoreCase: true };
  if (text.startsWith('~')) return { kind: 'regex', value: text.slice(1) };
  if (text.endsWith('*')) return { kind: 'prefix', value: text.slice(0, -1) };
  return { kind: 'exact', value: text };
}

export interface FieldSpec {
  readonly name: string;
  readonly kind: 'exact' | 'prefix' | 'contains' | 'regex' | 'present' | 'absent';
  readonly values?: readonly string[];
}

const COMPARISONS = { '=': 'exact', '^=': 'prefix', '*=': 'contains', '~=': 'regex' } as const;

/** `name` is there, `!name` is not, `name=value` is it, `name^=value` begins so, `name*=value` has it, `name~=re` fits. */
export function fieldMatch(text: string): FieldSpec {
  if (text.startsWith('!')) return { name: text.slice(1), kind: 'absent' };
  const [, name, comparison, value] = /^([^=]*?)([\^*~]?=)(.*)$/s.exec(text) ?? [];
  if (name === undefined) return { name: text, kind: 'present' };
  return { name, kind: COMPARISONS[comparison as keyof typeof COMPARISONS], values: [value] };
}

export interface Share {
  readonly service: string;
  readonly number?: number;
}

/** `service`, or `service=number`: its weight or percentage. */
export function share(text: string): Share {
  const equals = text.lastIndexOf('=');
  if (equals < 0) return { service: text };
  return { service: text.slice(0, equals), number: integer(text.slice(equals + 1)) };
}

/** `service` or `service=weight`, with commas. */
export function shares(text: string): Share[] {
  return text.split(',').map((part) => share(part.trim()));
}

/** `service` or `service=percent`, or `none`. */
export function shareOrNone(text: string): Share | None {
  return text === 'none' ? NONE : share(text);
}

const REDIRECT_FORM = 'Give a status and what changes: 301,protocol=https,host=…,port=…,path=…,query=….';

/** `301,protocol=https,port=443` */
export function redirect(text: string): Record<string, string | number> {
  const [status, ...parts] = text.split(',');
  const result: Record<string, string | number> = { status: integer(status) };
  for (const part of parts) {
    const [, key, value] = /^(protocol|host|port|path|query)=(.*)$/.exec(part) ?? [];
    if (key === undefined) throw new InvalidArgumentError(REDIRECT_FORM);
    result[key] = key === 'port' ? integer(value) : value;
  }
  return result;
}

/** `503`, or `503=sorry.html`: the body is what the file says. */
export function respond(text: string): Omit<ErrorPageSpec, 'location'> {
  if (/^\d{3}$/.test(text)) return { status: Number(text) };
  const [page] = errorPage(text);
  if (page?.location !== undefined) throw new InvalidArgumentError('Give a file; --redirect sends clients to a URL.');
  return { contentType: 'text/html; charset=utf-8', ...page };
}

export interface HeaderEditSpec {
  readonly operation: 'set' | 'add' | 'remove';
  readonly name: string;
  readonly value?: string;
}

/** `name=value` sets, `+name=value` adds, `!name` removes; several times; `none` for no change at all. */
export function headerEdit(text: string, before: readonly HeaderEditSpec[] = []): HeaderEditSpec[] {
  if (text === 'none') return [];
  if (text.startsWith('!')) return [...before, { operation: 'remove', name: text.slice(1) }];
  const [, plus, name, value] = /^(\+?)([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('Give name=value, +name=value, !name, or "none".');
  return [...before, { operation: plus === '+' ? 'add' : 'set', name, value }];
}

/** A file with the JSON of `jwt`; null for `none`. */
export function jwtFile(file: string): object | null {
  if (file === 'none') return null;
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch (error) {
    throw new InvalidArgumentError(`${file} cannot be read: ${(error as Error).message}.`);
  }
  throw new InvalidArgumentError(`${file} is no JSON object with keys and algorithms.`);
}

/** Several values of one kind; `none` for none at all. */
export function severalOrNone<T>(parse: (text: string) => T): (text: string, before?: readonly T[]) => T[] {
  return (text, before = []) => (text === 'none' ? [] : [...before, parse(text)]);
}
