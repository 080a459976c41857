import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { requiresKernelDatapath } from '../../packages/testbed/src/kernel-datapath.ts';
import { measureConcurrency } from './concurrency.ts';
import { Crowd } from './crowd.ts';
import { measureTableGrowth } from './flow-table.ts';

const FLOWS = 100_000;

suite('a crowd of connections', { skip: requiresKernelDatapath('clang', 'llvm-strip') }, () => {
  test('each meets its own target while one is added, at another node, and when the table has settled', async () => {
    for (const mode of ['l2', 'nat'] as const) {
      const { chapters, samples, ratio } = await measureConcurrency(FLOWS, mode, { rounds: 1, fewTimes: 1 });
      assert.deepEqual(
        chapters.map(({ wrong }) => wrong),
        chapters.map(() => 0),
        mode,
      );
      const written = chapters.map((chapter) => chapter.written);
      assert.equal(written[0], 0);
      assert.ok(written.at(-1)! > FLOWS / 20, `${written}`);
      assert.ok(samples.all.length === samples.few.length && ratio > 0);
    }
  });

  test('a successor that is not told of the flows is found out', async () => {
    const options = { flows: FLOWS, targets: 11, exceptions: 65_536, mode: 'l2' } as const;
    const [crowd, stranger] = [Crowd.load(options), Crowd.load(options)];
    try {
      await crowd.begin();
      crowd.run('SYN');
      await crowd.addTarget();
      crowd.run('ACK');
      await stranger.replace(crowd, { tellsFlows: false });
      await stranger.settle();
      assert.ok(stranger.run('ACK').wrong > 0);
    } finally {
      crowd.close();
      stranger.close();
    }
  });

  test('NAT to shared endpoints writes every connection down', async () => {
    const { sizes, refused } = await measureTableGrowth(FLOWS);
    assert.deepEqual([sizes.length, sizes[0].written, sizes[0].wrong, refused], [1, FLOWS, 0, 0]);
  });
});
