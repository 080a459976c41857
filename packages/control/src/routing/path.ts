import { RULE } from '@evenkeel/model/limits.ts';
import { refuseField } from '../problem.ts';

/** Unreserved characters (RFC 3986 §2.3) that are percent-encoded without need: requests are matched with them decoded. */
const NEEDLESS = /%(2[de]|3[0-9]|[46][1-9a-f]|[57][0-9a]|5f|7e)/gi;
/** What stays encoded: requests are matched with digits in capitals (RFC 3986 §6.2.2.1). */
const ENCODED = /%[0-9a-f]{2}/gi;
/** A segment `.` or `..` between slashes of any spelling; requests that have one are refused. */
const DOT_SEGMENT = /(^|[/\\]|%2f|%5c)\.{1,2}($|[/\\]|%2f|%5c)/i;

/**
 * The beginning or the whole of a path (RFC 3986 §3.3, with what URL parsers leave as it is) in the spelling that
 * requests are matched in. `at` is the pointer to it.
 */
export function settledPath(text: string, kind: 'exact' | 'prefix', at: string): string {
  const reason = reasonAgainst(text, kind);
  if (reason !== '') refuseField('validation-failed', at, reason);
  const decoded = text.replace(NEEDLESS, (encoded) => decodeURIComponent(encoded));
  const path = decoded.replace(ENCODED, (encoded) => encoded.toUpperCase());
  // What a prefix ends in may go on as something else.
  if (DOT_SEGMENT.test(kind === 'exact' ? path : `${path}x`)) {
    refuseField('rule-never-matches', at, 'has a segment `.` or `..`: requests with one are refused');
  }
  return path;
}

function reasonAgainst(text: string, kind: 'exact' | 'prefix'): string {
  if (!text.startsWith('/')) return 'does not begin with `/`';
  if (text.length > RULE.pathLength) return `has more than ${RULE.pathLength} characters`;
  if (/[?#]/.test(text)) return 'has a `?` or `#`: the query is no part of the path';
  if (/\*./.test(text)) {
    const pattern = patternLike(text, kind);
    return `has a \`*\` before its end: take the kind \`regex\` with \`${pattern}\` (\`~${pattern}\` on the command line)`;
  }
  if (text.endsWith('*')) {
    return kind === 'exact'
      ? 'ends in `*`: for what it begins with, take the kind `prefix`'
      : 'needs no `*` at its end';
  }
  if (!/^[!-~]*$/.test(text)) return 'has a character that no path has: write it as `%` and two hexadecimal digits';
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return 'has a `%` without two hexadecimal digits';
  return '';
}

/** The regular expression that a path with `*` for segments was most likely meant as. */
function patternLike(text: string, kind: 'exact' | 'prefix'): string {
  const source = text.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*+/g, '[^/]+');
  return `^${source}${kind === 'exact' ? '$' : ''}`;
}
