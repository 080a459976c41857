import assert from 'node:assert/strict';
import { Closed } from '../reactor.ts';
import type { ContractCase } from './harness.ts';
import { call, dial, endpointOf, finish, Host, host, pair } from './peer.ts';

export const listeningCases: readonly ContractCase[] = [
  {
    name: 'a port that is in use is refused by its name, and free again after close',
    async run(world) {
      const reactor = world.open();
      const first = await host(world, reactor);
      const { port } = endpointOf(first);
      const second = new Host(reactor, { port });
      await world.until('refused', () => second.error !== null);
      assert.equal(second.error?.code, 'EADDRINUSE');
      assert.ok((second.error?.message ?? '').length > 0);
      const { client, server, host: third } = await pair(world, reactor, reactor);
      await finish(world, first);
      const again = await host(world, reactor, { port });
      assert.equal(endpointOf(again).port, port);
      await finish(world, client, server, third, again);
    },
  },
  {
    name: 'an address of somebody else is refused by its name',
    async run(world) {
      const reactor = world.open();
      const foreign = new Host(reactor, { address: '192.0.2.1' });
      await world.until('refused', () => foreign.error !== null);
      assert.equal(foreign.error?.code, 'EADDRNOTAVAIL');
    },
  },
  {
    name: 'closing a listening socket keeps the connections it has accepted',
    async run(world) {
      const reactor = world.open();
      const { client, server, host: listening } = await pair(world, reactor, reactor);
      const endpoint = endpointOf(listening);
      await finish(world, listening);
      const late = dial(reactor, endpoint);
      await world.until('refused', () => late.isClosed);
      assert.equal(late.closed, Closed.refused);
      client.send('still here');
      await world.until('what was sent', () => server.text === 'still here');
      await finish(world, client, server);
    },
  },
  {
    name: 'a listening socket that is closed at once reports nothing',
    async run(world) {
      const reactor = world.open();
      const closed = new Host(reactor, { address: '127.0.0.1' });
      const fail = (): never => assert.fail('it was closed');
      const quiet = { onListening: fail, onAccept: fail, onFailed: fail };
      const options = { address: '127.0.0.1', port: 0, backlog: 16, reusePort: false };
      const socket = call(() => reactor.listen(options, quiet));
      call(() => socket.close());
      call(() => socket.close());
      await world.until('the other', () => closed.socket !== null);
      await world.pass(20);
      await finish(world, closed);
    },
  },
  {
    name: 'two reactors share a port',
    async run(world) {
      const [left, right, clients] = [world.open(), world.open(), world.open()];
      const first = await host(world, left, { reusePort: true });
      const second = await host(world, right, { reusePort: true, port: endpointOf(first).port });
      const peers = Array.from({ length: 64 }, () => dial(clients, endpointOf(first)));
      await world.until('all', () => first.accepted.length + second.accepted.length === 64);
      await world.until('all connected', () => peers.every((peer) => peer.events.length === 1));
      assert.ok(first.accepted.length > 0 && second.accepted.length > 0, 'both have some');
      await finish(world, ...peers, ...first.accepted, ...second.accepted, first, second);
    },
  },
];
