import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { freePort, httpOrigin, type Origin } from './exchange.ts';
import { statusesIn } from './front.ts';
import { Clients, SmallNode, type SmallNodeOptions, type TestClient } from './small-node.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const HOLD = 'GET /hold HTTP/1.1\r\nHost: a\r\n\r\n';
const LARGE = 'GET /large HTTP/1.1\r\nHost: a\r\n\r\n';
const REFUSAL = /^HTTP\/1\.1 503 .*\r\nRetry-After: 1\r\n/s;

/** More than the kernel takes for a client that does not read. */
const LARGE_BODY = Buffer.alloc(16 * 1024 * 1024, 'x');

/** A little more than workers take until they tell how they are, in milliseconds; they look at themselves more often. */
const TOLD = 300;

/** Stops and continues a process, so that it has a fraction of its time, until it is told to end. */
const STARVE = 'while :; do kill -STOP $0 || exit; sleep 0.7; kill -CONT $0; sleep 0.02; done';

for (const reactor of ['uring', 'portable'] as const) {
  describe(`a worker with too little of something on ${reactor}`, {
    skip: requiresReactor(reactor),
    timeout: 120_000,
  }, () => {
    let origin: Origin;
    let clients: Clients;
    /** Answers that the origin holds back. */
    const held: ServerResponse[] = [];

    async function start(options: Omit<SmallNodeOptions, 'reactor' | 'port' | 'origin'>): Promise<SmallNode> {
      origin = await httpOrigin(({ url }, response) => {
        if (url === '/hold') held.push(response);
        else response.end(url === '/large' ? LARGE_BODY : 'ok');
      });
      const port = await freePort();
      clients = new Clients(port);
      return await SmallNode.start({ reactor, port, origin: origin.port, ...options });
    }

    afterEach(async () => {
      clients.close();
      held.length = 0;
      await origin.close();
    });

    /** Clients that ask for `bytes`, more and more of them, until one is refused; those that were not. */
    async function fill(bytes: string, most: number, isTaken: () => boolean): Promise<TestClient[]> {
      const here: TestClient[] = [];
      for (let i = 0; i < most; i++) {
        const client = await clients.open(bytes);
        while (!isTaken() && client.received() === '' && !client.socket.destroyed) await pause();
        if (REFUSAL.test(client.received())) return here;
        here.push(client);
      }
      throw new assert.AssertionError({ message: `${most} clients are not too many` });
    }

    it('without memory turns new work away, answers what it has, and takes more when it has room again', async () => {
      await using node = await start({ heap: 54 });
      const kept = await clients.open(GET);
      await kept.answered(1);
      let taken = 0;
      const here: TestClient[] = [];
      // Some are refused long before all are.
      let share = 0;
      while (share < 0.5) {
        const more = await fill(HOLD, 8_000, () => {
          if (held.length === taken) return false;
          taken = held.length;
          return true;
        });
        here.push(...more);
        share = (await node.counters()).workers[0]!.shedShare;
      }
      await node.isOutOf(['memory']);
      // Requests on connections that are there bring new work as well.
      kept.socket.write(GET);
      await kept.answered(2);
      assert.ok([200, 503].includes(statusesIn(kept.received())[1]!));
      assert.match(kept.received(), /\r\nConnection: close\r\n/, 'it makes room');
      for (const response of held) response.end('at last');
      await Promise.all(here.map((client) => client.answered(1)));
      assert.deepEqual([...new Set(here.flatMap((client) => statusesIn(client.received())))], [200]);
      for (const { socket } of here) socket.destroy();
      // What they had is garbage now, and has to be found to be.
      await node.isOutOf([]);
      assert.equal(await clients.ask(GET), 200);
    });

    it('without buffers turns new work away, goes on with what it has, and takes more when it has room again', async () => {
      await using node = await start({ buffers: 256 });
      // They take none of it, and what was received for them lies in buffers. Few come before the worker has told how it is.
      const here: TestClient[] = [];
      while (!(await node.counters()).workers[0]!.overload.includes('buffers')) {
        assert.ok(here.length < 400, 'so many are not too many');
        for (let i = 0; i < 4; i++) {
          const client = await clients.open(LARGE);
          client.socket.pause();
          here.push(client);
        }
        await sleep(TOLD);
      }
      assert.equal(await clients.ask(GET), 503);
      const [first, ...others] = here;
      let size = 0;
      first!.socket.on('data', (piece: string) => (size += piece.length)).resume();
      while (size < LARGE_BODY.length) await pause();
      assert.deepEqual(statusesIn(first!.received().slice(0, 100)), [200], 'it has got all of it');
      for (const { socket } of others) socket.destroy();
      await node.isOutOf([]);
      assert.equal(await clients.ask(GET), 200);
    });

    it('without time turns a part of new work away, goes on with what it has, and takes all when it has time', async () => {
      await using node = await start({});
      const here = await clients.open(HOLD);
      while (held.length === 0) await pause();
      const starving = spawn('/bin/sh', ['-c', STARVE, String(node.pid)], { stdio: 'ignore' });
      const over = once(starving, 'exit');
      try {
        await node.isOutOf(['time']);
        const statuses = new Set<number>();
        while (!statuses.has(503)) statuses.add(await clients.ask(GET));
        assert.deepEqual(
          [...statuses].filter((status) => status !== 200 && status !== 503),
          [],
        );
        held[0]!.end('at last');
        await here.answered(1);
        assert.deepEqual(statusesIn(here.received()), [200]);
      } finally {
        starving.kill('SIGKILL');
        await over;
        process.kill(node.pid, 'SIGCONT');
      }
      await node.isOutOf([]);
      while ((await node.counters()).workers[0]!.shedShare > 0) await pause();
      for (let i = 0; i < 20; i++) assert.equal(await clients.ask(GET), 200);
      assert.deepEqual(Object.keys((await node.counters()).listeners[0]!.limits), ['overload']);
    });
  });
}

function pause(): Promise<void> {
  return sleep(2);
}
