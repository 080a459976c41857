import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ensureBpfFileSystem } from '@evenkeel/flow/loader/bpffs.ts';
import { requiresKernelDatapath } from '@evenkeel/testbed/kernel-datapath.ts';
import { Programs } from './programs.ts';

const FLOW = { key: Buffer.alloc(40, 1), value: Buffer.alloc(8, 1) };

test('as many flows are written down as told; another number begins with none', {
  skip: requiresKernelDatapath(),
}, async (t) => {
  const mount = mkdtempSync('/run/evenkeel-test-');
  ensureBpfFileSystem(mount);
  t.after(() => {
    execFileSync('umount', [mount]);
    rmdirSync(mount);
  });
  const folder = join(mount, 'node');
  mkdirSync(folder);
  const seen: (readonly [room: number, flows: number])[] = [];
  for (const writtenFlows of [65_536, 65_536, 131_072]) {
    const programs = await Programs.open(folder, writtenFlows);
    const map = programs.tcx.map('exceptions');
    seen.push([map.shape.maxEntries, map.count()]);
    map.set(FLOW.key, FLOW.value);
    await programs.close();
  }
  assert.deepEqual(seen, [
    [65_536, 0],
    [65_536, 1],
    [131_072, 0],
  ]);
});
