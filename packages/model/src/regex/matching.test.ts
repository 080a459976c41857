import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PatternGroups } from './groups.ts';
import { PatternMatcher } from './matcher.ts';
import { compilePattern } from './program.ts';

/** A small generator of the same numbers every time (Park and Miller). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

/** A random pattern over a small alphabet; `groups`: with remembering groups. */
function randomPattern(below: (limit: number) => number, depth: number, groups: boolean): string {
  const atom = (): string => {
    switch (below(depth > 0 ? 10 : 7)) {
      case 0:
        return '.';
      case 1:
        return '[ab]';
      case 2:
        return '[^a]';
      case 3:
        return '\\d';
      case 7:
      case 8:
        return `(?:${randomPattern(below, depth - 1, groups)})`;
      case 9:
        return `${groups ? '(' : '(?:'}${randomPattern(below, depth - 1, groups)})`;
      default:
        return 'abc1'[below(4)]!;
    }
  };
  const parts: string[] = [];
  if (below(8) === 0) parts.push('^');
  for (let i = below(4); i >= 0; i--) {
    const quantifier = ['', '', '', '*', '+', '?', '*?', '{1,2}', '{2}', '{0,2}?'][below(10)]!;
    parts.push(groups && quantifier !== '' ? 'abc1'[below(4)]! + quantifier : atom() + quantifier);
  }
  if (below(8) === 0) parts.push('$');
  if (below(5) === 0) parts.push(`|${randomPattern(below, 0, groups)}`);
  return parts.join('');
}

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

test('a text matches exactly when JavaScript says so', () => {
  const below = numbers(20_260_101);
  for (let round = 0; round < 3_000; round++) {
    const pattern = randomPattern(below, 2, false);
    const ignoreCase = below(4) === 0;
    const matcher = new PatternMatcher(compilePattern(pattern, ignoreCase));
    const reference = new RegExp(pattern, ignoreCase ? 'i' : '');
    for (let i = 0; i < 10; i++) {
      const text = Array.from({ length: below(9) }, () => 'abcA1B/\n'[below(8)]).join('');
      const memory = bytes(`a${text}b`);
      assert.equal(
        matcher.test(memory, 1, memory.length - 1),
        reference.test(text),
        `/${pattern}/ on ${JSON.stringify(text)}`,
      );
    }
  }
});

test('the first match and its groups are those that JavaScript finds', () => {
  const below = numbers(77);
  for (let round = 0; round < 3_000; round++) {
    const pattern = randomPattern(below, 2, true);
    const groups = pattern.match(/\((?!\?)/g)?.length ?? 0;
    if (groups > 9) continue;
    const machine = new PatternGroups(compilePattern(pattern, false));
    const reference = new RegExp(pattern, 'd');
    for (let i = 0; i < 10; i++) {
      const text = Array.from({ length: below(9) }, () => 'abc1'[below(4)]).join('');
      const memory = bytes(text);
      const found = machine.find(memory, 0, memory.length);
      const expected = reference.exec(text);
      const places = expected?.indices?.flatMap((pair) => pair ?? [-1, -1]) ?? null;
      assert.deepEqual(found ? [...machine.places] : null, places, `/${pattern}/ on ${text}`);
    }
  }
});

test('groups that are repeated remember their last turn', () => {
  const machine = new PatternGroups(compilePattern('^/(\\w+)/(?:(\\d)-?)*$', false));
  const memory = bytes('/abc/1-2-3');
  assert.equal(machine.find(memory, 0, memory.length), true);
  assert.deepEqual([...machine.places], [0, 10, 1, 4, 9, 10]);
});

test('patterns that make a backtracking matcher explode take a time in proportion to the text', () => {
  const text = bytes(`${'a'.repeat(8_000)}!`);
  for (const pattern of ['^(a+)+$', '^(a|a)*$', '(a*)*b', '^(?:a?){50}a{50}$', '(.*a){20}b']) {
    const program = compilePattern(pattern, false);
    const started = process.cpuUsage();
    assert.equal(new PatternMatcher(program).test(text, 0, text.length), false, pattern);
    new PatternGroups(program).find(text, 0, text.length);
    const { user } = process.cpuUsage(started);
    assert.ok(user < 2_000_000, `/${pattern}/ took ${user} µs`);
  }
});

test('a pattern with more states than are kept is matched all the same', () => {
  const below = numbers(5);
  // One of the last 14 bytes decides: 2^14 states.
  const matcher = new PatternMatcher(compilePattern('^(?:a|b)*a(?:a|b){13}$', false));
  for (let round = 0; round < 20; round++) {
    const text = Array.from({ length: 3_000 }, () => 'ab'[below(2)]).join('');
    const memory = bytes(text);
    assert.equal(matcher.test(memory, 0, memory.length), text.at(-14) === 'a');
  }
});
