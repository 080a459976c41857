import { ANY, type ByteSet, byteSet, withBothCases } from './byte-set.ts';
import { parseClass } from './character-class.ts';
import { parseEscape } from './escape.ts';
import { PatternReader } from './reader.ts';
import {
  MAX_DEPTH,
  MAX_GROUPS,
  MAX_PATTERN_LENGTH,
  MAX_REPEAT,
  type ParsedPattern,
  PatternError,
  type PatternNode,
} from './syntax.ts';

const START: PatternNode = { type: 'start' };
const END: PatternNode = { type: 'end' };

/**
 * Reads a pattern: the part of JavaScript's regular expressions that a machine of bounded size can match in one pass.
 * There are no backreferences, no look-around and no word boundaries. Throws `PatternError`.
 */
export function parsePattern(pattern: string, ignoreCase: boolean): ParsedPattern {
  if (pattern.length === 0) throw new PatternError('is empty');
  if (pattern.length > MAX_PATTERN_LENGTH) throw new PatternError(`has more than ${MAX_PATTERN_LENGTH} characters`);
  const parser = new PatternParser(pattern, ignoreCase);
  return { root: parser.parse(), groups: parser.groups };
}

class PatternParser {
  groups = 0;
  readonly #reader: PatternReader;
  readonly #ignoreCase: boolean;
  #depth = 0;

  constructor(pattern: string, ignoreCase: boolean) {
    this.#ignoreCase = ignoreCase;
    this.#reader = new PatternReader(pattern);
  }

  parse(): PatternNode {
    const root = this.#choice();
    if (!this.#reader.done) this.#reader.fail('")" closes no group; a literal one is written "\\)"');
    return root;
  }

  #choice(): PatternNode {
    const options = [this.#sequence()];
    while (this.#reader.take('|')) options.push(this.#sequence());
    return options.length === 1 ? options[0]! : { type: 'choice', options };
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    while (!this.#reader.done && !this.#reader.sees('|') && !this.#reader.sees(')')) parts.push(this.#repeated());
    return parts.length === 1 ? parts[0]! : { type: 'sequence', parts };
  }

  #repeated(): PatternNode {
    const reader = this.#reader;
    const node = this.#single();
    const count = this.#count();
    if (count === null) return node;
    if (node.type === 'start' || node.type === 'end') reader.fail('an anchor cannot be repeated');
    const greedy = !reader.take('?');
    if (reader.sees('*') || reader.sees('+') || reader.sees('?'))
      reader.fail('a repetition cannot be repeated; use a group');
    return { type: 'repeat', node, ...count, greedy };
  }

  #count(): { min: number; max: number } | null {
    const reader = this.#reader;
    if (reader.take('*')) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (reader.take('+')) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (reader.take('?')) return { min: 0, max: 1 };
    if (!reader.take('{')) return null;
    const min = reader.number();
    let max = min;
    if (reader.take(',')) max = reader.sees('}') ? Number.POSITIVE_INFINITY : reader.number();
    if (min < 0 || max < 0 || !reader.take('}'))
      reader.fail('"{" begins a count such as {2} or {2,5}; a literal one is written "\\{"');
    if (max < min) reader.fail(`the count {${min},${max}} has its larger number first`);
    const largest = max === Number.POSITIVE_INFINITY ? min : max;
    if (largest > MAX_REPEAT) reader.fail(`a count may be at most ${MAX_REPEAT}`);
    return { min, max };
  }

  #single(): PatternNode {
    const reader = this.#reader;
    const character = reader.next();
    switch (character) {
      case '(':
        return this.#group();
      case '[':
        return { type: 'bytes', set: parseClass(reader, this.#ignoreCase) };
      case '\\':
        return this.#bytes(parseEscape(reader));
      case '.':
        return { type: 'bytes', set: ANY };
      case '^':
        return START;
      case '$':
        return END;
      case '*':
      case '+':
      case '?':
      case '{':
        return reader.fail(`"${character}" has nothing to repeat; a literal one is written "\\${character}"`);
      case ']':
      case '}':
        return reader.fail(`"${character}" closes nothing; a literal one is written "\\${character}"`);
      default: {
        const byte = reader.byteOf(character);
        return this.#bytes(byteSet([byte, byte]));
      }
    }
  }

  #bytes(set: ByteSet): PatternNode {
    return { type: 'bytes', set: this.#ignoreCase ? withBothCases(set) : set };
  }

  #group(): PatternNode {
    const reader = this.#reader;
    if (++this.#depth > MAX_DEPTH) reader.fail(`groups lie more than ${MAX_DEPTH} deep in each other`);
    const remembers = !reader.take('?');
    if (!remembers && !reader.take(':')) {
      reader.fail(
        reader.sees('=') || reader.sees('!') || reader.sees('<')
          ? 'look-around and named groups are not available; groups are (…) and (?:…)'
          : 'groups are (…) and (?:…); flags inside a pattern are not available',
      );
    }
    let index = 0;
    if (remembers) {
      index = ++this.groups;
      if (index > MAX_GROUPS)
        reader.fail(`there are more than ${MAX_GROUPS} groups; use (?:…) for those that need not remember`);
    }
    const node = this.#choice();
    if (!reader.take(')')) reader.fail('a group is not closed');
    this.#depth--;
    return remembers ? { type: 'group', index, node } : node;
  }
}
