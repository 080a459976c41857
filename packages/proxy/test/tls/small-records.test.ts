import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NO_BUFFER } from '../../src/reactor/arena.ts';
import type { ReactorHarness } from '../../src/reactor/contract/harness.ts';
import { portableHarness, uringHarness } from '../../src/reactor/contract/local-worlds.ts';
import { call, finish, pair } from '../../src/reactor/contract/peer.ts';
import { secured } from './secure-reactor.ts';

/** More records, of one byte each, than the receiving side has buffers; nearly 90 KB on the wire. */
const RECORDS = 4_000;
const RECEIVING = 64;

function smallRecords(harness: ReactorHarness): void {
  describe(`small records: ${harness.name}`, { skip: harness.skip }, () => {
    it('share buffers, and take few however slowly they are taken', async () => {
      const world = harness.create();
      const [left, right] = [world.open(2 * RECORDS), world.open(RECEIVING)];
      try {
        const { client, server, host } = await pair(world, left, right);
        call(() => server.connection.pause());
        const byte = left.arena.intern(Buffer.from('x'));
        for (let i = 0; i < RECORDS; i++) call(() => client.connection.send(NO_BUFFER, byte.start, byte.end));
        await world.until('all sent', () => client.connection.unsent === 0);
        let fewest = right.arena.free;
        let paused = true;
        server.whenReceived = () => {
          fewest = Math.min(fewest, right.arena.free);
          paused = true;
          call(() => server.connection.pause());
        };
        while (server.receivedBytes < RECORDS) {
          paused = false;
          call(() => server.connection.resume());
          await world.until('something', () => paused);
        }
        assert.equal(server.text, 'x'.repeat(RECORDS));
        // One receive for each 16 KiB, and those of which a pause or a send has cut the ends.
        assert.ok(server.chunks.length < 40, `came in ${server.chunks.length} pieces`);
        assert.ok(fewest > RECEIVING - 16, `${RECEIVING - fewest} buffers of ${RECEIVING} were taken`);
        server.whenReceived = () => undefined;
        call(() => server.connection.resume());
        await finish(world, server, client, host);
        assert.equal(right.arena.free, right.arena.capacity);
      } finally {
        await world.stop();
      }
    });
  });
}

for (const harness of [uringHarness, portableHarness]) {
  for (const version of ['1.2', '1.3'] as const) smallRecords(secured(harness, version));
}
