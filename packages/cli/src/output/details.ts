import type { Paint } from './colour.ts';
import { cell, table } from './table.ts';

/** An object of the API field by field, under the API's own names; lists of objects as tables below. */
export function details(object: object, paint: Paint): string {
  const entries = Object.entries(object);
  const plain = entries.filter(([, value]) => !isTabular(value));
  const tables = entries.filter(([, value]) => isTabular(value)) as [string, object[]][];
  const lines = fields(plain, '', paint);
  for (const [name, items] of tables) lines.push('', section(name, items, paint).trimEnd());
  return `${lines.join('\n')}\n`;
}

/** A heading with a table under it; the columns are the fields of the first item. */
export function section(name: string, items: readonly object[], paint: Paint): string {
  const columns = Object.keys(items[0] ?? {}).map((field) => ({
    head: field,
    of: (item: object) => (item as Record<string, unknown>)[field],
  }));
  return titled(name, table(columns, items, paint), paint);
}

export function titled(title: string, body: string, paint: Paint): string {
  return `${paint('bold', title)}\n${body.replace(/^(?=.)/gm, '  ')}`;
}

function fields(entries: readonly (readonly [string, unknown])[], indent: string, paint: Paint): string[] {
  const width = Math.max(0, ...entries.map(([name]) => name.length)) + 1;
  return entries.flatMap(([name, value]) => {
    const head = `${indent}${`${name}:`.padEnd(width)}`;
    if (!isObject(value) || Object.keys(value).length === 0) return [`${head} ${cell(value, paint)}`];
    return [head.trimEnd(), ...fields(Object.entries(value), `${indent}  `, paint)];
  });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTabular(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isObject);
}
