import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asMarkdown, asText, describe, tableOf } from './table.ts';
import { compare } from './verdict.ts';

const ROUNDS = new Map([
  ['nginx', [{ cpuPerRequest: 20 }, { cpuPerRequest: 22 }]],
  ['evenkeel', [{ cpuPerRequest: 10 }, { cpuPerRequest: 22 }]],
]);

test('a row has the median and range of each, the ratio, the target and the verdict', () => {
  const comparisons = compare(ROUNDS, 'evenkeel', [
    { metric: 'cpuPerRequest', kind: 'ratio', against: 'better', limit: 0.75 },
  ]);
  const [head, row] = tableOf(comparisons, 'evenkeel', ['haproxy', 'nginx']);
  assert.deepEqual(head, ['', 'haproxy', 'nginx', 'evenkeel', 'ratio (rounds)', 'target', '']);
  assert.deepEqual(row, [
    'CPU per request (µs)',
    '–',
    '21.0 (20.0–22.0)',
    '16.0 (10.0–22.0)',
    '0.76 (0.50–1.00) × nginx',
    '≤ 0.75 × the better',
    'MISS',
  ]);
});

test('targets read like sentences', () => {
  assert.equal(describe({ metric: 'coldStart', kind: 'absolute', limit: 2 }), '≤ 2 s');
  assert.equal(describe({ metric: 'errors', kind: 'absolute', limit: 0 }), '≤ 0');
  assert.equal(
    describe({ metric: 'gigabytesPerCpuSecond', kind: 'ratio', against: 'nginx', limit: 0.9 }),
    '≥ 0.9 × nginx',
  );
});

test('text columns line up and Markdown has a rule under its head', () => {
  const rows = [
    ['a', 'bb'],
    ['ccc', 'd'],
  ];
  assert.equal(asText(rows), 'a    bb\nccc  d');
  assert.equal(asMarkdown(rows), '| a | bb |\n| --- | --- |\n| ccc | d |');
});
