import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { planEntry } from '@evenkeel/model/plan/hash.ts';
import type { SharedEntry } from '@evenkeel/model/plan/plan.ts';
import { issue } from '@evenkeel/testbed/certificates/issue.ts';
import koffi from 'koffi';
import type { EngineChange } from '../src/engine/engine.ts';
import { Tables } from '../src/engine/tables.ts';
import { PortableReactor } from '../src/reactor/portable/reactor.ts';
import { ruleGroupOf, ruleOf } from '../src/rules/fixtures/rules.ts';
import { AccessLog } from '../src/telemetry/access-log.ts';
import { AccessLogRing } from '../src/telemetry/access-log-ring.ts';
import { SharedCounters } from '../src/telemetry/shared-counters.ts';
import { WorkerContext } from '../src/worker/context.ts';
import { Proxy } from '../src/worker/proxy.ts';
import { WorkerRows } from '../src/worker/worker-rows.ts';
import { freePort } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';
import { certificateOf, httpsListener, tlsOf, withShared } from './tls-plans.ts';

const MIB = 1024 * 1024;
const WARM_UP = 200;
const CHANGES = 1_000;
/** Rules of the group, of which each change of it brings others. */
const RULES = 5;
/** What may be left of them all together: OpenSSL's context alone would be 40 KB for each new certificate. */
const LEFT_BEHIND = 2 * MIB;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

koffi.struct('mallinfo2', {
  ...Object.fromEntries(['arena', 'ordblks', 'smblks', 'hblks'].map((name) => [name, 'size_t'])),
  ...Object.fromEntries(['hblkhd', 'usmblks', 'fsmblks', 'uordblks', 'fordblks', 'keepcost'].map((n) => [n, 'size_t'])),
});
/** Null where the C library is not glibc. */
const mallinfo = (() => {
  try {
    return koffi.load(null).func('mallinfo2 mallinfo2()') as unknown as () => { uordblks: number; hblkhd: number };
  } catch {
    return null;
  }
})();

const root = issue({ commonName: 'root', ca: true });
const identities = Array.from({ length: 4 }, () => issue({ names: ['web.test'], issuer: root }));

/** One worker on this thread, and how many changes it has had. */
async function world() {
  const reactor = new PortableReactor({ buffers: 64 });
  const counters = new SharedCounters(1);
  const tables = new Tables(counters, () => 0.5);
  const context = new WorkerContext(reactor, new AccessLog(AccessLogRing.create(), reactor));
  const proxy = new Proxy(context, new WorkerRows(counters.blocks(0)));
  const [port, other] = [await freePort(), await freePort()];
  const apply = (change: EngineChange) =>
    new Promise<void>((resolve, reject) => {
      const shared = tables.change(change);
      proxy.apply(shared, (refused) => {
        tables.retire(shared);
        if (refused.length === 0) resolve();
        else reject(new Error(JSON.stringify(refused)));
      });
    });
  return { reactor, counters, proxy, port, other, apply };
}

function rulesOf(turn: number): SharedEntry {
  const rules = Array.from({ length: RULES }, (_, i) => {
    const paths = [{ kind: 'prefix' as const, value: `/${turn}/${i}`, ignoreCase: false }];
    return ruleOf(`rule-${turn}-${i}`, i + 1, { paths }, { action: { type: 'forward', services: [] } });
  });
  return planEntry('rule-group', ruleGroupOf('priority', rules)) as SharedEntry;
}

/** What comes and goes in a change, and the state that it leaves: one of five kinds in turn. */
function changeAt(turn: number, port: number, other: number): EngineChange {
  const certificate = certificateOf('web', identities[turn % identities.length]!);
  const target = {
    id: `tgt-${turn}`,
    address: '127.0.0.1',
    port: 9,
    weight: 1 + (turn % 100),
    state: 'active' as const,
  };
  switch (turn % 5) {
    case 0:
      return withShared(changeOf([], []), certificate);
    case 1:
      return withShared(changeOf([], []), rulesOf(turn));
    case 2:
      return changeOf([serviceOf([{ ...target, eligible: true }])], []);
    case 3:
      return changeOf([], [listenerOf(other, { id: `lsn-${turn}` })]);
    default:
      return changeOf([], [httpsListener(port, { sessionTickets: turn % 2 === 0 }, { ruleGroupId: 'rules' })], {
        listeners: [`lsn-${turn - 1}`],
      });
  }
}

function used(): { readonly native: number; readonly heap: number } {
  collect();
  const { uordblks = 0, hblkhd = 0 } = mallinfo?.() ?? {};
  return { native: uordblks + hblkhd, heap: process.memoryUsage().heapUsed };
}

test(`${CHANGES} changes leave nothing behind`, async (t) => {
  const { reactor, counters, proxy, port, other, apply } = await world();
  t.after(() => new Promise<void>((resolve) => proxy.stop(0, resolve)).then(() => reactor.destroy()));
  const shared = [certificateOf('web', identities[0]!), rulesOf(0)];
  await apply(
    withShared(changeOf([serviceOf([9])], [httpsListener(port, tlsOf(['web']), { ruleGroupId: 'rules' })]), ...shared),
  );
  const handshake = async () => {
    const socket = connect({ port, host: '127.0.0.1', servername: 'web.test', ca: root.certificate });
    await once(socket, 'secureConnect');
    socket.destroy();
    await once(socket, 'close');
  };
  const make = async (from: number, to: number) => {
    for (let turn = from; turn < to; turn++) {
      await apply(changeAt(turn, port, other));
      // A context is also in use while it is replaced.
      if (turn % 50 === 0) await handshake();
    }
  };

  await make(5, WARM_UP);
  const before = used();
  await make(WARM_UP, WARM_UP + CHANGES);
  const after = used();
  // The lowest numbers are given first: newcomers get what others have left.
  const fresh = [counters.listenerSlot('new'), counters.targetSlot('svc', 'new'), counters.ruleSlot('rules', 'new')];
  for (const slot of fresh) assert.ok(slot > 0 && slot <= 2 * RULES + 1, `slots ${fresh}`);
  const left = { native: (after.native - before.native) / MIB, heap: (after.heap - before.heap) / MIB };
  t.diagnostic(
    `left behind: ${left.native.toFixed(2)} MiB of the C library's memory, ${left.heap.toFixed(2)} of the heap`,
  );
  assert.ok(left.native * MIB < LEFT_BEHIND, `${left.native} MiB of the C library's memory`);
  assert.ok(left.heap * MIB < LEFT_BEHIND, `${left.heap} MiB of the heap`);
});
