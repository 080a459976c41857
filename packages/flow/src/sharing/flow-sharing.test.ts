import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Datapath } from '../datapath/datapath.ts';
import type { FlowRecord } from '../datapath/flow-record.ts';
import { FlowSharing } from './flow-sharing.ts';
import { NO_NUMBERS } from './zone-view.ts';

const WALK = 4;

/** Another node, which takes what it is sent when it is let. */
class Peer extends Duplex {
  bytes = 0;
  reads = true;
  #waiting: (() => void)[] = [];

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.bytes += chunk.length;
    if (this.reads) done();
    else this.#waiting.push(done);
  }

  readOn(): void {
    this.reads = true;
    for (const done of this.#waiting.splice(0)) done();
  }
}

/** A node with flows, and two that it tells of them; they have heard all when it resolves. */
async function world() {
  const flow = (idleSeconds: number): FlowRecord => ({ key: Buffer.alloc(40, idleSeconds), target: 1, idleSeconds });
  const counts = { walks: 0 };
  const datapath = {
    shareFlows: () => {},
    table: () => null,
    *flowRecords() {
      counts.walks++;
      for (let part = 0; part < WALK; part++) yield Array.from({ length: 4_096 }, () => flow(part * 10));
    },
  };
  const sharing = new FlowSharing({ datapath: datapath as unknown as Datapath, numbers: () => NO_NUMBERS });
  const peers = [new Peer(), new Peer(), new Peer()] as const;
  for (const peer of peers) sharing.add(peer);
  while (new Set(peers.map(({ bytes }) => bytes)).size > 1 || peers[0].bytes < WALK * 4_096) await turn();
  for (let i = 0; i < 10; i++) await turn();
  counts.walks = 0;
  for (const peer of peers) peer.bytes = 0;
  return { sharing, peers, counts };
}

test('one walk does for all peers, and tells of what had packets alone', async () => {
  const { sharing, peers, counts } = await world();
  await sharing.refresh(15);
  const half = peers[0].bytes;
  assert.equal(counts.walks, 1);
  assert.ok(half > 0);
  assert.ok(peers.every(({ bytes }) => bytes === half));
  await sharing.refresh(1_000);
  assert.deepEqual([counts.walks, peers[0].bytes], [2, 3 * half]);
  sharing.close();
  await sharing.refresh(1_000);
  assert.equal(counts.walks, 2, 'there is nobody to tell');
});

test('no walk begins while one goes on, however long a peer takes, and its end lets the next one begin', async () => {
  const { sharing, peers, counts } = await world();
  const [slow] = peers;
  slow.reads = false;
  slow.write(Buffer.alloc(2 * 1024 * 1024));
  const first = sharing.refresh(1_000);
  for (let i = 0; i < 5; i++) await sharing.refresh(1_000);
  assert.equal(counts.walks, 1);
  slow.readOn();
  await first;
  slow.reads = false;
  slow.write(Buffer.alloc(2 * 1024 * 1024));
  const second = sharing.refresh(1_000);
  slow.destroy();
  await second;
  await sharing.refresh(1_000);
  assert.equal(counts.walks, 3);
  sharing.close();
});
