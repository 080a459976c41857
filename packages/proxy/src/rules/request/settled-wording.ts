import type { PlannedPath } from '@evenkeel/model/plan/rules.ts';

const ENCODED = /%[0-9a-f]{2}/gi;
/** An escape, a class, or an encoded byte of a regular expression: what the first two say of digits is up to them. */
const PIECE_OF_PATTERN = /\\.|\[(?:\\.|[^\]\\])*\]|%[0-9a-f]{2}/gis;

/** What a rule says of paths, in the spelling that `settlePath` gives to those of requests. */
export function settledWording(path: PlannedPath): PlannedPath {
  const { kind, value } = path;
  const settled = kind === 'regex' ? settledPattern(value) : value.replace(ENCODED, capitals);
  return settled === value ? path : { ...path, value: settled };
}

/** A regular expression for paths, the same way. */
export function settledPattern(source: string): string {
  return source.replace(PIECE_OF_PATTERN, (piece) => (piece.startsWith('%') ? capitals(piece) : piece));
}

function capitals(text: string): string {
  return text.toUpperCase();
}
