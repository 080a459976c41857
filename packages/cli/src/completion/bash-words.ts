/**
 * bash breaks words at `=` and `:` (COMP_WORDBREAKS), and replaces only what stands behind the last break. Joins the
 * pieces again; `prefix` is what a candidate has before the piece that bash replaces.
 */
export function joinBashWords(pieces: readonly string[]): { readonly words: string[]; readonly prefix: string } {
  const words: string[] = [];
  let open = false;
  for (const piece of pieces) {
    const isBreak = /^[=:]+$/.test(piece);
    if (words.length > 0 && (isBreak || open)) words[words.length - 1] += piece;
    else words.push(piece);
    open = isBreak;
  }
  const last = pieces.at(-1) ?? '';
  const joined = words.at(-1) ?? '';
  const kept = /^[=:]+$/.test(last) ? 0 : last.length;
  return { words, prefix: joined === last ? '' : joined.slice(0, joined.length - kept) };
}
