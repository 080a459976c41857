/** Code under attack. */
export interface FuzzTarget {
  readonly name: string;
  /** Inputs to begin with: good ones, and those that once went wrong. */
  readonly seeds: readonly Uint8Array[];
  /** Pieces that mean something to the code. */
  readonly words: readonly Uint8Array[];
  /**
   * Throws when something that must hold does not. Otherwise returns a word for what the code did, such as its verdict:
   * an input with a new one is kept and mutated further.
   */
  check(input: Uint8Array): string | Promise<string>;
}

export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
