import assert from 'node:assert/strict';
import { close } from '../ffi/libc.ts';
import { localEndpoint, openListening } from '../ffi/sockets.ts';
import type { ContractCase, World } from './harness.ts';
import { dial, endpointOf, finish, host } from './peer.ts';

/** Runs a case with a listening socket that belongs to no reactor. */
async function withSocket(world: World, run: (descriptor: number, port: number) => Promise<void>): Promise<void> {
  const opened = openListening({ address: '127.0.0.1', port: 0, backlog: 64, reusePort: true });
  assert.ok('descriptor' in opened);
  try {
    await run(opened.descriptor, localEndpoint(opened.descriptor).port);
  } finally {
    // What is closed comes to an end only as the reactors run.
    await world.pass(20);
    close(opened.descriptor);
  }
}

export const borrowedCases: readonly ContractCase[] = [
  {
    name: 'a socket that listens already is accepted from, and listens on when that ends',
    realOnly: true,
    run: (world) =>
      withSocket(world, async (descriptor, port) => {
        const [reactor, other] = [world.open(), world.open()];
        for (const accepting of [reactor, other, reactor]) {
          const listening = await host(world, accepting, { port, descriptor });
          assert.equal(endpointOf(listening).port, port);
          const client = dial(reactor, { address: '127.0.0.1', port });
          await world.until('a connection', () => listening.accepted.length === 1 && client.events.length > 0);
          await finish(world, client, ...listening.accepted, listening);
          await world.pass(20);

          const waiting = dial(reactor, { address: '127.0.0.1', port });
          await world.until('it is in the queue of the socket', () => waiting.events.length > 0);
          assert.deepEqual(waiting.events, ['connected']);
          await world.pass(20);
          assert.equal(listening.accepted.length, 1, 'not accepted after close');
          const next = await host(world, accepting === reactor ? other : reactor, { port, descriptor });
          await world.until('the one that waited', () => next.accepted.length === 1);
          await finish(world, waiting, ...next.accepted, next);
          await world.pass(20);
        }
      }),
  },
  {
    name: 'several accept from one socket, and each connection is accepted once',
    realOnly: true,
    run: (world) =>
      withSocket(world, async (descriptor, port) => {
        const [reactor, other] = [world.open(), world.open()];
        const hosts = [
          await host(world, reactor, { port, descriptor }),
          await host(world, other, { port, descriptor }),
        ];
        const clients = Array.from({ length: 40 }, () => dial(reactor, { address: '127.0.0.1', port }));
        const accepted = () => hosts.flatMap((one) => one.accepted);
        await world.until('all of them', () => accepted().length === clients.length);
        await world.until('all are up', () => clients.every(({ events }) => events.length > 0));
        await finish(world, ...clients, ...accepted(), ...hosts);
      }),
  },
];
