import { ID_DIGITS, ID_PREFIXES } from '@evenkeel/model/id-kinds.ts';
import { NAME_PATTERN, TARGET_NAME_PATTERN } from '@evenkeel/model/limits.ts';

/** What a text must be, as the rest of a sentence, with an example: nobody should have to read a regular expression. */
type Words = readonly [is: string, example: string];

const TOKEN: Words = ["letters, digits and !#$%&'*+.^_`|~-", 'X-Request-ID'];
const VISIBLE: Words = ['visible ASCII characters, without spaces', '/search?q=a%20b'];

/** By the patterns of the model; a test finds one that is missing. */
const WORDS: Readonly<Record<string, Words>> = {
  [NAME_PATTERN]: ['letters and digits of any script, and _ . -', 'web-1'],
  [TARGET_NAME_PATTERN]: ['letters and digits of any script, and _ . : [ ] -', '10.0.0.7:8080'],
  '^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$': [
    'up to 63 lower-case letters, digits, dots and hyphens, with a letter or digit at both ends',
    'node-1',
  ],
  "^[!#$%&'*+.^_`|~0-9A-Za-z-]*$": TOKEN,
  "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$": TOKEN,
  "^[!#$%&'*+.^_`|~0-9A-Z-]+$": ['a method in upper case', 'GET'],
  '^/[!-~]*$': ['a path that begins with / and has visible ASCII characters alone', '/healthz'],
  '^/[!-"$->@-~]*$': ['a path that begins with /, without ? and # and spaces', '/login'],
  '^[!-"$-~]*$': ['what stands behind the ? of a URL, without # and spaces', 'a=1&b=2'],
  '^[!"$->@-~]*$': ['a path without ? and # and spaces; $1 to $9 stand for groups', '/v2/$1'],
  '^[A-Za-z0-9.:\\[\\]_-]*$': ['a host name or address, with a port or without', 'www.example.com:8080'],
  '^([1-5]xx|[1-5][0-9]{2}(-[1-5][0-9]{2})?)$': ['a status, a range of them, or a class', '200-299, or 2xx'],
  '^[!-~]*$': VISIBLE,
  '^[!-~]+$': VISIBLE,
  '^[A-Za-z0-9._-]*$': ['ASCII letters, digits and . _ -', 'zone-a'],
  '^[A-Za-z0-9._-]+$': ['ASCII letters, digits and . _ -, and not empty', 'zone-a'],
  '^[^\\u0000-\\u001f\\u007f]+$': ['text without control characters, and not empty', 'version'],
  '^[^\\u0000-\\u0008\\u000a-\\u001f\\u007f]*$': ['text without control characters', 'beta'],
  '^([!-~\\u0080-\\uffff]([\\t -~\\u0080-\\uffff]*[!-~\\u0080-\\uffff])?)?$': [
    'the value of a header: without control characters, and without spaces at its ends',
    'max-age=60',
  ],
  '^[a-z][a-z0-9-]*$': ['a lower-case letter, and then lower-case letters, digits and -', 'large'],
  '^[A-Za-z][A-Za-z0-9_-]*$': ['a letter, and then letters, digits, _ and -', 'web-1'],
  '^[A-Za-z]*(\\*[A-Za-z]*){0,4}$': ['the name of a call, with up to four * for any letters', 'list*'],
  '^(\\*|[a-z]{1,4}-(\\*|[0-9a-hjkmnp-tv-z]{18}))$': ['an identifier, a prefix with *, or *', 'lb-*'],
  '^(https?://[!-~]+|/[!-~]*)$': ['a URL of http or https, or a path', 'https://status.example.com/, or /sorry'],
  '^https?://[!-~]+$': ['a URL of http or https', 'https://example.com/hook'],
  '^[1-9][0-9]{0,14}$': ['the number of a revision', '128'],
  '^evenkeel-sealed-1\\.[A-Za-z0-9_-]+$': ['sealed private keys as an export has them', 'evenkeel-sealed-1.q83v'],
  '^[A-Za-z0-9+/]*={0,2}$': ['base64 on one line', 'MIIB0woBAKCCAcww'],
  "^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\\t -~\\u0080-\\uffff]*$": ['a header as NAME: VALUE', 'Accept: text/html'],
  '^[ -:<-~]*$': ['a cookie as NAME=VALUE, without a semicolon', 'session=1'],
};

/** Tokens are the names of headers, and of cookies as well. */
const COOKIE = 'JSESSIONID';

/** The words for a pattern, with an example of what stands in this field (a pointer); null when it has none. */
export function patternInWords(pattern: string, field: string): string | null {
  const words = WORDS[pattern] ?? ofIdentifier(pattern) ?? ofMediaType(pattern);
  if (words === null) return null;
  const [is, example] = words;
  return `${is}, such as ${words === TOKEN && /cookie/i.test(field) ? COOKIE : example}`;
}

function ofIdentifier(pattern: string): Words | null {
  const prefix = Object.values(ID_PREFIXES).find(
    (one) => pattern.startsWith(`^${one}-`) || pattern.startsWith(`^(${one}-`),
  );
  if (prefix === undefined) return null;
  const example = `${prefix}-01hf7yat018zv6cc00`;
  const others = pattern.startsWith('^(') ? ', or the name of a built-in one' : '';
  return [`an identifier: ${prefix}- and ${ID_DIGITS} letters and digits${others}`, example];
}

function ofMediaType(pattern: string): Words | null {
  return pattern.includes(' *; *') ? ['a media type', 'text/html; charset=utf-8'] : null;
}
