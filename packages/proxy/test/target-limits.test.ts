import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { PlannedTargetLimits } from '@evenkeel/model/plan/balancing.ts';
import { STANDARD_TARGET_LIMITS } from '@evenkeel/model/plan/balancing.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { freePort } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

/** An origin that answers when it is told to. */
class HeldOrigin {
  readonly waiting: ServerResponse[] = [];
  mostWaiting = 0;
  seen = 0;
  readonly #server = createServer((_request, response) => {
    this.seen++;
    this.waiting.push(response);
    response.on('close', () => {
      const at = this.waiting.indexOf(response);
      if (at >= 0) this.waiting.splice(at, 1);
    });
    this.mostWaiting = Math.max(this.mostWaiting, this.waiting.length);
    this.onRequest();
  });
  onRequest: () => void = () => {};
  port = 0;

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  /** Answers the oldest that waits. */
  answer(): void {
    this.waiting.shift()!.end('done');
  }

  /** Ends the connections that are kept to it. */
  cut(): void {
    this.#server.closeAllConnections();
  }

  async until(count: number): Promise<void> {
    while (this.seen < count) await new Promise<void>((resolve) => (this.onRequest = resolve));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** The status of a request, once it is answered; the connection is the caller's to give up. */
function request(port: number): { readonly status: Promise<number>; readonly socket: Socket } {
  const socket = connect(port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  const status = new Promise<number>((resolve, reject) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0)));
    socket.on('error', reject);
  });
  status.catch(() => {});
  return { status, socket };
}

const limits = (changes: Partial<PlannedTargetLimits>) => ({ ...STANDARD_TARGET_LIMITS, ...changes });

for (const reactor of ['uring', 'portable'] as const) {
  describe(`limits of targets on ${reactor}`, { skip: requiresReactor(reactor), timeout: 60_000 }, () => {
    let engine: ProxyEngine;
    let origin: HeldOrigin;
    let port: number;

    before(async () => {
      engine = await createEngine({ workers: 2, reactor });
      origin = await new HeldOrigin().start();
      port = await freePort();
    });

    after(async () => {
      await engine.stop(0);
      await origin.close();
    });

    async function plan(targetLimits: PlannedTargetLimits, protocol: 'http' | 'tcp' = 'http'): Promise<void> {
      Object.assign(origin, { seen: 0, mostWaiting: 0 });
      const service = serviceOf([origin.port], { protocol, targetLimits });
      const removed = changeOf([], [], { listeners: ['lsn'] });
      await engine.apply(removed);
      assert.deepEqual(await engine.apply(changeOf([service], [listenerOf(port, { protocol })])), []);
    }

    const reasons = () => engine.counters().listeners.find(({ listenerId }) => listenerId === 'lsn')?.reasons ?? {};

    it('gives a target no more than its limit over all workers, lets the rest wait, and refuses what is beyond', async () => {
      await plan(limits({ maxRequests: 3, queueSize: 4 }));
      const statuses: number[] = [];
      for (let i = 0; i < 12; i++) void request(port).status.then((its) => statuses.push(its));
      // Three are with the target and four wait, whichever they are: five find no place.
      while (statuses.length < 5) await new Promise((resolve) => setTimeout(resolve, 1));
      assert.deepEqual([...statuses], [503, 503, 503, 503, 503]);
      await origin.until(3);
      while (statuses.length < 12) {
        if (origin.waiting.length > 0) origin.answer();
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal(statuses.filter((status) => status === 200).length, 7);
      assert.deepEqual([origin.mostWaiting, origin.seen], [3, 7]);
      assert.equal(reasons()['proxy-queue-full'], 5);
    });

    it('answers 503 to what has waited too long, and a backend that never answers ties up no more than its limit', async () => {
      await plan(limits({ maxRequests: 2, queueSize: 8, queueTimeout: 60 }));
      const stuck = [request(port), request(port)];
      await origin.until(2);
      const before = reasons()['proxy-queue-timeout'] ?? 0;
      const late = await Promise.all(Array.from({ length: 6 }, () => request(port).status));
      assert.deepEqual(late, [503, 503, 503, 503, 503, 503]);
      assert.equal((reasons()['proxy-queue-timeout'] ?? 0) - before, 6);
      assert.deepEqual([origin.seen, origin.mostWaiting], [2, 2]);
      while (origin.waiting.length > 0) origin.answer();
      assert.deepEqual(await Promise.all(stuck.map(({ status }) => status)), [200, 200]);
    });

    it('lets a client that goes leave the queue', async () => {
      await plan(limits({ maxRequests: 1, queueSize: 1, queueTimeout: 30_000 }));
      const first = request(port);
      await origin.until(1);
      // The queue has one place: one of these two has it, and the other one is refused.
      const rivals = [request(port), request(port)];
      const refused = await Promise.race(
        rivals.map(async ({ status }, index) => ((await status) === 503 ? index : -1)),
      );
      const gone = reasons()['client-response-head'] ?? 0;
      rivals[1 - refused]!.socket.resetAndDestroy();
      while ((reasons()['client-response-head'] ?? 0) === gone) await new Promise((resolve) => setTimeout(resolve, 1));
      const third = request(port);
      // It has the place, or this one has it; the other one is refused.
      const fourth = request(port);
      await Promise.race([third.status, fourth.status]);
      origin.answer();
      await origin.until(2);
      origin.answer();
      assert.deepEqual([await third.status, await fourth.status].sort(), [200, 503]);
      assert.equal(await first.status, 200);
      assert.equal(origin.seen, 2);
    });

    it('makes no more connections than allowed, though one worker keeps what the other one needs', async () => {
      await plan(limits({ maxConnections: 2, queueSize: 64, queueTimeout: 20_000 }));
      origin.onRequest = () => {};
      const open = () => engine.counters().targets.reduce((sum, its) => sum + its.activeConnections, 0);
      let answering = true;
      let most = 0;
      const answerAll = async () => {
        while (answering) {
          most = Math.max(most, open());
          while (origin.waiting.length > 0) origin.answer();
          await new Promise((resolve) => setImmediate(resolve));
        }
      };
      const answers = answerAll();
      const statuses: number[] = [];
      for (let round = 0; round < 5; round++) {
        statuses.push(...(await Promise.all(Array.from({ length: 12 }, () => request(port).status))));
      }
      answering = false;
      await answers;
      assert.ok(
        statuses.every((status) => status === 200),
        `${statuses}`,
      );
      assert.ok(most > 0 && most <= 2, `${most} connections`);
    });

    it('has connections go that are more than a new limit allows, kept ones at once and the others when they are free', async () => {
      await plan(limits({}));
      const open = () => engine.counters().targets.reduce((sum, its) => sum + its.activeConnections, 0);
      let answered = 0;
      const requests = Array.from({ length: 8 }, () => request(port).status.finally(() => answered++));
      await origin.until(8);
      for (let i = 0; i < 4; i++) origin.answer();
      while (answered < 4) await new Promise((resolve) => setTimeout(resolve, 1));
      const targetLimits = limits({ maxConnections: 2 });
      assert.deepEqual(await engine.apply(changeOf([serviceOf([origin.port], { targetLimits })], [])), []);
      assert.equal(open(), 4, 'those with a request');
      for (let i = 0; i < 4; i++) origin.answer();
      assert.deepEqual(await Promise.all(requests), Array(8).fill(200));
      // Fewer where two workers close theirs at the same moment.
      assert.ok(open() <= 2, `${open()} connections`);
    });

    it('holds for tunnels as well', async () => {
      const peers: Socket[] = [];
      const server = createTcpServer((socket) => peers.push(socket)).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const target = (server.address() as AddressInfo).port;
      const targetLimits = limits({ maxConnections: 2, queueSize: 1, queueTimeout: 30_000 });
      await engine.apply(changeOf([], [], { listeners: ['lsn'] }));
      await engine.apply(
        changeOf([serviceOf([target], { protocol: 'tcp', targetLimits })], [listenerOf(port, { protocol: 'tcp' })]),
      );
      const open = () => {
        const socket = connect(port, '127.0.0.1').on('error', () => {});
        return { socket, closed: new Promise((resolve) => socket.on('close', resolve)) };
      };
      const held = [open(), open()];
      while (peers.length < 2) await once(server, 'connection');
      const others = [open(), open(), open()];
      // One of them waits, the others are cut off.
      const left = new Set(others);
      for (const other of others) void other.closed.then(() => left.delete(other));
      while (left.size > 1) await Promise.race([...left].map(({ closed }) => closed));
      assert.deepEqual([left.size, peers.length], [1, 2]);
      const third = once(server, 'connection');
      held[0]!.socket.destroy();
      await third;
      assert.equal(peers.length, 3);
      for (const { socket } of [...held, ...others]) socket.destroy();
      for (const peer of peers) peer.destroy();
      server.close();
    });
  });
}
