import assert from 'node:assert/strict';
import { NO_BUFFER } from '../arena.ts';
import { Closed } from '../reactor.ts';
import type { ContractCase } from './harness.ts';
import { call, dial, endpointOf, finish, host, type Peer, pair, pour } from './peer.ts';

const MEBIBYTE = 1024 * 1024;

/** Sends back what comes, pausing while more than `window` bytes are unsent, and ends when the peer does. */
function echo(peer: Peer, window: number): void {
  const { connection } = peer;
  peer.keep = true;
  peer.whenReceived = (buffer, start, end) => {
    call(() => connection.send(buffer, start, end));
    if (connection.unsent > window) call(() => connection.pause());
  };
  peer.whenSent = () => {
    if (connection.unsent <= window) call(() => connection.resume());
  };
  peer.whenEnded = () => call(() => connection.end());
}

export const transferCases: readonly ContractCase[] = [
  {
    name: 'echoes, and each side knows the other by its addresses',
    async run(world) {
      const reactor = world.open();
      const { client, server, host } = await pair(world, reactor, reactor);
      assert.equal(client.connection.remotePort, endpointOf(host).port);
      assert.equal(client.connection.remoteAddress, '127.0.0.1');
      assert.equal(server.connection.localPort, endpointOf(host).port);
      assert.equal(server.connection.localAddress, '127.0.0.1');
      assert.equal(server.connection.remotePort, client.connection.localPort);
      assert.equal(server.connection.remoteAddress, client.connection.localAddress);
      echo(server, MEBIBYTE);
      client.send('hello, ');
      await world.until('the first answer', () => client.text === 'hello, ');
      client.send('world');
      await world.until('the second answer', () => client.text === 'hello, world');
      assert.equal(client.connection.unsent, 0);
      assert.ok(client.sentCalls >= 2);
      await finish(world, client, host);
      assert.deepEqual([client.closed, server.closed], [Closed.finished, Closed.finished]);
    },
  },
  {
    name: 'runs over IPv6',
    needsIPv6: true,
    async run(world) {
      const reactor = world.open();
      const { client, server, host } = await pair(world, reactor, reactor, { address: '::1' });
      assert.deepEqual([client.connection.remoteAddress, server.connection.remoteAddress], ['::1', '::1']);
      assert.equal(server.connection.localAddress, '::1');
      client.send('six');
      await world.until('what was sent', () => server.text === 'six');
      await finish(world, client, server, host);
    },
  },
  {
    name: 'sends what was queued before the connection was up',
    async run(world) {
      const reactor = world.open();
      const listening = await host(world, reactor);
      const client = dial(reactor, endpointOf(listening));
      client.send('early');
      assert.equal(client.connection.unsent, 5);
      await world.until('what was sent', () => listening.accepted[0]?.text === 'early');
      await finish(world, client, listening.accepted[0], listening);
    },
  },
  {
    name: 'keeps the order of sends from buffers and of interned bytes',
    async run(world) {
      const reactor = world.open();
      const { client, server, host } = await pair(world, reactor, reactor);
      const comma = reactor.arena.intern(Buffer.from(', '));
      let expected = '';
      for (let i = 0; i < 40; i++) {
        client.send(`part ${i}`);
        call(() => client.connection.send(NO_BUFFER, comma.start, comma.end));
        expected += `part ${i}, `;
      }
      assert.equal(client.connection.unsent, expected.length);
      await world.until('all parts', () => server.receivedBytes === expected.length);
      assert.equal(server.text, expected);
      await world.until('an empty queue', () => client.connection.unsent === 0);
      await finish(world, client, server, host);
    },
  },
  {
    name: 'sends one buffer to several connections',
    async run(world) {
      const reactor = world.open();
      const { arena } = reactor;
      const first = await pair(world, reactor, reactor);
      const second = await pair(world, reactor, reactor);
      const buffer = arena.acquire();
      const start = arena.base(buffer);
      arena.memory.set(Buffer.from('shared'), start);
      arena.retain(buffer);
      call(() => first.client.connection.send(buffer, start, start + 6));
      call(() => second.client.connection.send(buffer, start, start + 3));
      await world.until('both', () => first.server.text === 'shared' && second.server.text === 'sha');
      await finish(world, first.client, first.server, first.host, second.client, second.server, second.host);
    },
  },
  {
    name: 'serves many connections at once',
    async run(world) {
      const reactor = world.open(1024);
      const listening = await host(world, reactor);
      listening.whenAccepted = (peer) => echo(peer, MEBIBYTE);
      const clients = Array.from({ length: 300 }, () => dial(reactor, endpointOf(listening)));
      clients.forEach((client, index) => {
        client.whenConnected = () => client.send(`client ${index}`);
        client.whenReceived = () => {
          if (client.text === `client ${index}`) call(() => client.connection.end());
        };
      });
      await world.until('all of them', () => clients.every((client) => client.isClosed));
      clients.forEach((client, index) => {
        assert.equal(client.text, `client ${index}`);
      });
      await finish(world, listening);
    },
  },
  {
    name: 'carries megabytes both ways at once, with bounded memory',
    async run(world) {
      const [left, right] = [world.open(), world.open()];
      const { client, server, host } = await pair(world, left, right);
      const total = 8 * MEBIBYTE;
      client.check = true;
      echo(server, 64 * 1024);
      let peak = 0;
      const whenSent = server.whenSent;
      server.whenSent = () => {
        peak = Math.max(peak, right.arena.capacity - right.arena.free);
        whenSent();
      };
      pour(client, total, 64 * 1024, () => call(() => client.connection.end()));
      await world.until('everything', () => client.receivedBytes === total && client.isClosed && server.isClosed);
      assert.ok(peak <= 64, `${peak} buffers were in use at once`);
      await finish(world, host);
    },
  },
  {
    name: 'lets a slow reader hold up its sender, not fill the memory',
    async run(world) {
      const [source, relay] = [world.open(), world.open()];
      const listening = await host(world, relay);
      const client = dial(source, endpointOf(listening));
      await world.until('a connection', () => listening.accepted.length === 1);
      const server = listening.accepted[0];
      const total = 4 * MEBIBYTE;
      server.check = true;
      let peak = 0;
      let held: number[] = [];
      server.keep = true;
      server.whenReceived = (buffer) => {
        held.push(buffer);
        if (held.length < 8) return;
        call(() => server.connection.pause());
        peak = Math.max(peak, relay.arena.capacity - relay.arena.free);
        relay.setTimer(1, () => {
          for (const each of held) relay.arena.release(each);
          held = [];
          call(() => server.connection.resume());
        });
      };
      pour(client, total, 256 * 1024, () => call(() => client.connection.close()));
      await world.until('everything', () => server.receivedBytes === total && server.ended);
      for (const buffer of held) relay.arena.release(buffer);
      assert.ok(peak <= 48, `${peak} buffers were in use at once`);
      await finish(world, server, listening);
    },
  },
];
