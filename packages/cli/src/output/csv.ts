import { NOTHING, valueText } from './text.ts';

/** How formulas begin, also in their full-width forms and after spaces. */
const FORMULA = /^\s*[=+@\u{FF1D}\u{FF0B}\u{FF20}\u{FF0D}-]/u;

/**
 * Comma-separated values (RFC 4180): a line of heads, then one for each row; what is not there is an empty field. Text that
 * a spreadsheet would take for a formula has an apostrophe in front, which makes it text there: names, tags and
 * descriptions are whatever anybody has given.
 */
export function csv(heads: readonly string[], rows: readonly (readonly unknown[])[]): string {
  return [heads, ...rows].map((fields) => `${fields.map(field).join(',')}\r\n`).join('');
}

function field(value: unknown): string {
  const text = valueText(value);
  if (text === NOTHING) return '';
  const plain = typeof value !== 'number' && FORMULA.test(text) ? `'${text}` : text;
  return /[",]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
