import assert from 'node:assert/strict';
import { Closed } from '../reactor.ts';
import type { ContractCase } from './harness.ts';
import { dial, endpointOf, finish, host } from './peer.ts';

export const transparentCases: readonly ContractCase[] = [
  {
    name: 'comes from the address that is asked for, each time from another port',
    needsPrivileges: true,
    async run(world) {
      const reactor = world.open();
      const listening = await host(world, reactor);
      const clients = [0, 1].map(() => dial(reactor, endpointOf(listening), '127.9.9.9'));
      await world.until(
        'both',
        () => listening.accepted.length === 2 && clients.every(({ events }) => events.length > 0),
      );
      const seen = listening.accepted.map(({ connection }) => connection);
      assert.deepEqual(
        seen.map(({ remoteAddress }) => remoteAddress),
        ['127.9.9.9', '127.9.9.9'],
      );
      assert.notEqual(seen[0]?.remotePort, seen[1]?.remotePort);
      for (const client of clients) client.send('question');
      await world.until('what was sent', () => listening.accepted.every(({ text }) => text.length === 8));
      for (const peer of listening.accepted) peer.send('answer');
      await world.until('the answers', () => clients.every(({ text }) => text === 'answer'));
      await finish(world, ...clients, ...listening.accepted, listening);
    },
  },
  {
    name: 'does not come from an address of the other family',
    needsPrivileges: true,
    realOnly: true,
    async run(world) {
      const reactor = world.open();
      const listening = await host(world, reactor);
      const client = dial(reactor, endpointOf(listening), '2001:db8::7');
      await world.until('the end', () => client.isClosed);
      assert.equal(client.closed, Closed.failed);
      assert.equal(listening.accepted.length, 0);
      await finish(world, listening);
    },
  },
];
