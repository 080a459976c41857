import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineChange } from '@evenkeel/proxy/engine/engine.ts';
import { change, listener, service, world } from './datapath-engine.fixture.ts';

const NOTHING: EngineChange = { shared: new Map(), services: new Map(), listeners: new Map() };
const { isNetwork: _, ...http } = listener({ id: 'lsn-http', port: 81 });

/** The kernel takes its time to be opened, until `opened` is called. */
function slowly(...given: Parameters<typeof world>) {
  const site = world(...given);
  const { promise, resolve } = Promise.withResolvers<void>();
  site.opening.until = promise;
  return { ...site, opens: resolve };
}

const both = (): EngineChange => ({
  ...change(listener()),
  listeners: new Map([listener(), http].map((one) => [one.id, one])),
});

test("while the kernel is opened the proxy runs all others; the listener is nobody's, and then the kernel's", async (t) => {
  const { engine, kernel, told, opens, opened } = slowly(t, 'auto', '', true);
  assert.deepEqual(await engine.apply(both()), []);
  assert.deepEqual([told[0]!.listeners.get('lsn-1'), told[0]!.listeners.get('lsn-http')], [null, http]);
  assert.equal(told[0]!.isPartial, true, 'sockets that an earlier process has left are not closed');
  assert.deepEqual([engine.kernel, engine.carried(), kernel.calls], [null, [], 0]);

  await engine.apply({ ...change(null, service({ drainTimeout: 5 })), listeners: new Map() });
  assert.equal(told[1]!.services.get('svc-1')?.service.drainTimeout, 5, 'what changes meanwhile does not wait');
  const waiting = engine.undecided();
  assert.notEqual(waiting, null);
  opens();
  await waiting;
  assert.notEqual(engine.undecided(), null, 'it goes on with the next change');

  assert.deepEqual(await engine.apply(NOTHING), []);
  assert.deepEqual([engine.undecided(), kernel.listeners, opened()], [null, ['lsn-1'], 1]);
  assert.equal(kernel.set.get('lsn-1')?.service.service.drainTimeout, 5);
  assert.deepEqual([told[2]!.listeners.get('lsn-1'), told[2]!.isPartial], [null, undefined]);
  assert.deepEqual(engine.carried(), [{ listenerId: 'lsn-1', datapath: 'kernel', detail: 'tcx' }]);
});

test('a kernel that cannot be had leaves the listener to the proxy, once that is known, and is not asked again', async (t) => {
  const { engine, told, opens, opened } = slowly(t, 'auto', 'the verifier says no');
  assert.deepEqual(await engine.apply(both()), []);
  assert.deepEqual([told[0]!.listeners.get('lsn-1'), engine.carried()], [null, []]);
  opens();
  await engine.undecided();
  assert.deepEqual(await engine.apply(NOTHING), []);
  assert.equal(told[1]!.listeners.get('lsn-1')?.id, 'lsn-1');
  assert.deepEqual(engine.carried(), [{ listenerId: 'lsn-1', datapath: 'userspace', detail: 'the verifier says no' }]);
  assert.deepEqual([engine.undecided(), opened()], [null, 1]);
});

test('a kernel that could not be had is opened again for listeners, and not for the health of targets', async (t) => {
  const { engine, told, opens, opened } = slowly(t, 'auto', 'the verifier says no');
  await engine.apply(change(listener()));
  opens();
  await engine.undecided();
  await engine.apply(NOTHING);
  const its = service({}, '10.0.0.2');
  await engine.apply({ ...change(null, its), listeners: new Map() });
  assert.deepEqual([opened(), engine.undecided(), told.length], [1, null, 3]);
  assert.equal(told[2]!.services.get('svc-1'), its, 'the proxy has it at once');
  assert.deepEqual(engine.carried(), [{ listenerId: 'lsn-1', datapath: 'userspace', detail: 'the verifier says no' }]);
  await engine.apply({ ...NOTHING, listeners: new Map([['lsn-http', http]]) });
  assert.equal(opened(), 1, 'none of a network load balancer');
  await engine.apply(change(listener({ idleTimeout: 2_000 })));
  assert.equal(opened(), 2);
});

test('a listener that the kernel cannot have in any case does not wait for it', async (t) => {
  const { engine, told, opens } = slowly(t, 'auto', '', true);
  const loopback = listener({ addresses: ['127.77.0.1'] });
  await engine.apply(change(loopback));
  assert.equal(told[0]!.listeners.get('lsn-1'), loopback);
  assert.equal(engine.carried()[0]?.datapath, 'userspace');
  assert.notEqual(engine.undecided(), null, 'what was left in the kernel has to go');
  opens();
  await engine.undecided();
  await engine.apply(NOTHING);
  assert.equal(told[1]!.listeners.get('lsn-1'), loopback);
});

test('a listener that the proxy has stays there until the kernel has it', async (t) => {
  const { engine, kernel, told, machine, opens } = slowly(t, 'auto');
  machine.forwards = false;
  await engine.apply(change(listener()));
  machine.forwards = true;
  await engine.apply(change(listener({ idleTimeout: 2_000 })));
  assert.equal(told[1]!.listeners.get('lsn-1')?.idleTimeout, 2_000);
  assert.deepEqual([engine.carried()[0]?.datapath, kernel.calls], ['userspace', 0]);
  opens();
  await engine.undecided();
  await engine.apply(NOTHING);
  assert.deepEqual([told[2]!.listeners.get('lsn-1'), engine.carried()[0]?.datapath], [null, 'kernel']);
});

test('where the kernel is a must, a listener is refused when it cannot be had, and not before', async (t) => {
  const { engine, told, opens } = slowly(t, 'kernel', 'the verifier says no');
  assert.deepEqual(await engine.apply(change(listener())), []);
  opens();
  await engine.undecided();
  const [refused] = await engine.apply(NOTHING);
  assert.match(refused!.detail, /set to the kernel datapath: the verifier says no/);
  assert.deepEqual(
    told.map(({ listeners }) => listeners.get('lsn-1')),
    [null, null],
  );
});

test('a listener that is gone by the time the kernel is open is taken out of it', async (t) => {
  const { engine, kernel, opens } = slowly(t, 'auto', '', true);
  kernel.carried.add('lsn-1');
  await engine.apply(change(listener()));
  await engine.apply(change(null, null));
  assert.deepEqual(kernel.listeners, ['lsn-1'], 'packets flow until then');
  opens();
  await engine.undecided();
  await engine.apply(NOTHING);
  assert.deepEqual([kernel.listeners, kernel.tornDown, engine.undecided()], [[], true, null]);
});

test('what the proxy fails to take is decided by its next attempt, without opening the kernel again', async (t) => {
  const { engine, kernel, proxy, opens, opened } = slowly(t, 'auto');
  await engine.apply(both());
  opens();
  await engine.undecided();
  proxy.refuses = () => {
    throw new Error('no worker');
  };
  await assert.rejects(engine.apply({ ...NOTHING, listeners: new Map([['lsn-http', http]]) }), /no worker/);
  assert.notEqual(engine.undecided(), null);
  proxy.refuses = () => '';
  await engine.apply(NOTHING);
  assert.deepEqual([engine.undecided(), kernel.listeners, opened()], [null, ['lsn-1'], 1]);
});

test('a node that ends while the kernel is opened balances nothing from then on', async (t) => {
  const { engine, kernel, unpinned, opens } = slowly(t, 'auto', '', true);
  await engine.apply(change(listener()));
  const ended = engine.tearDown();
  assert.equal(unpinned(), 1, 'at once');
  opens();
  await ended;
  assert.deepEqual([kernel.tornDown, kernel.calls, engine.kernel], [true, 0, null]);
  assert.deepEqual(await engine.apply(NOTHING), []);
  assert.equal(engine.undecided(), null);
});

test('a kernel that is handed off while it is opened decides nothing; taken back, it is opened again', async (t) => {
  const { engine, kernel, told, opens, opened } = slowly(t, 'auto', '', true);
  await engine.apply(change(listener()));
  const handedOff = engine.handOff();
  opens();
  await handedOff;
  assert.deepEqual([kernel.closed, engine.kernel], [1, null]);
  await engine.apply(NOTHING);
  assert.deepEqual([engine.undecided(), kernel.calls], [null, 0]);
  assert.deepEqual(engine.takeBack(), ['lsn-1']);
  await engine.apply(change(listener()));
  assert.deepEqual([kernel.listeners, opened()], [['lsn-1'], 2]);
  assert.ok(
    told.every(({ listeners }) => (listeners.get('lsn-1') ?? null) === null),
    'it is none of the proxy',
  );
});
