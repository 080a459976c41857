import { stripVTControlCharacters } from 'node:util';

/** Text of others on one line of a terminal: without anything that could move the cursor or change its colours. */
export function oneLine(text: string): string {
  return stripVTControlCharacters(text).replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}

/** The text, or so many characters of it, of which the last one says that there are more. */
export function shortened(text: string, most: number): string {
  const characters = Array.from(text);
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}

/** What stands for no value. */
export const NOTHING = '–';

/** A value of the API as text of one line; null and the empty string are a dash. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined || value === '') return NOTHING;
  if (typeof value === 'string') return oneLine(value);
  if (Array.isArray(value)) return value.length === 0 ? NOTHING : value.map(valueText).join(', ');
  if (typeof value === 'object') {
    const pairs = Object.entries(value).map(([key, entry]) => `${oneLine(key)}=${valueText(entry)}`);
    return pairs.length === 0 ? NOTHING : pairs.join(', ');
  }
  return String(value);
}

/** `1 listener`, `2 listeners` */
export function count(number: number, noun: string): string {
  if (number === 1) return `1 ${noun}`;
  return `${number} ${noun}${noun.endsWith('s') ? 'es' : 's'}`;
}
