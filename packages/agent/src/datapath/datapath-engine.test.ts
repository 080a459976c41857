import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockTable } from '@evenkeel/model/block-list/block-table.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { SharedEntry } from '@evenkeel/model/plan/plan.ts';
import type { EngineChange, EngineService } from '@evenkeel/proxy/engine/engine.ts';
import { change, listener, service, world } from './datapath-engine.fixture.ts';
import { EMPTY_RECORD, writeRecord } from './kernel-record.ts';
import type { DatapathSetting } from './setting.ts';

test('a listener in the kernel is none of the proxy, and the last one takes everything with it', async (t) => {
  const { engine, kernel, told } = world(t, 'auto');
  assert.deepEqual(await engine.apply(change(listener())), []);
  assert.equal(told[0]!.listeners.get('lsn-1'), null);
  assert.deepEqual(engine.carried(), [{ listenerId: 'lsn-1', datapath: 'kernel', detail: 'tcx' }]);
  await engine.apply(change(null, null));
  assert.deepEqual([kernel.listeners, kernel.tornDown, engine.carried()], [[], true, []]);
});

test('listeners of other load balancers, and loopback addresses, open nothing', async (t) => {
  const { engine, told, opened } = world(t, 'auto');
  const { isNetwork: _, ...other } = listener();
  await engine.apply(change(other));
  assert.deepEqual([told[0]!.listeners.get('lsn-1'), engine.carried()], [other, []]);
  const loopback = listener({ addresses: ['127.77.0.1'] });
  await engine.apply(change(loopback));
  assert.equal(told[1]!.listeners.get('lsn-1'), loopback);
  assert.match(engine.carried()[0]!.detail, /loopback/);
  assert.equal(opened(), 0);
});

test('without a kernel the proxy carries it, with the reason; where the kernel is a must, it is refused', async (t) => {
  const auto = world(t, 'auto', 'the kernel datapath needs root');
  assert.deepEqual(await auto.engine.apply(change(listener())), []);
  assert.deepEqual(auto.engine.carried(), [
    { listenerId: 'lsn-1', datapath: 'userspace', detail: 'the kernel datapath needs root' },
  ]);
  const must = world(t, 'kernel', 'the kernel datapath needs root');
  const [refused] = await must.engine.apply(change(listener()));
  assert.deepEqual([refused?.listenerId, refused?.code], ['lsn-1', 'failed']);
  assert.match(refused!.detail, /needs root/);
  assert.equal(must.told[0]!.listeners.get('lsn-1'), null);
});

test('who has neither kernel nor address hears why it is not the kernel', async (t) => {
  const { engine, proxy, machine } = world(t, 'auto');
  proxy.refuses = () => '192.0.2.1 is not an address of this node';
  machine.forwards = false;
  const [refused] = await engine.apply(change(listener()));
  assert.equal(refused?.code, 'address-not-available');
  assert.match(refused.detail, /^192\.0\.2\.1 is not an address of this node, and the kernel .*ip_forward=1/);
  const { isNetwork: _, ...other } = listener();
  const [plain] = await engine.apply(change(other));
  assert.equal(plain?.detail, '192.0.2.1 is not an address of this node');
});

test('a change of the service alone moves its listener to the proxy, and back', async (t) => {
  const { engine, kernel, told } = world(t, 'auto');
  await engine.apply(change(listener()));
  const alone = (its: EngineService): EngineChange => ({ ...change(null, its), listeners: new Map() });
  await engine.apply(alone(service({ proxyProtocol: 2 })));
  assert.equal(told.at(-1)!.listeners.get('lsn-1')?.id, 'lsn-1');
  assert.deepEqual([kernel.listeners, engine.carried()[0]!.datapath], [[], 'userspace']);
  await engine.apply(alone(service()));
  assert.equal(told.at(-1)!.listeners.get('lsn-1'), null);
  assert.equal(engine.carried()[0]!.datapath, 'kernel');
});

test('targets begin as healthy as the kernel has them, while it has something', (t) => {
  const target = (up?: boolean) => ({ number: 1, address: '10.0.0.1', port: 80, ...(up === undefined ? {} : { up }) });
  const targets = { up: target(true), down: target(false), old: target() };
  const record = { ...EMPTY_RECORD, services: { 'svc-1': { number: 1, mode: 'nat' as const, targets } } };
  const known = (setting: DatapathSetting, pinned: boolean) => {
    const { engine, recordFile } = world(t, setting, '', pinned);
    writeRecord(recordFile, record);
    return engine.knownHealth(5);
  };
  const healthy = { serviceId: 'svc-1', targetId: 'up', state: 'healthy', reason: '', since: 5 };
  assert.deepEqual(known('auto', true), [healthy]);
  assert.deepEqual(known('auto', false), [], 'the machine was started anew');
  assert.deepEqual(known('userspace', true), []);
});

test('what was left in the kernel is taken out when nobody wants it, whether or not there is a record', async (t) => {
  const { engine, kernel, opened } = world(t, 'auto', '', true);
  await engine.apply({ shared: new Map(), services: new Map(), listeners: new Map() });
  assert.deepEqual([opened(), kernel.tornDown], [1, true]);
});

test('block lists that come before the plan touch nothing of what an earlier process has left in the kernel', async (t) => {
  const { engine, kernel, told, opened } = world(t, 'auto', '', true);
  kernel.carried.add('lsn-1').add('lsn-gone');
  const { memory } = new BlockTable({ seed: 1, isShared: true });
  const lists = (tenantId: string): EngineChange => {
    return { shared: new Map(), services: new Map(), listeners: new Map(), blockLists: new Map([[tenantId, memory]]) };
  };
  await engine.apply(lists('before'));
  assert.deepEqual([kernel.listeners, kernel.tornDown, opened()], [['lsn-1', 'lsn-gone'], false, 0]);
  assert.equal(told[0]!.blockLists?.get('before'), memory, 'the proxy has them at once');
  await engine.apply(change(listener()));
  assert.deepEqual([kernel.listeners, kernel.tornDown, opened()], [['lsn-1'], false, 1]);
  await engine.apply(lists('after'));
  assert.deepEqual(kernel.blocked, ['before', 'after']);
});

test('a kernel that cannot be had any more while something is left there says so', async (t) => {
  const { engine } = world(t, 'auto', 'the kernel datapath needs root', true);
  await engine.apply(change(listener()));
  assert.match(
    engine.carried()[0]!.detail,
    /needs root; what an earlier node agent has left in the kernel is still there/,
  );
});

test('while another process has the kernel nothing is done there; what it leaves is taken up again', async (t) => {
  const { engine, kernel, told, opened } = world(t, 'auto', '', true);
  await engine.apply(change(listener()));
  const { calls } = kernel;
  engine.handOff();
  assert.deepEqual([engine.kernel, kernel.closed], [null, 1]);
  await engine.apply({ ...change(null), listeners: new Map() }); // the health of a target
  assert.deepEqual([kernel.calls, opened()], [calls, 1]);
  assert.equal(told.at(-1)!.listeners.get('lsn-1'), null, 'it is none of the proxy');
  assert.equal(engine.carried()[0]!.datapath, 'kernel');

  kernel.carried.clear();
  kernel.carried.add('lsn-of-the-other');
  const again = engine.takeBack();
  assert.deepEqual(again, ['lsn-1']);
  await engine.apply({ ...change(listener()), services: new Map() });
  assert.deepEqual([kernel.listeners, opened()], [['lsn-1'], 2]);
  assert.deepEqual(engine.takeBack(), [], 'it is back already');
});

test('a kernel that cannot be had back leaves the listener to the proxy', async (t) => {
  const { engine, kernel, told } = world(t, 'auto', '', true);
  await engine.apply(change(listener()));
  engine.handOff();
  engine.takeBack();
  kernel.carried.clear();
  kernel.reason = 'no room';
  await engine.apply(change(listener()));
  assert.equal(told.at(-1)!.listeners.get('lsn-1')?.id, 'lsn-1');
  assert.deepEqual(engine.carried(), [{ listenerId: 'lsn-1', datapath: 'userspace', detail: 'no room' }]);
});

test('a node that is stopped in the middle of an upgrade balances nothing either', async (t) => {
  const { engine, unpinned } = world(t, 'auto', '', true);
  await engine.apply(change(listener()));
  engine.handOff();
  engine.tearDown();
  assert.equal(unpinned(), 1);
});

test('a node that ends while it opens the kernel leaves nothing there, and opens it no more', async (t) => {
  const { engine, kernel, told, opening, opened } = world(t, 'auto', '', true);
  opening.meanwhile = () => engine.tearDown();
  assert.deepEqual(await engine.apply(change(listener())), []);
  assert.deepEqual([kernel.tornDown, engine.kernel, kernel.calls], [true, null, 0]);
  await engine.apply(change(listener()));
  engine.handOff();
  assert.deepEqual(engine.takeBack(), []);
  assert.deepEqual([opened(), told], [1, []]);
});

test('a node that ends while it sets listeners sets no other, and hands none to the proxy', async (t) => {
  const { engine, kernel, told, opened } = world(t, 'auto');
  kernel.meanwhile = () => engine.tearDown();
  const both = [listener(), listener({ id: 'lsn-2', port: 81 })];
  await engine.apply({ ...change(null), listeners: new Map(both.map((one) => [one.id, one])) });
  assert.deepEqual([kernel.calls, kernel.tornDown, opened(), told], [1, true, 1, []]);
});

test("a kernel that is handed off while listeners are set gets no other; none of them is the proxy's", async (t) => {
  const { engine, kernel, told } = world(t, 'auto');
  kernel.meanwhile = () => engine.handOff();
  const both = [listener(), listener({ id: 'lsn-2', port: 81 })];
  await engine.apply({ ...change(null), listeners: new Map(both.map((one) => [one.id, one])) });
  assert.deepEqual([kernel.calls, kernel.closed, kernel.tornDown], [1, 1, false]);
  assert.deepEqual([...told[0]!.listeners.values()], [null, null]);
  kernel.meanwhile = () => {};
  assert.deepEqual(engine.takeBack(), ['lsn-1', 'lsn-2']);
});

test('a listener that the kernel carries stays there when it cannot be set, and is tried again', async (t) => {
  const { engine, kernel, told } = world(t, 'auto');
  await engine.apply(change(listener()));
  kernel.fails = true;
  const two = [listener({ idleTimeout: 2_000 }), listener({ id: 'lsn-2', port: 81 })];
  const refused = await engine.apply({ ...change(null), listeners: new Map(two.map((one) => [one.id, one])) });
  assert.deepEqual(
    refused.map(({ listenerId, code }) => [listenerId, code]),
    [['lsn-1', 'failed']],
  );
  assert.match(refused[0]!.detail, /goes on as it was.*out of luck/);
  assert.deepEqual([told.at(-1)!.listeners.get('lsn-1'), told.at(-1)!.listeners.get('lsn-2')?.id], [null, 'lsn-2']);
  assert.deepEqual(kernel.listeners, ['lsn-1']);
  assert.deepEqual(
    engine.carried().map(({ datapath }) => datapath),
    ['kernel', 'userspace'],
  );
  kernel.fails = false;
  assert.deepEqual(await engine.apply(change(two[0]!)), []);
});

test('however many listeners a change has, the record is written once after it', async (t) => {
  const { engine, kernel } = world(t, 'auto');
  const many = Array.from({ length: 50 }, (_, at) => listener({ id: `lsn-${at}`, port: 1_000 + at }));
  await engine.apply({ ...change(null), listeners: new Map(many.map((one) => [one.id, one])) });
  assert.deepEqual([kernel.calls, kernel.records], [50, 1]);
  await engine.apply({ ...change(null), listeners: new Map(many.map(({ id }) => [id, null])) });
  assert.equal(kernel.records, 2);
});

test('two changes at once open the kernel once', async (t) => {
  const { engine, opened } = world(t, 'auto');
  await Promise.all([engine.apply(change(listener())), engine.apply(change(listener({ id: 'lsn-1', port: 81 })))]);
  assert.equal(opened(), 1);
});

test('where no device takes a program, the proxy carries all listeners, those that were not touched too', async (t) => {
  const { engine, kernel, told } = world(t, 'auto');
  await engine.apply(change(listener()));
  kernel.unattached = 'no device takes a program';
  await engine.apply({ ...change(null), listeners: new Map([['lsn-2', listener({ id: 'lsn-2', port: 81 })]]) });
  assert.deepEqual([...told.at(-1)!.listeners.values()].map((one) => one?.id).sort(), ['lsn-1', 'lsn-2']);
  assert.deepEqual(
    engine.carried().map(({ datapath, detail }) => `${datapath}: ${detail}`),
    ['userspace: no device takes a program', 'userspace: no device takes a program'],
  );
  assert.deepEqual([kernel.listeners, kernel.tornDown], [[], true]);
});

test('a machine that begins to forward packets, or has another device, is asked once more', async (t) => {
  const { engine, machine, kernel } = world(t, 'auto');
  machine.forwards = false;
  await engine.apply(change(listener()));
  assert.match(engine.carried()[0]!.detail, /does not forward packets/);
  assert.deepEqual([await engine.reconsider(), await engine.reconsider()], [['lsn-1'], []], 'since the start');
  machine.forwards = true;
  assert.deepEqual(await engine.reconsider(), ['lsn-1']);
  await engine.apply(change(listener()));
  assert.equal(engine.carried()[0]!.datapath, 'kernel');
  assert.deepEqual(await engine.reconsider(), []);
  machine.devices.push('eth1');
  assert.deepEqual(await engine.reconsider(), [], 'the kernel carries it already');
  kernel.unattached = 'no device takes a program';
  assert.deepEqual(await engine.reconsider(), ['lsn-1']);
  await engine.apply(change(listener()));
  kernel.unattached = '';
  assert.deepEqual(await engine.reconsider(), []);
  machine.devices.push('eth2');
  assert.deepEqual(await engine.reconsider(), ['lsn-1']);
  await engine.apply(change(listener({ addresses: ['127.77.0.1'] })));
  machine.devices.pop();
  assert.deepEqual(await engine.reconsider(), [], 'loopback addresses are none of the kernel anyway');
});

test('a machine that drops answers of targets has the proxy carry them, for as long as it does', async (t) => {
  const { engine, machine } = world(t, 'auto');
  await engine.apply(change(listener()));
  machine.refusesAnswers = 'the kernel takes them for forged';
  assert.deepEqual(await engine.reconsider(), [], 'nothing says that it might');
  machine.isNewsOfAnswers = true;
  assert.deepEqual(await engine.reconsider(), ['lsn-1']);
  await engine.apply(change(listener()));
  assert.deepEqual(engine.carried(), [{ listenerId: 'lsn-1', datapath: 'userspace', detail: machine.refusesAnswers }]);
  assert.deepEqual(await engine.reconsider(), [], 'it is so already');
  machine.refusesAnswers = '';
  assert.deepEqual(await engine.reconsider(), ['lsn-1']);
  await engine.apply(change(listener()));
  assert.equal(engine.carried()[0]!.datapath, 'kernel');
  assert.deepEqual(await engine.reconsider(), []);
});

test('a listener that the proxy has for another reason is not tried again for news of answers that say the same', async (t) => {
  const refused = 'the kernel takes them for forged';
  for (const where of ['no kernel', 'no room'] as const) {
    const { engine, kernel, machine, opened } = world(t, 'auto', where === 'no kernel' ? where : '');
    kernel.reason = where;
    await engine.apply(change(listener()));
    assert.deepEqual(engine.carried(), [{ listenerId: 'lsn-1', datapath: 'userspace', detail: where }]);
    machine.isNewsOfAnswers = true;
    const [before, calls] = [opened(), kernel.calls];
    for (const listenerId of await engine.reconsider()) await engine.apply(change(listener({ id: listenerId })));
    assert.deepEqual([await engine.reconsider(), opened(), kernel.calls], [[], before, calls]);
    machine.refusesAnswers = refused;
    assert.deepEqual(await engine.reconsider(), ['lsn-1']);
    await engine.apply(change(listener()));
    assert.equal(engine.carried()[0]!.detail, refused);
    machine.refusesAnswers = `${refused}, by another device`;
    assert.deepEqual(await engine.reconsider(), ['lsn-1'], 'it says so');
    await engine.apply(change(listener()));
    assert.deepEqual([await engine.reconsider(), engine.carried()[0]!.detail], [[], machine.refusesAnswers]);
  }
});

test('a target whose address the node has itself is reached by the proxy, for as long as it has it', async (t) => {
  const { engine, machine } = world(t, 'auto');
  await engine.apply(change(listener(), service({}, '10.0.0.9')));
  assert.deepEqual(engine.carried()[0]!.detail, '10.0.0.9 is this node itself, whose answers pass no device');
  machine.own = ['10.0.0.8'];
  assert.deepEqual(await engine.reconsider(), ['lsn-1']);
  await engine.apply({ ...change(listener()), services: new Map() });
  assert.equal(engine.carried()[0]!.datapath, 'kernel');
  machine.own = ['10.0.0.7'];
  assert.deepEqual(await engine.reconsider(), [], 'no target has had either address');
  machine.own = ['10.0.0.9'];
  assert.deepEqual(await engine.reconsider(), ['lsn-1']);
  await engine.apply(change(listener(), service({}, '127.0.0.1')));
  assert.match(engine.carried()[0]!.detail, /^127\.0\.0\.1 is this node itself/);
});

test('a change of a security group alone reaches the kernel; what the kernel cannot ask goes to the proxy', async (t) => {
  const { engine, kernel } = world(t, 'auto');
  const rule = {
    priority: 50,
    allows: true,
    protocol: 'all',
    firstPort: 0,
    lastPort: 65_535,
    source: '10.0.0.0/8',
  } as const;
  const change = (more: object, listeners: readonly PlannedListener[] = []): EngineChange => {
    const entry = {
      key: 'security-group/a',
      kind: 'security-group',
      hash: '',
      value: { id: 'a', rules: [{ ...rule, ...more }] },
    };
    return {
      services: new Map([['svc-1', service()]]),
      shared: new Map([[entry.key, entry as SharedEntry]]),
      listeners: new Map(listeners.map((one) => [one.id, one])),
    };
  };
  await engine.apply(change({}, [listener({ lastPort: 90, securityGroups: ['a'] })]));
  assert.equal(kernel.gates?.tcp?.length, 3);
  assert.deepEqual(await engine.apply({ ...change({ source: '0.0.0.0/0' }), services: new Map() }), []);
  assert.deepEqual([kernel.calls, kernel.gates?.tcp?.length], [2, 2]);
  await engine.apply({ ...change({ lastPort: 85, firstPort: 80 }), services: new Map() });
  const [carried] = engine.carried();
  assert.deepEqual([carried?.datapath, kernel.carried.size], ['userspace', 0]);
  assert.match(carried!.detail, /some of its ports/);
});

test('what neither the kernel nor the proxy can do leaves the listener in the kernel as it was, with the targets of now', async (t) => {
  const { engine, kernel, proxy, told } = world(t, 'auto');
  await engine.apply(change(listener()));
  proxy.refuses = () => 'no such address';
  const proxyProtocol = (up: boolean) => {
    const its = service({ proxyProtocol: 2 });
    return { ...its, targets: its.targets.map((target) => ({ ...target, eligible: up })) };
  };
  const refused = await engine.apply(change(listener(), proxyProtocol(true)));
  assert.equal(told.at(-1)!.listeners.get('lsn-1')?.id, 'lsn-1', 'the proxy is asked first');
  assert.deepEqual([refused.length, refused[0]?.listenerId, kernel.listeners], [1, 'lsn-1', ['lsn-1']]);
  assert.match(refused[0]!.detail, /goes on as it was.*nor does the proxy: no such address/);
  assert.equal(engine.carried()[0]!.datapath, 'kernel');
  await engine.apply({ ...change(null, proxyProtocol(false)), listeners: new Map() });
  const { service: now } = kernel.set.get('lsn-1')!;
  assert.deepEqual([now.targets[0]!.eligible, now.service.proxyProtocol], [false, service().service.proxyProtocol]);
  await engine.apply(change(listener({ addresses: ['192.0.2.9'] }), proxyProtocol(true)));
  assert.deepEqual(kernel.listeners, [], 'its place in the kernel may be that of another one');
});

test('once the kernel can do what is wanted, or the proxy, nothing is refused any more', async (t) => {
  for (const recovers of ['kernel', 'proxy'] as const) {
    const { engine, kernel, proxy } = world(t, 'auto');
    await engine.apply(change(listener()));
    proxy.refuses = () => 'no such address';
    await engine.apply(change(listener(), service({ proxyProtocol: 2 })));
    if (recovers === 'proxy') proxy.refuses = () => '';
    const its = service(recovers === 'proxy' ? { proxyProtocol: 2 } : {});
    assert.deepEqual(await engine.apply(change(listener(), its)), []);
    assert.equal(engine.carried()[0]!.datapath, recovers === 'kernel' ? 'kernel' : 'userspace');
    assert.equal(kernel.listeners.length, recovers === 'kernel' ? 1 : 0);
  }
});

test('a listener that neither of them takes, and that never was in the kernel, is not kept there', async (t) => {
  const { engine, kernel, proxy } = world(t, 'auto');
  proxy.refuses = () => 'no such address';
  kernel.meanwhile = () => {
    kernel.carried.add('lsn-1');
    kernel.set.set('lsn-1', { planned: listener(), service: service(), gates: { tcp: null, udp: null } }); // begun
  };
  kernel.reason = 'out of luck';
  const [refused] = await engine.apply(change(listener()));
  assert.match(refused!.detail, /^no such address, and the kernel does not carry the listener: out of luck$/);
  assert.deepEqual(kernel.listeners, []);
});

test('where the kernel is a must, what it cannot do leaves a listener there as it was', async (t) => {
  const { engine, kernel } = world(t, 'kernel');
  await engine.apply(change(listener()));
  const [refused] = await engine.apply(change(listener(), service({ proxyProtocol: 2 })));
  assert.match(refused!.detail, /goes on as it was/);
  assert.deepEqual(kernel.listeners, ['lsn-1']);
});

test('a machine through which no packet gets gives its listener up, though the proxy cannot have it', async (t) => {
  const { engine, kernel, proxy, machine } = world(t, 'auto');
  await engine.apply(change(listener()));
  proxy.refuses = () => 'no such address';
  machine.forwards = false;
  await engine.apply(change(listener()));
  assert.deepEqual([kernel.listeners, engine.carried()[0]!.datapath], [[], 'userspace']);
});
