import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contract } from '@evenkeel/model/contract/contract.ts';
import { namedSchemas } from '@evenkeel/model/contract/schemas.ts';
import { patternInWords } from './pattern-words.ts';

/** Every pattern inside, with where it is. */
function* patternsIn(value: unknown, at: string): Generator<[pattern: string, at: string]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inside] of Object.entries(value)) {
    if (key === 'pattern' && typeof inside === 'string') yield [inside, at];
    else yield* patternsIn(inside, `${at}/${key}`);
  }
}

test('every pattern that a request can miss is told in words, with an example that fits', () => {
  const all = [
    ...patternsIn(contract, ''),
    ...Array.from(namedSchemas, ([name, one]) => [...patternsIn(one, name)]).flat(),
  ];
  assert.ok(all.length > 50);
  for (const [pattern, at] of all) {
    const words = patternInWords(pattern, at);
    assert.ok(words !== null, `${at}: ${pattern}`);
    for (const example of words.slice(words.indexOf('such as ') + 8).split(', or ')) {
      assert.match(example, new RegExp(pattern, 'u'), at);
    }
  }
});

test('the example for a token is of what the field names: a cookie, or else a header', () => {
  const token = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$";
  for (const field of ['/stickiness/cookieName', '/match/cookies/0/name']) {
    assert.match(patternInWords(token, field) ?? '', /such as JSESSIONID$/, field);
  }
  assert.match(patternInWords(token, '/match/headers/0/name') ?? '', /such as X-Request-ID$/);
});
