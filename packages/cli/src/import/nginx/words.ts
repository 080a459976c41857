import type { Origin } from '../findings.ts';

/** A word, or one of `{`, `}` and `;` that was not quoted. */
export interface Token {
  readonly text: string;
  readonly sign: boolean;
  readonly line: number;
}

/**
 * The words of nginx's configuration: separated by white space, `#` begins a comment where a word could begin, quotes of
 * both kinds around words, a backslash before what would end one. `${name}` does not begin a block.
 */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let at = 0;
  while (at < text.length) {
    const character = text[at]!;
    if (character === '\n') line++;
    if (/\s/.test(character)) at++;
    else if (character === '#') while (at < text.length && text[at] !== '\n') at++;
    else if (/[{};]/.test(character)) {
      tokens.push({ text: character, sign: true, line });
      at++;
    } else {
      const word = wordAt(text, at);
      tokens.push({ text: word.text, sign: false, line });
      line += text.slice(at, word.end).split('\n').length - 1;
      at = word.end;
    }
  }
  return tokens;
}

function wordAt(text: string, start: number): { text: string; end: number } {
  const first = text[start]!;
  const quote = first === '"' || first === "'" ? first : '';
  let word = '';
  let at = quote === '' ? start : start + 1;
  for (; at < text.length; at++) {
    const character = text[at]!;
    if (quote !== '' && character === quote) return { text: word, end: at + 1 };
    if (character === '\\' && at + 1 < text.length) {
      const next = text[++at]!;
      // A regular expression keeps its backslashes; only what protects a quote or a sign goes.
      word += next === quote || (quote === '' && /[\s;{}"'#]/.test(next)) ? next : `\\${next}`;
    } else if (quote === '' && character === '$' && text[at + 1] === '{') {
      const end = text.indexOf('}', at);
      word += text.slice(at, end + 1);
      at = end < 0 ? text.length : end;
    } else if (quote === '' && /[\s;{]/.test(character)) break;
    else word += character;
  }
  return { text: word, end: at };
}

/** One directive with its block, if it has one. */
export interface Directive extends Origin {
  readonly name: string;
  readonly args: readonly string[];
  readonly block: readonly Directive[] | null;
}
