import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CliFailure } from '../failure.ts';
import { parseBlockFile } from './block-file.ts';

test('a source on each line, with its time and its reason or those of all', () => {
  const text =
    '# bad\n192.0.2.1\n\n10.0.0.0/8 none\r\n2001:db8::/32 60 too  many requests ; note\n192.0.2.2 guessing\n';
  assert.deepEqual(parseBlockFile('f', text, { seconds: 5, reason: 'all' }), [
    { source: '192.0.2.1', seconds: 5, reason: 'all' },
    { source: '10.0.0.0/8', seconds: null, reason: 'all' },
    { source: '2001:db8::/32', seconds: 60, reason: 'too many requests' },
    { source: '192.0.2.2', seconds: 5, reason: 'guessing' },
  ]);
});

test('a line that is none is named, and nothing of the file is taken', () => {
  const text = `192.0.2.1\n10.0.0.1/8\n${'x\n'.repeat(9)}`;
  assert.throws(
    () => parseBlockFile('bad.txt', text, {}),
    ({ details }: CliFailure) => {
      assert.match(details[0]!, /^bad\.txt:2: "10\.0\.0\.1\/8" is no address/);
      return details.length === 6 && details[5] === 'and 5 more';
    },
  );
});
