import assert from 'node:assert/strict';
import { request } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { planOf } from '@evenkeel/model/plan/delta.ts';
import { planEntry } from '@evenkeel/model/plan/hash.ts';
import { createEngine } from '@evenkeel/proxy/engine/create.ts';
import { systemClock } from '../src/clock/clock.ts';
import { FakeKernel, listener, service } from '../src/datapath/datapath-engine.fixture.ts';
import { DatapathEngine } from '../src/datapath/datapath-engine.ts';
import type { KernelPath } from '../src/datapath/kernel-path.ts';
import { Home } from '../src/home.ts';
import { PlanStore } from '../src/plan/store.ts';
import { control, directory, node } from './agent-world.ts';
import { silentLog } from './log.ts';
import { freePort, Origin } from './origin.ts';
import { plannedGroup, plannedListener, plannedService, plannedTarget } from './planned.ts';

const VIP = '127.0.0.77';

/** A kernel as far as a node asks it. */
class IdleKernel extends FakeKernel {
  /** What a heartbeat tells of it. */
  readonly sight = { allActiveFlows: () => ({ flows: 0 }), deniedPackets: () => 0, portless: () => [] };
  forgotten = 0;

  forgetOthers(): void {
    this.forgotten++;
  }
}

/** A request on a connection of its own; null: it is refused. */
function ask(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    request({ host: VIP, port, agent: false }, (response) => {
      response.setEncoding('utf8').once('data', resolve);
    })
      .on('error', () => resolve(null))
      .end();
  });
}

test('after a start the proxy answers while programs of the kernel are loaded; the plan is acknowledged when they are', async (t) => {
  const origin = await Origin.start('one');
  t.after(() => origin.die());
  const port = await freePort(VIP);
  const plan = planOf(1, [
    planEntry('listener', plannedListener({ addresses: [VIP], port })),
    planEntry('service', plannedService({ healthCheck: null })),
    planEntry('listener', listener({ id: 'lsn-2', serviceId: 'svc-2' })),
    planEntry('service', service({ id: 'svc-2', groupId: 'grp-2' }).service),
    planEntry('group', plannedGroup({ targets: [plannedTarget({ address: '127.0.0.1', port: origin.port })] })),
    planEntry('group', plannedGroup({ id: 'grp-2', targets: [] })),
  ]);
  const home = await Home.open(directory.path);
  const store = new PlanStore({ path: home.planFile, clock: systemClock, log: silentLog });
  store.save(plan);
  await store.flush();

  const kernel = new IdleKernel();
  const loading = Promise.withResolvers<void>();
  const engine = await createEngine({ workers: 1, reactor: 'portable' });
  const datapath = new DatapathEngine({
    engine,
    setting: 'auto',
    recordFile: join(directory.path, 'kernel.json'),
    open: async () => {
      await loading.promise;
      return kernel as unknown as KernelPath;
    },
    isPinned: () => true,
    unpin: () => {},
    forwards: () => true,
    firstLocalPort: () => 32_768,
    refusesAnswers: () => '',
    isNewsOfAnswers: () => false,
    devices: () => ['eth0'],
    ownAddresses: () => [],
    log: silentLog,
  });
  const peer = await control(plan);
  const { agent } = await node(peer.url, undefined, undefined, undefined, { engine, datapath });
  let isReady = false;
  const started = agent.start().then(() => {
    isReady = true;
  });
  let answer: string | null = null;
  while (answer === null) answer = await ask(port);
  assert.equal(answer, 'one');
  assert.deepEqual([datapath.kernel, kernel.calls, isReady], [null, 0, false]);
  assert.equal(agent.health().planVersion, 0, 'not all of the plan is in force');

  const applied = peer.applied(1);
  loading.resolve();
  await started;
  const { refused, datapaths } = await applied;
  assert.deepEqual([refused, datapaths], [[], [{ listenerId: 'lsn-2', datapath: 'kernel', detail: 'tcx' }]]);
  assert.deepEqual([kernel.listeners, kernel.forgotten], [['lsn-2'], 1]);
  assert.equal(await ask(port), 'one');
});
