/** What one match of it says of the text: an escape, a class, the head of a group, a quantifier, or a character. */
const PIECE = /\\.|\[(?:\\.|[^\]\\])*\]|\((?:\?(?::|<\w+>|P<\w+>))?|[*+?]\??|\{\d+(?:,\d*)?\}\??|./gsu;
const HEX_LETTER = /^[a-f]$/;
const HEX_DIGIT = /^[0-9A-F]$/;

/** How many digits of an encoded byte are still to come: at the begin of a group, and at the end of its alternatives. */
interface Group {
  readonly before: number;
  after: number;
}

/**
 * A regular expression for paths that also fits them with the digits of what is percent-encoded in capitals, as
 * `settlePath` writes them: small letters that may stand for such digits, in groups and classes as well, stand for the
 * capitals, too. Where it is not clear whether a letter is such a digit, it is taken for one.
 */
export function settledPattern(source: string): string {
  if (!source.includes('%')) return source;
  const groups: Group[] = [];
  let wanted = 0;
  return source.replace(PIECE, (piece) => {
    const digit = wanted > 0;
    if (piece.startsWith('(')) groups.push({ before: wanted, after: 0 });
    else if (piece === '|') wanted = endAlternative(groups.at(-1), wanted);
    else if (piece === ')') wanted = Math.max(groups.pop()?.after ?? 0, wanted);
    else if (/^[*+?]/.test(piece)) return piece;
    else if (/^\{\d/.test(piece)) wanted = Math.max(0, wanted - 1);
    else if (piece === '%') wanted = 2;
    else if (digit) {
      const [settled, takesDigit] = settledDigit(piece);
      wanted = takesDigit ? wanted - 1 : 0;
      return settled;
    }
    return piece;
  });
}

/** Returns how many are wanted where the next alternative begins. */
function endAlternative(group: Group | undefined, wanted: number): number {
  if (group === undefined) return 0;
  group.after = Math.max(group.after, wanted);
  return group.before;
}

/** A piece where a digit may be, and whether it can be one. */
function settledDigit(piece: string): [settled: string, takesDigit: boolean] {
  if (HEX_LETTER.test(piece)) return [`[${piece}${piece.toUpperCase()}]`, true];
  const [opening] = /^\[\^?/.exec(piece) ?? [];
  if (opening !== undefined) return [`${opening}${capitalsOf(piece)}${piece.slice(opening.length)}`, true];
  return [piece, HEX_DIGIT.test(piece) || piece === '.' || /^\\[dw]$/.test(piece)];
}

/** The capitals of letters and ranges of a class. */
function capitalsOf(content: string): string {
  const found = content.matchAll(/\\.|[a-f]-[a-f]|[a-f]/gs);
  return Array.from(found, ([text]) => (text.startsWith('\\') ? '' : text.toUpperCase())).join('');
}
