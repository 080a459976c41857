import assert from 'node:assert/strict';
import { Arrival } from '../reactor.ts';
import type { ContractCase, World } from './harness.ts';
import { call, finish, type Host, type Peer, pair } from './peer.ts';

interface Kept {
  readonly client: Peer;
  readonly server: Peer;
  readonly host: Host;
  /** What the client had handed over by then. */
  readonly mark: number;
}

/** A connection that has carried a message and its answer. */
async function kept(world: World): Promise<Kept> {
  const [left, right] = [world.open(), world.open()];
  const { client, server, host } = await pair(world, left, right);
  client.send('first');
  await world.until('the first', () => server.text === 'first');
  server.send('answer');
  await world.until('the answer', () => client.text === 'answer' && client.connection.unsent === 0);
  assert.ok(client.connection.handedOver >= 'first'.length);
  return { client, server, host, mark: client.connection.handedOver };
}

/** Waits for news of what was sent behind the mark. */
async function known(world: World, { client, mark }: Kept, expected: Arrival): Promise<void> {
  let arrival = Arrival.open as Arrival;
  await world.until('news of what was sent', () => {
    arrival = call(() => client.connection.arrivalBehind(mark));
    return arrival !== Arrival.open;
  });
  assert.equal(arrival, expected);
}

async function drop(world: World, { client, server, host }: Kept): Promise<void> {
  for (const peer of [client, server]) call(() => peer.connection.abort());
  await world.until('both closed', () => client.isClosed && server.isClosed);
  await finish(world, host);
}

export const arrivalCases: readonly ContractCase[] = [
  {
    name: 'arrival: what was never handed over has not arrived, on a connection that is gone as well',
    async run(world) {
      const all = await kept(world);
      const { client, mark } = all;
      client.send('second');
      assert.equal(client.connection.handedOver, mark);
      assert.equal(client.connection.arrivalBehind(mark), Arrival.none);
      call(() => client.connection.abort());
      await world.until('closed', () => client.isClosed);
      assert.equal(client.connection.arrivalBehind(mark), Arrival.none);
      await drop(world, all);
    },
  },
  {
    name: 'arrival: what comes when the peer has closed has not arrived',
    async run(world) {
      const all = await kept(world);
      const { client, server } = all;
      // It has closed before it is sent, and is heard of after it.
      client.connection.pause();
      call(() => server.connection.close());
      await world.until('closed there', () => server.isClosed);
      client.send('second');
      await world.until('handed over', () => client.connection.unsent === 0);
      let asked = false;
      client.whenEnded = () => {
        asked = true;
      };
      call(() => client.connection.resume());
      await world.until('the end', () => asked);
      await known(world, all, Arrival.none);
      await drop(world, all);
    },
  },
  {
    name: 'arrival: what the peer has taken has arrived, whether it ends before or after that',
    async run(world) {
      for (const endsFirst of [true, false]) {
        const all = await kept(world);
        const { client, server } = all;
        if (endsFirst) {
          call(() => server.connection.end());
          await world.until('the end', () => client.ended);
        }
        client.send('second');
        await world.until('the second', () => server.text === 'firstsecond');
        if (!endsFirst) {
          call(() => server.connection.close());
          await world.until('the end', () => client.ended);
        }
        await known(world, all, Arrival.some);
        await drop(world, all);
      }
    },
  },
  {
    name: 'arrival: a reset says nothing of what the peer may have read before it',
    async run(world) {
      const all = await kept(world);
      const { client, server, mark } = all;
      let arrival = Arrival.open as Arrival;
      server.whenReceived = () => call(() => server.connection.abort());
      client.whenClosed = () => {
        arrival = client.connection.arrivalBehind(mark);
      };
      client.send('second');
      await world.until('the reset', () => client.isClosed);
      assert.ok(arrival === Arrival.some || arrival === Arrival.unknown, `arrival ${arrival}`);
      await drop(world, all);
    },
  },
  {
    name: 'arrival: nor does one that comes because the peer has not read it',
    async run(world) {
      const all = await kept(world);
      const { client, server, mark } = all;
      server.connection.pause();
      client.send('second');
      await world.until('handed over', () => client.connection.unsent === 0);
      await world.pass(20);
      call(() => server.connection.close());
      await world.until('the reset', () => client.isClosed || client.ended);
      const arrival = client.connection.arrivalBehind(mark);
      assert.ok(arrival === Arrival.some || arrival === Arrival.unknown, `arrival ${arrival}`);
      await drop(world, all);
    },
  },
];
