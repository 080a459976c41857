import assert from 'node:assert/strict';
import { Closed } from '../reactor.ts';
import type { ContractCase } from './harness.ts';
import { call, dial, endpointOf, finish, host, pair, pour } from './peer.ts';

const MEBIBYTE = 1024 * 1024;

export const closingCases: readonly ContractCase[] = [
  {
    name: 'half-close: whoever has ended still receives',
    async run(world) {
      const reactor = world.open();
      for (const [first, second] of [['client', 'server'] as const, ['server', 'client'] as const]) {
        const both = await pair(world, reactor, reactor);
        both[first].send('last words');
        call(() => both[first].connection.end());
        await world.until('the end', () => both[second].ended);
        assert.equal(both[second].text, 'last words');
        assert.equal(both[second].closed, null);
        both[second].send('answer');
        await world.until('the answer', () => both[first].text === 'answer');
        assert.equal(both[first].closed, null);
        await finish(world, both[second], both.host);
        await world.until('both closed', () => both[first].isClosed);
        assert.deepEqual([both.client.closed, both.server.closed], [Closed.finished, Closed.finished]);
      }
    },
  },
  {
    name: 'end: FIN goes behind what is queued, and later sends are dropped',
    async run(world) {
      const [left, right] = [world.open(), world.open()];
      const { client, server, host } = await pair(world, left, right);
      server.check = true;
      pour(client, MEBIBYTE, MEBIBYTE, () => call(() => client.connection.end()));
      await world.until('the end', () => server.ended);
      assert.equal(server.receivedBytes, MEBIBYTE);
      client.send('dropped');
      assert.equal(client.connection.unsent, 0);
      await finish(world, server, host);
      assert.equal(server.receivedBytes, MEBIBYTE);
    },
  },
  {
    name: 'abort: at once, whatever waits for a reader that has stopped reading',
    async run(world) {
      const [left, right] = [world.open(), world.open()];
      const { client, server, host } = await pair(world, left, right);
      call(() => server.connection.pause());
      pour(client, 16 * MEBIBYTE, MEBIBYTE, () => undefined);
      await world.until('nothing moves', () => client.connection.unsent > 0);
      call(() => client.connection.abort());
      await world.until('the end', () => client.isClosed);
      assert.equal(client.closed, Closed.local);
      call(() => server.connection.abort());
      await world.until('both closed', () => server.isClosed);
      call(() => host.socket?.close());
    },
  },
  {
    name: 'abort: while a FIN is on its way',
    async run(world) {
      for (let i = 0; i < 5; i++) {
        const [left, right] = [world.open(), world.open()];
        const { client, server, host } = await pair(world, left, right);
        client.send('last words');
        call(() => client.connection.end());
        await new Promise<void>((resolve) => queueMicrotask(resolve));
        call(() => client.connection.abort());
        await world.until('the end', () => client.isClosed);
        call(() => server.connection.abort());
        await world.until('both closed', () => server.isClosed);
        call(() => host.socket?.close());
      }
    },
  },
  {
    name: 'close: flushes, then closes, and receives nothing more',
    async run(world) {
      const [left, right] = [world.open(), world.open()];
      const { client, server, host } = await pair(world, left, right);
      server.check = true;
      pour(client, MEBIBYTE, MEBIBYTE, () => call(() => client.connection.close()));
      client.send('dropped');
      await world.until('everything', () => server.ended && client.isClosed);
      assert.equal(server.receivedBytes, MEBIBYTE);
      assert.equal(client.closed, Closed.local);
      assert.equal(client.receivedBytes, 0);
      await finish(world, server, host);
    },
  },
  {
    name: 'closeLingering: a client that is still sending gets the whole answer',
    async run(world) {
      const [left, right] = [world.open(), world.open()];
      const { client, server, host } = await pair(world, left, right);
      server.whenReceived = () => {
        if (server.receivedBytes < 100_000) return;
        server.whenReceived = () => assert.fail('nothing is received after closeLingering');
        server.send('too large');
        call(() => server.connection.closeLingering(60_000));
      };
      pour(client, 4 * MEBIBYTE, 128 * 1024, () => call(() => client.connection.end()));
      await world.until('both closed', () => client.isClosed && server.isClosed);
      assert.equal(client.text, 'too large');
      assert.deepEqual([client.closed, server.closed], [Closed.finished, Closed.local]);
      await finish(world, host);
    },
  },
  {
    name: 'closeLingering: waits for the peer no longer than it may',
    async run(world) {
      const reactor = world.open();
      const { client, server, host } = await pair(world, reactor, reactor);
      const begin = reactor.now;
      server.send('bye');
      call(() => server.connection.closeLingering(100));
      await world.until('closed', () => server.isClosed);
      assert.equal(client.text, 'bye');
      assert.equal(server.closed, Closed.local);
      assert.ok(server.closedAt >= begin + 100, 'not too early');
      await finish(world, client, host);
    },
  },
  {
    name: 'abort: the peer sees a reset, and what was queued is released',
    async run(world) {
      const [left, right] = [world.open(), world.open()];
      const { client, server, host } = await pair(world, left, right);
      server.connection.pause();
      pour(client, 2 * MEBIBYTE, 2 * MEBIBYTE, () => {});
      await world.until('a queue', () => client.connection.unsent > 0);
      await world.pass(20);
      call(() => client.connection.abort());
      await world.until('closed', () => client.isClosed);
      assert.equal(client.closed, Closed.local);
      call(() => server.connection.resume());
      await world.until('the reset', () => server.isClosed);
      assert.equal(server.closed, Closed.reset);
      await finish(world, host);
    },
  },
  {
    name: 'abort: before the connection is up',
    async run(world) {
      const reactor = world.open();
      const listening = await host(world, reactor);
      const client = dial(reactor, endpointOf(listening));
      client.send('never sent');
      call(() => client.connection.abort());
      await world.until('closed', () => client.isClosed);
      assert.deepEqual(client.events, ['closed']);
      assert.equal(client.closed, Closed.local);
      await world.pass(20);
      for (const server of listening.accepted) call(() => server.connection.abort());
      await finish(world, listening);
    },
  },
  {
    name: 'abort: from inside onReceive, with more to come',
    async run(world) {
      const reactor = world.open();
      const { client, server, host } = await pair(world, reactor, reactor);
      server.whenReceived = () => call(() => server.connection.abort());
      pour(client, 300_000, 300_000, () => {});
      await world.until('both closed', () => client.isClosed && server.isClosed);
      assert.deepEqual([client.closed, server.closed], [Closed.reset, Closed.local]);
      await finish(world, host);
    },
  },
  {
    name: 'sending to a peer that is gone ends in a reset',
    async run(world) {
      const reactor = world.open();
      const { client, server, host } = await pair(world, reactor, reactor);
      call(() => server.connection.close());
      await world.until('the end', () => client.ended);
      client.send('to nobody');
      await world.until('the first is sent', () => client.connection.unsent === 0 || client.isClosed);
      await world.pass(20);
      if (!client.isClosed) client.send('to nobody');
      await world.until('closed', () => client.isClosed);
      assert.equal(client.closed, Closed.reset);
      await finish(world, host);
    },
  },
  {
    name: 'what a peer said before it went is received, though sending to it has failed by then',
    // On a network, a reset may overtake what was sent before it.
    realOnly: true,
    async run(world) {
      const [left, right] = [world.open(), world.open()];
      const { client, server, host } = await pair(world, left, right);
      server.connection.pause();
      // More than the server takes, so that its close is a reset.
      pour(client, 2 * MEBIBYTE, 2 * MEBIBYTE, () => {});
      await world.until('a queue', () => client.connection.unsent > 0);
      await world.pass(20);
      // The client hears of the answer and of the reset no sooner than it sends into it.
      server.whenClosed = () => client.send('too late');
      server.send('too large');
      call(() => server.connection.close());
      await world.until('both closed', () => client.isClosed && server.isClosed);
      assert.equal(client.text, 'too large');
      assert.deepEqual([client.closed, server.closed], [Closed.reset, Closed.local]);
      await finish(world, host);
    },
  },
  {
    name: 'connecting where nobody listens is refused',
    async run(world) {
      const reactor = world.open();
      const listening = await host(world, reactor);
      const endpoint = endpointOf(listening);
      await finish(world, listening);
      const client = dial(reactor, endpoint);
      client.send('never sent');
      await world.until('closed', () => client.isClosed);
      assert.deepEqual(client.events, ['closed']);
      assert.equal(client.closed, Closed.refused);
    },
  },
  {
    name: 'connecting where no way leads is unreachable',
    async run(world) {
      const reactor = world.open();
      const client = dial(reactor, { address: '255.255.255.255', port: 80 });
      await world.until('closed', () => client.isClosed);
      assert.equal(client.closed, Closed.unreachable);
    },
  },
  {
    name: 'a connection that is gone takes every call and does nothing',
    async run(world) {
      const reactor = world.open();
      const { client, server, host } = await pair(world, reactor, reactor);
      call(() => client.connection.abort());
      const gone = (): void => {
        client.send('dropped');
        call(() => {
          client.connection.end();
          client.connection.close();
          client.connection.closeLingering(10);
          client.connection.abort();
          client.connection.pause();
          client.connection.resume();
          client.connection.setDeadline(reactor.now + 1);
        });
        assert.equal(client.connection.unsent, 0);
      };
      gone();
      await world.until('both closed', () => client.isClosed && server.isClosed);
      gone();
      assert.equal(reactor.open, 0);
      await world.pass(40);
      assert.deepEqual(client.events, ['connected', 'closed']);
      await finish(world, host);
    },
  },
];
