import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CrowdResult, chapterOfCrowd, chapterOfTable, ratioLine } from './crowd-result.ts';
import { growthOf, sizesUpTo, type TableSize } from './flow-table.ts';
import { type Run, replaceChapter } from './saved-result.ts';

const run: Run = {
  scenario: 'flow-crowd-l2',
  title: 'Title',
  finished: '2026-01-02T03:04:05.000Z',
  machine: {
    cpu: 'a CPU',
    cores: 2,
    virtual: true,
    memoryGiB: 24,
    system: 'a system',
    kernel: 'a kernel',
    node: 'v26',
  },
  version: 'Evenkeel 0.1.0',
  seconds: 400,
};
const crowd: CrowdResult = {
  ...run,
  mode: 'l2',
  flows: 100_000_000,
  few: 100_000,
  limit: 1.3,
  samples: { few: [100, 102], all: [120, 121], idle: [45, 46] },
  ratio: 1.19,
  chapters: [{ what: 'another node', nanoseconds: 210.4, wrong: 3, written: 9_300_000, bytes: 2 * 1024 * 1024 }],
};
const sizes: TableSize[] = [
  { flows: 100_000, opening: 500, following: 200, wrong: 0, written: 100_000, bytes: 20_000_000 },
  { flows: 1_000_000, opening: 600, following: 300, wrong: 0, written: 1_000_000, bytes: 155_000_000 },
  { flows: 10_000_000, opening: 700, following: 400, wrong: 0, written: 10_000_000, bytes: 1_505_000_000 },
];

test('a chapter has the ratio with its limit, wrong targets and the bytes of state', () => {
  const text = chapterOfCrowd(crowd);
  assert.match(
    text,
    /with 100,000,000 connections: 120, 121 ns; with 100,000, in turns: 100, 102 ns; ratio 1\.19, limit 1\.3\./,
  );
  assert.match(text, /\| another node \| 210 \| 3 \| 9,300,000 \| 2\.0 \|/);
  assert.match(text, /bench\/results\/2026-01-02-flow-crowd-l2\.json/);
});

test('a ratio beyond the limit is said to be', () => {
  assert.match(ratioLine({ ...crowd, ratio: 1.31 }), /ratio 1\.31, limit 1\.3, missed\./);
});

test('the slope of the table is nanoseconds for ten times as many, and bytes for each connection alone', () => {
  const growth = growthOf(sizes, 100_000_000);
  assert.equal(Math.round(growth.slope), 100);
  assert.equal(growth.bytesPerFlow, 150);
  const text = chapterOfTable({ ...run, scenario: 'flow-crowd-nat-table', ...growth });
  assert.match(text, /100 ns dearer, and each takes 150 bytes\. There was no memory for 90,000,000 more\./);
  assert.match(text, /\| 10,000,000 \| 700 \| 400 \| 0 \| 10,000,000 \|/);
});

test('sizes grow by tens up to the one that was asked for', () => {
  assert.deepEqual(sizesUpTo(100_000), [100_000]);
  assert.deepEqual(sizesUpTo(2_500_000), [100_000, 1_000_000, 2_500_000]);
});

test('a chapter takes the place of the one before, and the rest of the page stays', () => {
  const marks = { begin: '<!-- b -->', end: '<!-- e -->' };
  assert.equal(
    replaceChapter('x\n<!-- b -->\nold\n<!-- e -->\ny', marks, 'new'),
    'x\n<!-- b -->\n\nnew\n\n<!-- e -->\ny',
  );
  assert.throws(() => replaceChapter('x', marks, 'new'), /needs the lines/);
});
