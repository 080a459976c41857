import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { freePort, type Origin, tcpOrigin } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

const COUNT = 24;
/** Far above what anything here takes, in milliseconds. */
const PATIENCE = 20_000;
const REBALANCE = { rate: 1_000, minimumAge: 0 };

/** Clients that connect again as soon as they are closed, as it is asked of those of services that re-balance. */
class Crowd {
  readonly sockets = new Set<Socket>();
  readonly #port: number;
  closed = 0;
  resets = 0;
  #over = false;

  constructor(port: number) {
    this.#port = port;
  }

  add(): void {
    const socket = connect(this.#port, '127.0.0.1');
    this.sockets.add(socket);
    socket.write('x');
    socket.on('data', () => {});
    socket.on('error', () => this.resets++);
    socket.on('close', () => {
      this.sockets.delete(socket);
      if (this.#over) return;
      this.closed++;
      this.add();
    });
  }

  end(): void {
    this.#over = true;
    for (const socket of this.sockets) socket.destroy();
  }
}

for (const reactor of ['uring', 'portable'] as const) {
  describe(`re-balancing on ${reactor}`, { skip: requiresReactor(reactor), timeout: 60_000 }, () => {
    let engine: ProxyEngine;
    let origins: Origin[];
    const counts = [0, 0];

    before(async () => {
      engine = await createEngine({ workers: 2, reactor });
      origins = await Promise.all(
        [0, 1].map((index) =>
          tcpOrigin((socket) => {
            counts[index]!++;
            socket.on('data', (bytes: Buffer) => socket.write(bytes));
            socket.on('end', () => socket.end());
            socket.on('close', () => counts[index]!--);
          }),
        ),
      );
    });

    after(async () => {
      await engine.stop(0);
      await Promise.all(origins.map((origin) => origin.close()));
    });

    async function until(holds: () => boolean): Promise<void> {
      for (const deadline = performance.now() + PATIENCE; !holds(); ) {
        if (performance.now() > deadline)
          throw new Error(`connections of targets: ${counts}, for ${PATIENCE / 1_000} s`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }

    it('moves tunnels to a target that came later, without a reset, and not at all unless it is asked to', async () => {
      const port = await freePort();
      const [first, second] = origins.map((origin) => origin.port) as [number, number];
      const listener = listenerOf(port, { protocol: 'tcp', idleTimeout: 60_000 });
      await engine.apply(changeOf([serviceOf([first], { protocol: 'tcp' })], [listener]));
      const crowd = new Crowd(port);
      for (let i = 0; i < COUNT; i++) crowd.add();
      await until(() => counts[0] === COUNT);

      await engine.apply(changeOf([serviceOf([first, second], { protocol: 'tcp' })], []));
      const probe = connect(port, '127.0.0.1');
      await once(probe, 'connect');
      probe.destroy();
      assert.equal(crowd.closed, 0);

      // One move in a second, at first: there must be no more than time allows.
      const begun = performance.now();
      const slow = { protocol: 'tcp', rebalance: { rate: 1, minimumAge: 0 } } as const;
      await engine.apply(changeOf([serviceOf([first, second], slow)], []));
      await until(() => crowd.closed >= 2);
      const seconds = (performance.now() - begun) / 1_000;
      assert.ok(crowd.closed <= Math.ceil(seconds) + 1, `${crowd.closed} moves in ${seconds} s`);

      await engine.apply(changeOf([serviceOf([first, second], { protocol: 'tcp', rebalance: REBALANCE })], []));
      await until(() => counts[0]! <= (COUNT / 2) * 1.1 + 1 && counts[0]! + counts[1]! === COUNT);
      assert.equal(crowd.resets, 0);
      const reasons = engine.counters().listeners[0]!.reasons;
      assert.equal(reasons['proxy-rebalance'], crowd.closed);
      crowd.end();
    });

    it('leaves young connections where they are', async () => {
      const port = await freePort();
      await until(() => counts[0]! + counts[1]! === 0);
      const [first, second] = origins.map((origin) => origin.port) as [number, number];
      const old = { protocol: 'tcp', id: 'young', rebalance: { rate: 1_000, minimumAge: 3_600_000 } } as const;
      const listener = listenerOf(port, { id: 'young', protocol: 'tcp', serviceId: 'young', idleTimeout: 60_000 });
      await engine.apply(changeOf([serviceOf([first], old)], [listener]));
      const crowd = new Crowd(port);
      for (let i = 0; i < 6; i++) crowd.add();
      await until(() => counts[0] === 6);
      await engine.apply(changeOf([serviceOf([first, second], old)], []));
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      assert.deepEqual([crowd.closed, counts[0]], [0, 6]);
      crowd.end();
    });
  });
}
