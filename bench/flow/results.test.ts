import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Machine } from '../machine.ts';
import { chapterOf, type FlowResult } from './results.ts';

const machine: Machine = {
  cpu: 'a CPU',
  cores: 2,
  virtual: true,
  memoryGiB: 24,
  system: 'a system',
  kernel: 'a kernel',
  node: 'v26',
};
const result: FlowResult = {
  scenario: 'flow-compare',
  title: 'Title',
  finished: '2026-01-02T03:04:05.000Z',
  machine,
  version: 'Evenkeel 0.1.0',
  seconds: 400,
  quiet: 0.01,
  gate: 0.4,
  redone: 3,
  disturbed: 0,
  loads: [
    {
      load: 'keep-alive',
      unit: 'µs of CPU a request',
      rounds: 2,
      samples: { 'no balancer': [10, 12], 'tcx, L2': [14, 15] },
      ratios: [
        { variant: 'tcx, L2', to: 'no balancer', low: 1.25, middle: 1.33, high: 1.4, limit: 1.2 },
        { variant: 'no balancer', to: 'HAProxy', low: 0.9, middle: 1, high: 1.1, limit: null },
      ],
    },
  ],
  floods: [{ where: 'here', framesPerSecond: 1_500_000, low: 0.85, middle: 0.88, high: 0.95, limit: 0.9 }],
};

test('a chapter tells what was missed, and where nothing was shown', () => {
  const text = chapterOf(result);
  assert.match(text, /1\.33 \[1\.25 – 1\.40\], missed 1\.20/);
  assert.match(text, /1\.00 \[0\.90 – 1\.10\], nothing shown/);
  assert.match(text, /1\.50 million denied frames a second; requests × 0\.88 \[0\.85 – 0\.95\], missed 0\.9/);
  assert.match(text, /others take 1 % of the CPU at best, and 40 % beside a deliberate hog; 3 samples were redone/);
  assert.match(text, /bench\/results\/2026-01-02-flow-compare\.json/);
});
