import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Datapath } from '@evenkeel/flow/datapath/datapath.ts';
import type { FlowRecord } from '@evenkeel/flow/datapath/flow-record.ts';
import { firstGeneration, type Generation } from '@evenkeel/flow/maglev/generations.ts';
import { SLOTS } from '@evenkeel/flow/maglev/slots.ts';
import type { Numbers } from '@evenkeel/flow/sharing/zone-view.ts';
import { silentLog } from '../../test/log.ts';
import { systemClock } from '../clock/clock.ts';
import { SharingKeys } from './sharing-keys.ts';
import { type SharedKernel, SharingSession } from './sharing-session.ts';

const HOST = '127.0.0.1';

/** Tables and flows of a node without a kernel. */
class FakeKernel implements SharedKernel {
  readonly written = new Map<string, FlowRecord>();
  readonly learnt: [string, Generation][] = [];
  readonly shortestIdle = 60;
  numbers: Numbers;
  onNumbers = () => {};
  #news: FlowRecord[] = [];
  readonly #table: Generation | null;

  constructor(targets: readonly (readonly [number, string])[], table: Generation | null = null) {
    this.numbers = { targets: new Map(targets), services: new Map([[1, 'web']]) };
    this.#table = table;
  }

  readonly datapath = {
    shareFlows: () => {},
    table: () => this.#table,
    takeNews: () => this.#news.splice(0),
    flowRecords: () => [[...this.written.values()]],
    rememberFlow: (flow: FlowRecord) => {
      const isNew = !this.written.has(flow.key.toString('hex'));
      if (isNew) this.written.set(flow.key.toString('hex'), { ...flow, key: Buffer.from(flow.key) });
      return isNew;
    },
  } as unknown as Datapath;

  learn(service: string, generation: Generation): void {
    this.learnt.push([service, generation]);
  }

  ages(): null {
    return null;
  }

  write(port: number, target: number): void {
    const flow = { key: Buffer.alloc(40, port), target, idleSeconds: 0 };
    this.datapath.rememberFlow(flow);
    this.#news.push(flow);
  }

  targetOf(port: number): number | undefined {
    return this.written.get(Buffer.alloc(40, port).toString('hex'))?.target;
  }
}

async function keysFrom(t: TestContext, token: string): Promise<SharingKeys> {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-keys-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const keys = new SharingKeys({ file: join(folder, 'zone-keys.json'), readToken: async () => token, log: silentLog });
  await keys.load();
  return keys;
}

async function node(t: TestContext, nodeId: string, kernel: FakeKernel, token = 'the token') {
  const session = new SharingSession({
    kernel,
    nodeId,
    keys: await keysFrom(t, token),
    clock: systemClock,
    random: () => 0.5,
    log: silentLog,
    onChange: () => {},
  });
  t.after(() => session.close());
  return { session, kernel, peer: { node: nodeId, address: HOST, port: await session.listen(HOST, 0) } };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!holds()) {
    assert.ok(Date.now() < deadline, what);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('two nodes tell each other what they have and what is new, each in its own numbers', async (t) => {
  const table = firstGeneration(new Uint16Array(SLOTS).fill(5));
  const a = await node(t, 'a', new FakeKernel([[5, 'web/one']], table));
  const b = await node(t, 'b', new FakeKernel([[9, 'web/one']]));
  a.kernel.write(1, 5);
  a.session.setPeers([b.peer]);
  b.session.setPeers([a.peer]);
  await until('both know all', () => a.session.isSettled && b.session.isSettled && b.kernel.targetOf(1) === 9);
  assert.equal(b.kernel.learnt[0]![0], 'web');
  assert.equal(b.kernel.learnt[0]![1][7], ((9 << 16) | 9) >>> 0);
  b.kernel.write(2, 9);
  await until('news get through', () => a.kernel.targetOf(2) === 5);
  assert.deepEqual(
    [a.session.peers().map(({ node, state }) => [node, state]), b.session.counts.peers],
    [[['b', 'connected']], 1],
  );

  b.kernel.write(3, 11);
  b.kernel.numbers = {
    ...b.kernel.numbers,
    targets: new Map([
      [9, 'web/one'],
      [11, 'web/two'],
    ]),
  };
  b.kernel.onNumbers();
  await until('the flow is told of', () => b.session.counts.told >= 2);
  assert.equal(a.kernel.targetOf(3), undefined);
  a.kernel.numbers = {
    ...a.kernel.numbers,
    targets: new Map([
      [5, 'web/one'],
      [6, 'web/two'],
    ]),
  };
  a.kernel.onNumbers();
  b.kernel.write(4, 11);
  await until('and goes where it belongs once that is known', () => a.kernel.targetOf(4) === 6);
});

test('a node that is gone is dialled until it is back; who is not on the list any more is left alone', async (t) => {
  const a = await node(t, 'a', new FakeKernel([]));
  const b = await node(t, 'b', new FakeKernel([]));
  const { port } = b.peer;
  a.session.setPeers([b.peer]);
  await until('they are connected', () => a.session.counts.peers === 1 && b.session.counts.peers === 1);
  b.session.close();
  await until('that is noticed', () => a.session.peers()[0]?.reason === 'nobody listens there');
  assert.equal(a.session.isSettled, true, 'who cannot be reached is not waited for');
  const again = new SharingSession({
    kernel: new FakeKernel([]),
    nodeId: 'b',
    keys: await keysFrom(t, 'the token'),
    clock: systemClock,
    random: () => 0.5,
    log: silentLog,
    onChange: () => {},
  });
  t.after(() => again.close());
  await again.listen(HOST, port);
  await until('they are connected again', () => a.session.peers()[0]?.state === 'connected');
  a.session.setPeers([]);
  assert.equal(a.session.peers().length, 1, 'a stream that works is kept');
});

test('who has another token, or a name that does not dial, shares nothing', async (t) => {
  const a = await node(t, 'a', new FakeKernel([]), 'another token');
  const b = await node(t, 'b', new FakeKernel([]));
  const c = await node(t, 'c', new FakeKernel([]));
  a.session.setPeers([b.peer]);
  await until('the key is refused', () => a.session.peers()[0]?.reason === 'it does not have the same key');
  c.session.setPeers([b.peer]);
  assert.deepEqual(c.session.peers()[0]?.reason, 'it has not connected yet');
  assert.equal(c.session.isSettled, false);
  assert.equal(b.session.counts.peers, 0);
});
