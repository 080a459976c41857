import { parseIPv4 } from './address.ts';
import { RULE } from './limits.ts';
import type { PlannedHost } from './plan/rules.ts';
import { checkPattern } from './regex/check.ts';

/**
 * What a rule looks for in the host of a request: `www.example.com`, `*.example.com`,
 * `www.example.*`, or `~` and a regular expression. Names in lower case. The text must have the form; see
 * `checkHostPattern`.
 */
export function parseHostPattern(text: string): PlannedHost {
  if (text.startsWith('~')) return { kind: 'regex', value: text.slice(1) };
  const name = text.toLowerCase();
  if (name.startsWith('*.')) return { kind: 'prefix-wildcard', value: name.slice(2) };
  if (name.endsWith('.*')) return { kind: 'suffix-wildcard', value: name.slice(0, -2) };
  return { kind: 'exact', value: name };
}

/** Why the text is no host pattern, as the rest of a sentence; empty when it is one. */
export function checkHostPattern(text: string): string {
  const { kind, value } = parseHostPattern(text);
  if (kind === 'regex') return checkPattern(value);
  if (text === '*') return 'matches every host: leave the list empty for that';
  if (value.includes('*')) return 'has its `*` neither as first nor as last label';
  return checkHostName(value, kind);
}

/** Why the text is no host name or IPv4 address, as the rest of a sentence; empty when it is one. */
export function checkHostName(text: string, kind: Exclude<PlannedHost['kind'], 'regex'> = 'exact'): string {
  if (text.length > RULE.hostLength) return `has more than ${RULE.hostLength} characters`;
  if (/[:[\]]/.test(text)) return 'has a character that is not of a name: the port is no part of it';
  if (!/^[A-Za-z0-9._-]*$/.test(text)) return 'has a character other than letters, digits, `-`, `_` and `.`';
  // A wildcard may end in what only looks like an address: 10.0.*
  const address = kind === 'exact' && /^[0-9.]+$/.test(text);
  if (address && parseIPv4(text) === null) return 'has only digits and dots, but is no IPv4 address';
  if (text.startsWith('_')) return 'begins with `_`';
  for (const label of text.split('.')) {
    if (label === '') return 'has an empty label: a dot at an end, or two in a row';
    if (label.length > 63) return 'has a label of more than 63 characters';
    if (label.startsWith('-') || label.endsWith('-')) return 'has a label that begins or ends with `-`';
  }
  return '';
}
