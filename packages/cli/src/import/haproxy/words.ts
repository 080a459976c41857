/**
 * The words of one line of HAProxy's configuration: separated by white space, `#` begins a comment, a backslash takes
 * the next character as it is, text in single quotes is taken as it is, and in double quotes only the backslash counts
 * (configuration manual, §2.2). Environment variables stay as they are written.
 */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!;
    if (quote !== '') {
      if (character === quote) quote = '';
      else if (character === '\\' && quote === '"' && at + 1 < line.length) word += line[++at]!;
      else word += character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (character === '\\' && at + 1 < line.length) word = (word ?? '') + unescaped(line[++at]!);
    else if (character === '#') break;
    else if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + character;
  }
  if (word !== null) words.push(word);
  return words;
}

function unescaped(character: string): string {
  switch (character) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      // A regular expression needs its backslash; the rest is there to protect what the line would lose.
      return /[\s\\#"']/.test(character) ? character : `\\${character}`;
  }
}
