import type { ByteSet } from './byte-set.ts';

/** A pattern as a tree. */
export type PatternNode =
  | { readonly type: 'bytes'; readonly set: ByteSet }
  /** `^` and `$`: the two ends of the text. */
  | { readonly type: 'start' }
  | { readonly type: 'end' }
  | { readonly type: 'sequence'; readonly parts: readonly PatternNode[] }
  /** The first option that leads to a match is preferred. */
  | { readonly type: 'choice'; readonly options: readonly PatternNode[] }
  | {
      readonly type: 'repeat';
      readonly node: PatternNode;
      readonly min: number;
      /** Infinity: as often as it fits. */
      readonly max: number;
      readonly greedy: boolean;
    }
  /** Remembers where it matched; `index` counts from 1. */
  | { readonly type: 'group'; readonly index: number; readonly node: PatternNode };

export interface ParsedPattern {
  readonly root: PatternNode;
  readonly groups: number;
}

/** Longest pattern, in characters. */
export const MAX_PATTERN_LENGTH = 512;

/** Largest count in `{n,m}`. */
export const MAX_REPEAT = 100;

/** Groups that remember: what `$1` … `$9` can name. */
export const MAX_GROUPS = 9;

/** How deep groups may lie in each other. */
export const MAX_DEPTH = 32;

/** Why a text is no pattern. The message says what and where, and what is allowed instead. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}
