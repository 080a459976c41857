import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EntryWriter } from '@evenkeel/model/block-list/entries.ts';
import { type BlockListMessage, NO_POSITION } from '@evenkeel/model/plan/block-list.ts';
import { control, node, plan } from './agent-world.ts';

const blocked = (version: number, entries: Uint8Array): BlockListMessage => {
  const position = { version, nonce: 'n' };
  return {
    type: 'block-list',
    reset: false,
    position,
    tenantId: 'tenant',
    entries: Buffer.from(entries).toString('base64'),
  };
};

test('what comes while an upgrade is tried is asked for again when it is called off', { timeout: 60_000 }, async () => {
  const peer = await control(plan(1));
  const { agent } = await node(peer.url);
  const first = peer.applied(1);
  await agent.start();
  await first;
  await agent.freeze();
  const { writer, key } = { writer: new EntryWriter(), key: Uint32Array.of(0xc000_0201) };
  writer.add(key, 32, 2 ** 31);
  const part = blocked(7, writer.take());
  peer.send(part);
  peer.sendDelta(plan(2, { port: 81 }));
  const [again, applied] = [peer.next('hello'), peer.applied(2)];
  await agent.thaw();
  const { version, blockLists } = await again;
  assert.deepEqual([version, blockLists], [1, NO_POSITION]);
  await applied;
  const acknowledged = peer.next('blocked');
  peer.send(part);
  await acknowledged;
});

test('a part of the block lists that cannot be read has them asked for anew', { timeout: 60_000 }, async () => {
  const peer = await control(plan(1));
  const { agent } = await node(peer.url);
  await agent.start();
  const again = peer.next('hello');
  peer.send(blocked(7, Uint8Array.of(1, 2, 3)));
  assert.deepEqual((await again).blockLists, NO_POSITION);
});
