import assert from 'node:assert/strict';
import { TICK } from '../reactor.ts';
import type { ContractCase, World } from './harness.ts';
import { call, dial, endpointOf, finish, host, pair, pour } from './peer.ts';

/** Never early; on time as far as the time of the world is exact. */
function assertOnTime(world: World, due: number, at: number): void {
  assert.ok(at >= due, `${due - at} ms early`);
  if (world.virtual) assert.ok(at <= due + TICK, `${at - due} ms late`);
}

export const timeCases: readonly ContractCase[] = [
  {
    name: 'timers call back once, not early and at most a tick late',
    async run(world) {
      const reactor = world.open();
      const seen: number[] = [];
      const delays = [0, 1, 15, 16, 17, 33, 100, 250];
      for (const delay of delays) {
        const due = reactor.now + delay;
        call(() =>
          reactor.setTimer(delay, () => {
            assertOnTime(world, due, reactor.now);
            seen.push(delay);
          }),
        );
      }
      await world.until('all timers', () => seen.length === delays.length);
      await world.pass(50);
      assert.deepEqual(
        seen.toSorted((a, b) => a - b),
        delays,
      );
    },
  },
  {
    name: 'a cancelled timer does not call back',
    async run(world) {
      const reactor = world.open();
      let last = false;
      const cancelled = reactor.setTimer(30, () => assert.fail('cancelled'));
      const later = reactor.setTimer(60, () => assert.fail('cancelled by another'));
      reactor.setTimer(1, () => later.cancel());
      reactor.setTimer(90, () => {
        last = true;
      });
      cancelled.cancel();
      cancelled.cancel();
      await world.until('the last timer', () => last);
    },
  },
  {
    name: 'a deadline comes once, can be moved and cleared, and ends with the connection',
    async run(world) {
      const reactor = world.open();
      const { client, server, host } = await pair(world, reactor, reactor);
      const begin = reactor.now;
      let due = begin + 40;
      server.whenDeadline = () => assertOnTime(world, due, reactor.now);
      call(() => server.connection.setDeadline(due));
      await world.until('the deadline', () => server.events.length === 1);
      await world.pass(60);
      assert.deepEqual(server.events, ['deadline']);
      due = reactor.now + 200;
      for (let i = 1; i <= 10; i++) call(() => server.connection.setDeadline(reactor.now + i * 20));
      await world.until('the moved deadline', () => server.events.length === 2);
      due = reactor.now + 20;
      call(() => server.connection.setDeadline(due + 10_000));
      call(() => server.connection.setDeadline(due));
      await world.until('the earlier deadline', () => server.events.length === 3);
      call(() => server.connection.setDeadline(reactor.now + 30));
      call(() => server.connection.setDeadline(0));
      call(() => client.connection.setDeadline(reactor.now + 30));
      call(() => client.connection.abort());
      await world.pass(80);
      assert.deepEqual(server.events, ['deadline', 'deadline', 'deadline', 'closed']);
      assert.deepEqual(client.events, ['connected', 'closed']);
      await finish(world, host);
    },
  },
  {
    name: 'a deadline watches over a flush that does not end',
    async run(world) {
      const [left, right] = [world.open(1024), world.open()];
      const { client, server, host } = await pair(world, left, right);
      call(() => server.connection.pause());
      // More than the kernel takes while nobody reads.
      pour(client, 10_000_000, 10_000_000, () => {});
      client.whenDeadline = () => call(() => client.connection.abort());
      client.connection.setDeadline(left.now + 100);
      call(() => client.connection.close());
      await world.until('the deadline', () => client.isClosed);
      assert.deepEqual(client.events, ['connected', 'deadline', 'closed']);
      call(() => server.connection.abort());
      await world.until('closed', () => server.isClosed);
      await finish(world, host);
    },
  },
  {
    name: 'a deadline can be set while connecting',
    async run(world) {
      const reactor = world.open();
      const listening = await host(world, reactor);
      const client = dial(reactor, endpointOf(listening));
      call(() => client.connection.setDeadline(reactor.now + 20));
      await world.until('the deadline', () => client.events.includes('deadline'));
      await world.until('a connection', () => client.events.length === 2 && listening.accepted.length === 1);
      await finish(world, client, listening.accepted[0], listening);
    },
  },
  {
    name: 'wall time and time go together',
    async run(world) {
      const reactor = world.open();
      let drift = Number.POSITIVE_INFINITY;
      // Between reading the one and the other, a busy machine may be gone for a while: not each time.
      for (let round = 0; round < 5 && Math.abs(drift) >= 50; round++) {
        const [now, wall] = [reactor.now, reactor.wallTime];
        await world.pass(50);
        drift = reactor.wallTime - wall - (reactor.now - now);
      }
      assert.ok(Math.abs(drift) < 50, `${drift} ms apart`);
      if (!world.virtual) assert.ok(Math.abs(reactor.wallTime - Date.now()) < 60_000);
    },
  },
];
