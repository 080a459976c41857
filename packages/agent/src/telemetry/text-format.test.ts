import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heading, line } from './text-format.ts';

test('a heading names help and type; backslashes and line ends of the help are escaped', () => {
  assert.equal(
    heading({ name: 'a_total', type: 'counter', help: 'One\\two\nthree "four".' }),
    '# HELP a_total One\\\\two\\nthree "four".\n# TYPE a_total counter\n',
  );
});

for (const [sample, expected] of [
  [{ labels: {}, value: 3 }, 'a 3\n'],
  [{ labels: { x: 'y', n: 5 }, value: 0.25 }, 'a{x="y",n="5"} 0.25\n'],
  [{ labels: { le: '+Inf' }, value: 1, metricName: 'a_bucket' }, 'a_bucket{le="+Inf"} 1\n'],
  [{ labels: { x: 'q"b\\n\nü' }, value: 1 }, 'a{x="q\\"b\\\\n\\nü"} 1\n'],
  [{ labels: {}, value: Number.NaN }, 'a NaN\n'],
  [{ labels: {}, value: Number.POSITIVE_INFINITY }, 'a +Inf\n'],
  [{ labels: {}, value: Number.NEGATIVE_INFINITY }, 'a -Inf\n'],
  [{ labels: {}, value: 1e21 }, 'a 1e+21\n'],
] as const) {
  test(`a line: ${expected.trim()}`, () => {
    assert.equal(line('a', sample), expected);
  });
}
