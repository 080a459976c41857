import assert from 'node:assert/strict';
import { NO_BUFFER } from '../arena.ts';
import type { Paced, Pacer } from '../pacer.ts';
import { Closed, type Reactor } from '../reactor.ts';
import type { ContractCase } from './harness.ts';
import { call, finish, pair, pattern } from './peer.ts';

/** Grants a little at a time, one tick after it was asked, and counts what it has let out. */
class SlowPacer implements Pacer {
  isLimited = true;
  enough = 1_460;
  /** Granted, less what was given back. */
  allowed = 0;
  readonly #reactor: Reactor;
  readonly #piece: number;

  constructor(reactor: Reactor, piece: number) {
    this.#reactor = reactor;
    this.#piece = piece;
  }

  ask(paced: Paced): number {
    this.#reactor.setTimer(1, () => {
      const count = Math.min(this.#piece, paced.waitingToSend);
      this.allowed += count;
      if (count > 0) paced.granted(count);
    });
    return 0;
  }

  giveBack(bytes: number): void {
    this.allowed -= bytes;
  }
}

export const pacingCases: readonly ContractCase[] = [
  {
    name: 'sends by its pacer: all of it, in order, and never more than it was granted',
    async run(world) {
      const reactor = world.open();
      const { client, server, host } = await pair(world, reactor, reactor);
      const pacer = new SlowPacer(reactor, 7_000);
      client.connection.pacer = pacer;
      server.check = true;
      server.whenReceived = () => assert.ok(server.receivedBytes <= pacer.allowed);
      const bytes = reactor.arena.intern(pattern(0, 50_000));
      // Ranges that are smaller than what is granted, and larger.
      for (const [start, end] of [
        [0, 1],
        [1, 100],
        [100, 30_000],
        [30_000, 30_001],
        [30_001, 50_000],
      ] as const) {
        call(() => client.connection.send(NO_BUFFER, bytes.start + start, bytes.start + end));
      }
      await world.until('everything', () => server.receivedBytes === 50_000);
      // Over TLS, records have some bytes of their own.
      assert.ok(pacer.allowed >= 50_000 && pacer.allowed < 51_000, `allowed ${pacer.allowed}`);
      assert.ok(client.connection.heldBack > 0);
      assert.equal(server.connection.heldBack, 0);
      await finish(world, client, server, host);
      assert.equal(client.closed, Closed.finished);
    },
  },
  {
    name: 'flushes at the pace of its pacer when it is closed, and goes at once when it is aborted',
    async run(world) {
      const reactor = world.open();
      const bytes = reactor.arena.intern(pattern(0, 20_000));
      for (const how of ['close', 'abort'] as const) {
        const { client, server, host } = await pair(world, reactor, reactor);
        client.connection.pacer = new SlowPacer(reactor, 5_000);
        server.check = true;
        call(() => client.connection.send(NO_BUFFER, bytes.start, bytes.end));
        call(() => client.connection[how]());
        await world.until('the end', () => client.isClosed && (how === 'abort' || server.ended));
        assert.equal(server.receivedBytes, how === 'close' ? 20_000 : 0);
        await finish(world, server, host);
      }
    },
  },
  {
    name: 'sends what waits once its pacer limits nothing any more',
    async run(world) {
      const reactor = world.open();
      const { client, server, host } = await pair(world, reactor, reactor);
      const waiting: Paced[] = [];
      const pacer = {
        isLimited: true,
        enough: Number.POSITIVE_INFINITY,
        ask: (paced: Paced) => waiting.push(paced) * 0,
        giveBack() {},
      };
      client.connection.pacer = pacer;
      client.send('held');
      await world.until('its turn to ask', () => waiting.length === 1);
      await world.pass(20);
      assert.equal(server.receivedBytes, 0);
      const { waitingToSend } = waiting[0]!;
      pacer.enough = waitingToSend + 1;
      assert.equal(client.connection.isSated, false);
      pacer.enough = waitingToSend;
      assert.equal(client.connection.isSated, true);
      assert.equal(waiting[0]!.waitingBuffers, client.connection.queued);
      pacer.isLimited = false;
      call(() => waiting[0]!.granted(waitingToSend));
      await world.until('what was sent', () => server.text === 'held');
      assert.equal(client.connection.isSated, false);
      await finish(world, client, server, host);
    },
  },
];
