import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dropInWords, KERNEL_DROPS } from '@evenkeel/model/kernel-drops.ts';
import { OUTCOMES } from '../src/datapath/layout.ts';

const PACKAGE = join(import.meta.dirname, '..');
const SOURCE = readFileSync(join(PACKAGE, 'bpf', 'structs.h'), 'utf8');
const REASONS = [...SOURCE.matchAll(/^\tDROP_(\w+),/gm)].map(([, name]) => name!.toLowerCase());

test('every reason of the programs has a name in counters, and words', () => {
  assert.ok(REASONS.length >= 14, `${REASONS.length} reasons`);
  assert.deepEqual(Object.keys(KERNEL_DROPS).sort(), [...REASONS].sort());
  for (const reason of REASONS) {
    assert.ok((OUTCOMES as readonly string[]).includes(reason), reason);
    assert.notEqual(dropInWords(reason), '');
  }
  assert.equal(dropInWords('of a later version'), '');
});

test('the documentation has the same list', () => {
  const page = readFileSync(join(PACKAGE, '..', '..', 'docs', 'flow.md'), 'utf8');
  const section = page.slice(page.indexOf('## Why packets are dropped'), page.indexOf('## What is seen of flows'));
  const documented = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name!);
  assert.deepEqual(documented.sort(), [...REASONS].sort());
});
