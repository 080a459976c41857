import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packet } from '@evenkeel/testbed/packets/packet.ts';
import { bothEntryPoints, CLIENT, LISTENER, type Scene, TARGET, VIP } from './scene.ts';

async function prepare(scene: Scene): Promise<void> {
  const { datapath } = scene;
  datapath.addVip(VIP);
  datapath.setTarget(1, scene.target());
  datapath.setListener({ address: VIP, port: 80, protocol: 'tcp' }, scene.listener());
  await scene.useTargets(1);
}

bothEntryPoints('long frames', prepare, (scene, program) => {
  // At XDP what is beyond the first page cannot be read; test frames of tcx end with it.
  const bytes = program === 'xdp' ? 8_900 : 2_900;

  test('go to the target, count with all their bytes, and are refused where they say that they have more', () => {
    const { datapath } = scene();
    const before = datapath.listenerTraffic(LISTENER);
    const long = packet().ip(CLIENT, VIP).tcp(1, 80).payload(bytes);
    scene().expect(long, 'kernel', packet().ip(CLIENT, TARGET).tcp(1, 80).payload(bytes));
    const after = datapath.listenerTraffic(LISTENER);
    assert.equal(after.bytes - before.bytes, BigInt(long.frame().length));
    const cut = long.frame().subarray(0, -1);
    assert.deepEqual(
      scene().outcomesOf(() => scene().run(cut)),
      { malformed: 1n },
    );
  });
});
