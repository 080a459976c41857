import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ThreadHeap } from '../../overload/heap.ts';
import { withoutUring } from '../contract/available.ts';
import { sparingUringHarness } from '../contract/local-worlds.ts';
import { call, dial, endpointOf, finish, host } from '../contract/peer.ts';
import { AF_INET } from '../ffi/sockaddr.ts';
import { Closed } from '../reactor.ts';
import { UringReactor } from './reactor.ts';
import { SpareSockets } from './spare-sockets.ts';

const descriptors = (): number => readdirSync('/proc/self/fd').length;

/** Whether this process has memory at an address. */
function isMapped(address: number): boolean {
  return readFileSync('/proc/self/maps', 'latin1')
    .split('\n')
    .map((line) => line.split(/[- ]/, 2).map((end) => Number.parseInt(end, 16)))
    .some(([start, end]) => start! <= address && address < end!);
}

it('the address that connections are given up with stays in memory, whatever is collected', {
  skip: withoutUring,
}, async () => {
  const spares = Array.from({ length: 16 }, () => new SpareSockets(AF_INET, 1));
  const heap = new ThreadHeap();
  for (let round = 0; round < 3; round++) {
    heap.collect();
    await turn();
  }
  assert.ok(spares.every(({ nowhere }) => isMapped(nowhere)));
});

it('the socket of an aborted connection serves the next one, with another peer', { skip: withoutUring }, async () => {
  const world = sparingUringHarness.create();
  const [left, right] = [world.open(), world.open()];
  const hosts = [await host(world, right), await host(world, right)];
  const before = descriptors();
  for (let round = 0; round < 40; round++) {
    const listening = hosts[round % 2];
    const client = dial(left, endpointOf(listening));
    await world.until('connected', () => client.events.length > 0 && listening.accepted.length > round >> 1);
    const server = listening.accepted[round >> 1];
    client.send(`request ${round}`);
    await world.until('a request', () => server.text === `request ${round}`);
    server.send('answer');
    // Every other answer is not waited for, and must not reach the next one.
    if (round % 4 < 2) await world.until('an answer', () => client.text === 'answer');
    call(() => client.connection.abort());
    await world.until('both gone', () => client.isClosed && server.isClosed);
    assert.deepEqual([client.closed, server.closed], [Closed.local, Closed.reset]);
    await world.until(`one socket, round ${round}`, () => descriptors() === before + 1);
  }
  await finish(world, ...hosts);
  await world.stop();
});

it('a peer hears nothing of a connection that is aborted before anything was sent', {
  skip: withoutUring,
}, async () => {
  const world = sparingUringHarness.create();
  const left = world.open();
  const listening = await host(world, left);
  const aborted = dial(left, endpointOf(listening));
  aborted.whenConnected = () => call(() => aborted.connection.abort());
  await world.until('the end', () => aborted.isClosed);
  assert.deepEqual(aborted.events, ['connected', 'closed']);
  const client = dial(left, endpointOf(listening));
  client.whenConnected = () => client.send('hello');
  // Behind the first, had it been accepted.
  await world.until('a greeting', () => listening.accepted.at(-1)?.text === 'hello');
  assert.equal(listening.accepted.length, 1);
  call(() => client.connection.abort());
  await finish(world, listening);
  await world.stop();
});

it('a peer that speaks first is not kept waiting', { skip: withoutUring }, async () => {
  const world = sparingUringHarness.create();
  const left = world.open();
  const listening = await host(world, left);
  listening.whenAccepted = (peer) => queueMicrotask(() => peer.send('welcome'));
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    const client = dial(left, endpointOf(listening));
    await world.until('a welcome', () => client.text === 'welcome');
    times.push(performance.now() - start);
    call(() => client.connection.abort());
    await world.until('the end', () => client.isClosed);
  }
  // The system would send the missing packet by itself after 200 ms. One of five may be late for other reasons.
  assert.ok(Math.min(...times) < 150, `${times.map(Math.round)} ms`);
  for (const peer of listening.accepted) call(() => peer.connection.abort());
  await finish(world, listening);
  await world.stop();
});

it('a socket that is refused or still connecting is not kept', { skip: withoutUring }, async () => {
  const world = sparingUringHarness.create();
  const left = world.open();
  const before = descriptors();
  const listening = await host(world, left);
  const remote = endpointOf(listening);
  await finish(world, listening);
  const refused = dial(left, remote);
  await world.until('a refusal', () => refused.isClosed);
  assert.equal(refused.closed, Closed.refused);
  // Nobody is there (RFC 5737).
  const unanswered = dial(left, { address: '192.0.2.1', port: 1 });
  call(() => unanswered.connection.abort());
  await world.until('the end', () => unanswered.isClosed && descriptors() === before);
  await world.stop();
});

for (const silently of [false, true]) {
  it(`a reactor that ends ${silently ? 'silently ' : ''}closes what it has kept`, { skip: withoutUring }, async () => {
    const world = sparingUringHarness.create();
    const listening = await host(world, world.open());
    const before = descriptors();
    const left = new UringReactor({ buffers: 64, spareSockets: 3 });
    const clients = Array.from({ length: 6 }, () => dial(left, endpointOf(listening)));
    while (!clients.every((client) => client.events.length > 0)) left.turn(1);
    for (const client of clients.slice(0, 2)) call(() => client.connection.abort());
    while (!clients.slice(0, 2).every((client) => client.isClosed)) left.turn(1);
    // Beside two that are kept, two whose end is under way.
    for (const client of clients.slice(2, 4)) call(() => client.connection.abort());
    left.destroy(silently);
    const { accepted } = listening;
    await world.until('all gone', () => accepted.length === 6 && accepted.every((peer) => peer.isClosed || peer.ended));
    for (const peer of accepted) call(() => peer.connection.abort());
    await world.until('nothing is open', () => descriptors() === before);
    await finish(world, listening);
    await world.stop();
  });
}
