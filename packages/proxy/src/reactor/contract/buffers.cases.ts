import assert from 'node:assert/strict';
import { NO_BUFFER } from '../arena.ts';
import type { ContractCase } from './harness.ts';
import { call, dial, endpointOf, finish, host, type Peer, pour } from './peer.ts';

export const bufferCases: readonly ContractCase[] = [
  {
    name: 'an arena without buffers holds receiving up and loses nothing',
    async run(world) {
      const [source, small] = [world.open(), world.open(16)];
      const listening = await host(world, small);
      const held: number[] = [];
      let holding = true;
      listening.whenAccepted = (peer: Peer) => {
        peer.check = true;
        peer.keep = true;
        peer.whenReceived = (buffer) => {
          if (holding) held.push(buffer);
          else small.arena.release(buffer);
        };
      };
      const total = 1_500_000;
      const clients = [0, 1, 2].map(() => dial(source, endpointOf(listening)));
      for (const client of clients) {
        client.whenConnected = () => pour(client, total, 128 * 1024, () => call(() => client.connection.end()));
      }
      await world.until('no more than all buffers', () => held.length >= 8);
      await world.pass(100);
      assert.ok(held.length <= small.arena.capacity);
      assert.ok(listening.accepted.every((peer) => peer.receivedBytes < total));
      holding = false;
      for (const buffer of held) small.arena.release(buffer);
      await world.until('everything', () => listening.accepted.filter((peer) => peer.ended).length === 3);
      for (const peer of listening.accepted) assert.equal(peer.receivedBytes, total);
      await finish(world, ...listening.accepted, listening);
      await world.until('the clients closed', () => clients.every((client) => client.isClosed));
    },
  },
  {
    name: 'a connection that waits for buffers can be aborted',
    async run(world) {
      const [source, small] = [world.open(), world.open(8)];
      const listening = await host(world, small);
      const held: number[] = [];
      for (let taken = small.arena.acquire(); taken !== NO_BUFFER; taken = small.arena.acquire()) held.push(taken);
      listening.whenAccepted = (peer) => {
        peer.keep = true;
        peer.whenReceived = (buffer) => held.push(buffer);
      };
      const client = dial(source, endpointOf(listening));
      client.whenConnected = () => pour(client, 400_000, 128 * 1024, () => {});
      await world.until('a connection', () => listening.accepted.length === 1);
      await world.pass(50);
      const server = listening.accepted[0];
      call(() => server.connection.abort());
      await world.until('both closed', () => server.isClosed && client.isClosed);
      for (const buffer of held) small.arena.release(buffer);
      await finish(world, listening);
    },
  },
];
