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

test('what all rounds found together stands before their median and quartiles', () => {
  const of = (...values: number[]) => values.map((pacedP99) => ({ pacedP99 }));
  const rounds = new Map([
    ['nginx', of(2, 2, 2, 2, 2)],
    ['evenkeel', of(1, 1.8, 2, 2.2, 9)],
  ]);
  const pooled = new Map([
    ['nginx', { pacedP99: 2.1 }],
    ['evenkeel', { pacedP99: 4.2 }],
  ]);
  const target = { metric: 'pacedP99', kind: 'ratio', against: 'better', limit: 1 } as const;
  const comparisons = compare(Object.assign(rounds, { pooled }), 'evenkeel', [target]);
  assert.deepEqual(tableOf(comparisons, 'evenkeel', ['nginx'])[1], [
    'Latency p99, equal load (ms)',
    '2.10; rounds 2.00 [2.00–2.00]',
    '4.20; rounds 2.00 [1.80–2.20]',
    '2.00 [0.90–1.10] × nginx, nothing shown',
    '≤ 1 × the better',
    '',
  ]);
});

test('results of earlier versions, without quartiles, are shown as they were', () => {
  const comparison = {
    metric: 'pacedP99',
    ours: { low: 1, middle: 2, high: 3 },
    peers: { nginx: { low: 2, middle: 4, high: 6 } },
    against: 'nginx',
    ratio: 0.5,
    ratios: { low: 0.4, middle: 0.5, high: 1.6 },
    target: { metric: 'pacedP99', kind: 'ratio', against: 'better', limit: 1 },
    reached: true,
  } as const;
  const row = ['2.00 (1.00–3.00)', '0.50 (0.40–1.60) × nginx', '≤ 1 × the better', 'pass'];
  assert.deepEqual(tableOf([comparison], 'evenkeel', ['nginx'])[1]!.slice(2), row);
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
