import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TargetSettings } from '@evenkeel/flow/datapath/layout.ts';
import { pino } from 'pino';
import type { KernelMode } from './kernel-mode.ts';
import type { NetworkView } from './network-view.ts';
import { TargetEntries, type WantedTarget } from './target-entries.ts';

const NEAR = '192.0.2.9';
const FAR = '198.51.100.9';
const GATEWAY = '192.0.2.1';
const MAC = '02:00:00:00:00:05';

/** A network of one device, where `neighbours` are known. */
function networkOf(neighbours: Readonly<Record<string, string>>, index = 4, isEthernet = true): NetworkView {
  const device = { name: 'eth0', index, mac: isEthernet ? '02:00:00:00:00:01' : '', mtu: 1_500, isEthernet };
  const route = { device: 'eth0', source: '192.0.2.2', mtu: 0 };
  return {
    devices: new Map([['eth0', device]]),
    neighbours: new Map(Object.entries(neighbours).map(([address, mac]) => [`${address} eth0`, mac])),
    unconfirmed: new Set(),
    routes: new Map([
      [NEAR, { ...route, gateway: null }],
      [FAR, { ...route, gateway: GATEWAY }],
    ]),
  };
}

function world(view: NetworkView) {
  const said: string[] = [];
  const state = { view, fails: false, looks: 0 };
  const targets = new Map<number, TargetSettings>();
  const knocked: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => said.push(JSON.parse(line).problem) });
  const entries = new TargetEntries({ setTarget: (number, target) => void targets.set(number, target) }, log, {
    view: async () => {
      state.looks++;
      if (state.fails) throw new Error('no such command');
      return state.view;
    },
    knock: (address) => void knocked.push(address),
  });
  const set = async (number: number, address: string, mode: KernelMode) => {
    const wanted: WantedTarget = { address, port: 80, mode, gone: false, resets: false, closed: false };
    entries.set(number, wanted, await entries.look(new Map([[number, wanted]])));
  };
  return { entries, state, targets, said, knocked, set };
}

test('l2: a neighbour that is not known is knocked at, said once, and written down when it answers', async () => {
  const { entries, state, targets, said, knocked, set } = world(networkOf({}));
  await set(1, NEAR, 'l2');
  assert.deepEqual([targets.get(1)!.nextHop, knocked, entries.isLooking], [null, [NEAR], true]);
  await entries.follow();
  assert.deepEqual([said, knocked], [[`${NEAR} is not known on eth0 yet`], [NEAR, NEAR]]);
  state.view = networkOf({ [NEAR]: MAC });
  await entries.follow();
  assert.deepEqual(targets.get(1)!.nextHop, { device: 4, mac: MAC, ownMac: '02:00:00:00:00:01' });
  assert.equal(entries.isLooking, false);
});

test('a neighbour that changes is followed; one that the kernel forgets keeps what it had, on the same device', async () => {
  const { entries, state, targets, set } = world(networkOf({ [NEAR]: MAC }));
  await set(1, NEAR, 'l2');
  const other = '02:00:00:00:00:06';
  state.view = networkOf({ [NEAR]: other });
  await entries.follow();
  assert.equal(targets.get(1)!.nextHop?.mac, other);
  state.view = networkOf({});
  await entries.follow();
  assert.equal(targets.get(1)!.nextHop?.mac, other);
  state.view = networkOf({}, 5);
  await entries.follow();
  assert.equal(targets.get(1)!.nextHop, null);
});

test('another gateway on the same device has its own hardware address, or none that is known', async () => {
  const other = '192.0.2.254';
  for (const mode of ['source-nat', 'ipip', 'gue'] as const) {
    const { entries, state, targets, knocked, said, set } = world(networkOf({ [GATEWAY]: MAC }));
    await set(1, FAR, mode);
    assert.deepEqual([targets.get(1)!.nextHop?.mac, knocked], [MAC, []]);
    const moved = { ...state.view.routes.get(FAR)!, gateway: other };
    state.view = { ...networkOf({ [GATEWAY]: MAC }), routes: new Map([[FAR, moved]]) };
    await entries.follow();
    assert.deepEqual([targets.get(1)!.nextHop?.mac, knocked], [null, [other]]);
    assert.deepEqual(said, [`${other} is not known on eth0 yet`]);
    state.view = { ...networkOf({ [other]: '02:00:00:00:00:07' }), routes: new Map([[FAR, moved]]) };
    await entries.follow();
    assert.equal(targets.get(1)!.nextHop?.mac, '02:00:00:00:00:07');
  }
});

test('a next hop that the kernel has forgotten, or has not heard of lately, is asked for, once for all targets', async () => {
  const { entries, state, targets, said, knocked, set } = world(networkOf({ [NEAR]: MAC, [GATEWAY]: MAC }));
  await set(1, NEAR, 'l2');
  await set(2, FAR, 'ipip');
  await set(3, FAR, 'gue');
  await entries.follow();
  assert.deepEqual(knocked, []);
  state.view = { ...networkOf({ [NEAR]: MAC, [GATEWAY]: MAC }), unconfirmed: new Set([`${GATEWAY} eth0`]) };
  await entries.follow();
  assert.deepEqual(knocked, [GATEWAY]);
  // It does not answer any more, and neither does the other one: packets go to where they were.
  state.view = networkOf({});
  await entries.follow();
  assert.deepEqual(knocked.slice(1).sort(), [GATEWAY, NEAR]);
  assert.deepEqual([targets.get(1)!.nextHop?.mac, targets.get(2)!.nextHop?.mac, said], [MAC, MAC, []]);
  const changed = '02:00:00:00:00:08';
  state.view = networkOf({ [NEAR]: MAC, [GATEWAY]: changed });
  await entries.follow();
  assert.deepEqual([targets.get(2)!.nextHop?.mac, targets.get(3)!.nextHop?.mac], [changed, changed]);
});

test('tunnels go by the gateway, from the address of the node on the way there, and know what fits', async () => {
  const { targets, set } = world(networkOf({ [GATEWAY]: MAC }));
  await set(1, FAR, 'gue');
  const { tunnelSource, nextHop, mtu } = targets.get(1)!;
  assert.deepEqual([tunnelSource, nextHop?.mac, mtu], ['192.0.2.2', MAC, 1_500]);
  const { targets: others, said, set: setOther } = world(networkOf({ [GATEWAY]: MAC }));
  await setOther(1, FAR, 'l2');
  assert.equal(others.get(1)!.nextHop, null);
  assert.match(said[0]!, /behind 192\.0\.2\.1: l2 needs targets on a network of this node/);
});

test('source NAT is from the address of the node on the way to the target, and follows it', async () => {
  const { entries, state, targets, set } = world(networkOf({ [NEAR]: MAC, [GATEWAY]: MAC }));
  for (const [number, address] of [
    [1, NEAR],
    [2, FAR],
  ] as const) {
    await set(number, address, 'source-nat');
    const { tunnelSource, nextHop, mtu } = targets.get(number)!;
    assert.deepEqual([tunnelSource, nextHop?.mac, mtu], ['192.0.2.2', MAC, 1_500]);
  }
  const moved = { ...state.view.routes.get(NEAR)!, source: '192.0.2.3' };
  state.view = { ...state.view, routes: new Map([[NEAR, moved]]) };
  await entries.follow();
  assert.deepEqual([targets.get(1)!.tunnelSource, targets.get(2)!.tunnelSource], ['192.0.2.3', null]);
});

test('source NAT and tunnels through a gateway that is not known: that is knocked at, and the kernel may ask', async () => {
  for (const mode of ['source-nat', 'ipip', 'gue'] as const) {
    const { entries, state, targets, knocked, set } = world(networkOf({}));
    await set(1, FAR, mode);
    const hop = { device: 4, mac: null, ownMac: '02:00:00:00:00:01' };
    assert.deepEqual([targets.get(1)!.nextHop, knocked, entries.isLooking], [hop, [GATEWAY], true]);
    state.view = networkOf({ [GATEWAY]: MAC });
    await entries.follow();
    assert.deepEqual([targets.get(1)!.nextHop?.mac, entries.isLooking], [MAC, false]);
  }
});

test('a link-local gateway is knocked at on its device, and known by its address', async () => {
  const gateway = 'fe80::1';
  const throughIt = (neighbours: Readonly<Record<string, string>>) => {
    const view = networkOf(neighbours);
    return { ...view, routes: new Map([[FAR, { ...view.routes.get(FAR)!, gateway }]]) };
  };
  const { entries, state, targets, knocked, set } = world(throughIt({}));
  await set(1, FAR, 'ipip');
  state.view = throughIt({ [gateway]: MAC });
  await entries.follow();
  assert.deepEqual([knocked, targets.get(1)!.nextHop?.mac], [[`${gateway}%eth0`], MAC]);
});

test('devices without hardware addresses: tunnels take them, and nobody is looked for; others cannot', async () => {
  for (const mode of ['source-nat', 'l2', 'ipip', 'gue'] as const) {
    const { entries, targets, knocked, said, set } = world(networkOf({}, 4, false));
    await set(1, NEAR, mode);
    assert.deepEqual(knocked, []);
    const hop = targets.get(1)!.nextHop;
    if (mode === 'ipip' || mode === 'gue') {
      assert.deepEqual([hop, said, entries.isLooking], [{ device: 4, mac: null, ownMac: '' }, [], false]);
    } else {
      assert.equal(hop, null);
      assert.match(
        said[0]!,
        /192\.0\.2\.9 is behind eth0, whose frames have no Ethernet header: only tunnels go there/,
      );
    }
  }
});

test('a target that is not hidden from any more is routed again, and the other way round', async () => {
  const { targets, set } = world(networkOf({ [NEAR]: MAC }));
  const sources: (string | null)[] = [];
  for (const mode of ['source-nat', 'nat', 'source-nat'] as const) {
    await set(1, NEAR, mode);
    sources.push(targets.get(1)!.tunnelSource);
  }
  assert.deepEqual(sources, ['192.0.2.2', null, '192.0.2.2']);
});

test('what the kernel routes needs no look; a retired number is not followed', async () => {
  const { entries, state, targets, set } = world(networkOf({ [NEAR]: MAC }));
  await set(1, NEAR, 'nat');
  assert.deepEqual([state.looks, targets.get(1)!.nextHop], [0, null]);
  await set(2, NEAR, 'l2');
  entries.retire(2, NEAR, 80);
  await entries.follow();
  assert.deepEqual([state.looks, targets.get(2)!.gone], [1, true]);
});

test('where the ways cannot be asked for, those that are known hold, and new targets are refused', async () => {
  const { state, targets, set } = world(networkOf({ [NEAR]: MAC }));
  await set(1, NEAR, 'l2');
  state.fails = true;
  await set(1, NEAR, 'l2');
  assert.equal(targets.get(1)!.nextHop?.mac, MAC);
  await assert.rejects(set(2, NEAR, 'l2'), /no such command/);
});

test('a target whose endpoint begins to be shared is marked, and unmarked', async () => {
  const { entries, targets, set } = world(networkOf({}));
  await set(1, NEAR, 'nat');
  entries.share(new Set([1, 2]));
  await set(2, NEAR, 'nat');
  assert.deepEqual([targets.get(1)!.shared, targets.get(2)!.shared], [true, true]);
  entries.share(new Set([2]));
  assert.deepEqual([targets.get(1)!.shared, targets.get(2)!.shared], [false, true]);
});
