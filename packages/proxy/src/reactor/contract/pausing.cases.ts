import assert from 'node:assert/strict';
import { Closed } from '../reactor.ts';
import type { ContractCase } from './harness.ts';
import { call, finish, pair, pour } from './peer.ts';

export const pausingCases: readonly ContractCase[] = [
  {
    name: 'pause keeps data and the end back until resume',
    async run(world) {
      const reactor = world.open();
      const { client, server, host } = await pair(world, reactor, reactor);
      call(() => server.connection.pause());
      client.send('kept');
      call(() => client.connection.end());
      await world.pass(50);
      assert.deepEqual([server.text, server.events], ['', []]);
      call(() => server.connection.resume());
      assert.deepEqual([server.text, server.events], ['', []]);
      await world.until('the end', () => server.ended);
      assert.equal(server.text, 'kept');
      await finish(world, server, client, host);
      assert.deepEqual([client.closed, server.closed], [Closed.finished, Closed.finished]);
    },
  },
  {
    name: 'pause inside onReceive holds from there on, whatever has arrived',
    async run(world) {
      const [left, right] = [world.open(), world.open()];
      const { client, server, host } = await pair(world, left, right);
      const total = 1_000_000;
      let paused = false;
      server.check = true;
      server.whenReceived = () => {
        assert.ok(!paused, 'nothing while paused');
        paused = true;
        call(() => server.connection.pause());
      };
      server.whenEnded = () => assert.ok(!paused, 'no end while paused');
      pour(client, total, 256 * 1024, () => call(() => client.connection.end()));
      while (!server.ended) {
        await world.until('something', () => paused || server.ended);
        paused = false;
        call(() => server.connection.resume());
      }
      assert.equal(server.receivedBytes, total);
      await finish(world, server, host);
    },
  },
  {
    name: 'small pieces that arrive during a pause share buffers',
    async run(world) {
      const [left, right] = [world.open(), world.open()];
      const { client, server, host } = await pair(world, left, right);
      call(() => server.connection.pause());
      let fewest = right.arena.capacity;
      for (let i = 0; i < 100; i++) {
        client.send(String(i % 10));
        await world.until('the piece sent', () => client.connection.unsent === 0);
        fewest = Math.min(fewest, right.arena.free);
      }
      assert.ok(fewest > right.arena.capacity - 20, `${right.arena.capacity - fewest} buffers were taken`);
      call(() => server.connection.resume());
      await world.until('all pieces', () => server.receivedBytes === 100);
      assert.equal(server.text, '0123456789'.repeat(10));
      await finish(world, server, client, host);
    },
  },
  {
    name: 'pause and resume at once change nothing',
    async run(world) {
      const reactor = world.open();
      const { client, server, host } = await pair(world, reactor, reactor);
      server.check = true;
      server.whenReceived = () => {
        call(() => server.connection.pause());
        call(() => server.connection.resume());
      };
      pour(client, 500_000, 100_000, () => call(() => client.connection.end()));
      await world.until('the end', () => server.ended);
      assert.equal(server.receivedBytes, 500_000);
      await finish(world, server, host);
    },
  },
  {
    name: 'resume after the peer has reset reports it',
    async run(world) {
      const reactor = world.open();
      const { client, server, host } = await pair(world, reactor, reactor);
      call(() => server.connection.pause());
      await world.pass(20);
      call(() => client.connection.abort());
      await world.pass(20);
      if (!server.isClosed) call(() => server.connection.resume());
      await world.until('the reset', () => server.isClosed);
      assert.equal(server.closed, Closed.reset);
      await finish(world, host);
    },
  },
  {
    name: 'closing a paused connection releases what was kept',
    async run(world) {
      const reactor = world.open();
      for (const how of ['close', 'abort'] as const) {
        const { client, server, host } = await pair(world, reactor, reactor);
        call(() => server.connection.pause());
        pour(client, 100_000, 100_000, () => {});
        await world.pass(30);
        call(() => server.connection[how]());
        await world.until('closed', () => server.isClosed);
        assert.equal(server.receivedBytes, 0);
        call(() => client.connection.abort());
        await world.until('the client closed', () => client.isClosed);
        await finish(world, host);
      }
    },
  },
];
