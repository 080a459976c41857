import { NOTHING, valueText } from './text.ts';

/** Comma-separated values (RFC 4180): a line of heads, then one for each row; what is not there is an empty field. */
export function csv(heads: readonly string[], rows: readonly (readonly unknown[])[]): string {
  return [heads, ...rows].map((fields) => `${fields.map(field).join(',')}\r\n`).join('');
}

function field(value: unknown): string {
  const text = valueText(value);
  if (text === NOTHING) return '';
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
