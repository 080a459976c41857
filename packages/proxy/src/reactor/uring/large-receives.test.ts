import assert from 'node:assert/strict';
import { it } from 'node:test';
import { LARGE_SIZE, RECEIVE_SIZE } from '../arena.ts';
import { withoutUring } from '../contract/available.ts';
import type { World } from '../contract/harness.ts';
import { olderUringHarness, uringHarness } from '../contract/local-worlds.ts';
import { call, finish, type Host, type Peer, pair, pour } from '../contract/peer.ts';

const MEBIBYTE = 1024 * 1024;

/** Longer than a reader may take that is not slow, in milliseconds. */
const LONG = 80;

interface Transfer {
  readonly server: Peer;
  readonly host: Host;
  /** Lengths of the ranges that have come, in order. */
  readonly lengths: number[];
}

/** A connection to whose server `total` bytes are on their way; it ends behind them. */
async function transfer(world: World, total: number): Promise<Transfer> {
  const { client, server, host } = await pair(world, world.open(), world.open());
  const lengths: number[] = [];
  server.check = true;
  server.connection.largeReceives = true;
  server.whenReceived = (_buffer, start, end) => {
    lengths.push(end - start);
  };
  pour(client, total, MEBIBYTE, () => call(() => client.connection.end()));
  return { server, host, lengths };
}

for (const harness of [uringHarness, olderUringHarness]) {
  it(`${harness.name}: what comes fast is received in large pieces`, { skip: withoutUring }, async () => {
    const world = harness.create();
    const { server, host, lengths } = await transfer(world, 16 * MEBIBYTE);
    await world.until('everything', () => server.ended);
    assert.equal(server.receivedBytes, 16 * MEBIBYTE);
    assert.ok(lengths[0] <= RECEIVE_SIZE, 'nothing is known of a connection that is new');
    assert.ok(Math.max(...lengths) > 4 * RECEIVE_SIZE && Math.max(...lengths) <= LARGE_SIZE);
    await finish(world, server, host);
    await world.stop();
  });

  it(`${harness.name}: for a slow reader, no more is received than fits into ordinary buffers`, {
    skip: withoutUring,
  }, async () => {
    const world = harness.create();
    const { server, host, lengths } = await transfer(world, 8 * MEBIBYTE);
    const { whenReceived } = server;
    let paused = false;
    server.whenReceived = (...range) => {
      whenReceived(...range);
      call(() => server.connection.pause());
      paused = true;
    };
    for (let round = 0; round < 10; round++) {
      await world.until('a piece', () => paused);
      await world.pass(LONG);
      paused = false;
      call(() => server.connection.resume());
    }
    assert.ok(Math.max(...lengths) <= RECEIVE_SIZE, `${Math.max(...lengths)} bytes at once`);
    server.whenReceived = whenReceived;
    call(() => server.connection.resume());
    await world.until('everything', () => server.ended);
    assert.ok(Math.max(...lengths) > RECEIVE_SIZE, 'one that is fast again gets more');
    await finish(world, server, host);
    await world.stop();
  });
}

it('receives on in ordinary buffers when all large ones are held', { skip: withoutUring }, async () => {
  const world = uringHarness.create();
  const { server, host, lengths } = await transfer(world, 24 * MEBIBYTE);
  const held: number[] = [];
  server.keep = true;
  server.whenReceived = (buffer, start, end) => {
    lengths.push(end - start);
    if (end - start > RECEIVE_SIZE) held.push(buffer);
    else server.reactor.arena.release(buffer);
  };
  await world.until('everything', () => server.ended);
  // Every ordinary buffer is free again, and of the large ones 256 >> 4 were there.
  const { arena } = server.reactor;
  assert.ok(held.length >= 8 && held.length <= 16, `${held.length} are held`);
  assert.equal(arena.capacity - arena.free, held.length);
  assert.equal(server.receivedBytes, 24 * MEBIBYTE);
  for (const buffer of held) arena.release(buffer);
  await finish(world, server, host);
  await world.stop();
});
