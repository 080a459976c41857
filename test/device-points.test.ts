import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { requiresKernelDatapath } from '@evenkeel/testbed/kernel-datapath.ts';
import { ensureBpfFileSystem } from '../packages/flow/src/loader/bpffs.ts';
import { Namespace } from '../packages/flow/test/namespaces.ts';

const FORGED = 'answers would be dropped';

suite('where programs are, with a driver that does XDP', { skip: requiresKernelDatapath('ip', 'nsenter') }, () => {
  test('at XDP, unless the kernel would drop answers there; from then on at tcx', async (t) => {
    const namespaces = ['node', 'other'].map((name) => new Namespace(name));
    const [node, other] = namespaces as [Namespace, Namespace];
    const pins = mkdtempSync('/run/evenkeel-test-');
    ensureBpfFileSystem(pins);
    const folder = join(pins, 'agent');
    mkdirSync(folder);
    t.after(async () => {
      for (const namespace of namespaces) await namespace.remove();
      rmSync(folder, { recursive: true });
      execFileSync('umount', [pins]);
      rmdirSync(pins);
    });
    node.join('node0', '10.79.0.1/24', other, 'eth0', '10.79.0.2/24');
    const points = node.start(
      process.execPath,
      join(import.meta.dirname, 'product', 'device-points.ts'),
      folder,
      'node0',
    );
    const links = () => readdirSync(folder).filter((name) => name.startsWith('link-'));
    const hasXdp = () => /\bxdp\b/.test(node.run('ip', 'link', 'show', 'node0'));

    assert.deepEqual(await points.ask(''), ['xdp', 'its driver is ice']);
    assert.deepEqual([links(), hasXdp()], [['link-xdp-node0'], true]);
    assert.deepEqual(await points.ask(''), ['xdp']);
    assert.deepEqual(await points.ask(FORGED), ['tcx', FORGED]);
    assert.deepEqual([links(), hasXdp()], [['link-tcx-node0'], false]);
    assert.deepEqual(await points.ask(FORGED), ['tcx'], 'said once');
    assert.deepEqual(await points.ask(''), ['tcx'], 'a network card is not reset again');
  });
});
