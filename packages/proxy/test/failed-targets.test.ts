import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { freePort, type Origin, tcpOrigin } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

const COUNT = 8;

for (const reactor of ['uring', 'portable'] as const) {
  describe(`connections to targets that fail, on ${reactor}`, {
    skip: requiresReactor(reactor),
    timeout: 60_000,
  }, () => {
    let engine: ProxyEngine;
    let origins: Origin[];

    before(async () => {
      engine = await createEngine({ workers: 2, reactor });
      const named = (name: string) =>
        tcpOrigin((socket) => {
          socket.on('data', () => socket.write(name));
          socket.on('error', () => socket.destroy());
        });
      origins = [await named('a'), await named('b')];
    });

    after(async () => {
      await engine.stop(0);
      await Promise.all(origins.map((origin) => origin.close()));
    });

    const serviceWith = (eligible: readonly boolean[], onTargetFailure: 'move' | 'reset') =>
      serviceOf(
        origins.map(({ port }, index) => {
          const id = `tgt-${index}`;
          return { id, address: '127.0.0.1', port, weight: 10, state: 'active', eligible: eligible[index]! };
        }),
        { protocol: 'tcp', onTargetFailure },
      );

    /** Connections that have been answered, by target. */
    async function open(port: number): Promise<Map<string, Socket[]>> {
      const byTarget = new Map<string, Socket[]>([
        ['a', []],
        ['b', []],
      ]);
      for (let i = 0; i < COUNT; i++) {
        const socket = connect(port, '127.0.0.1');
        socket.on('error', () => socket.destroy());
        byTarget.get(await ask(socket))!.push(socket);
      }
      return byTarget;
    }

    async function ask(socket: Socket): Promise<string> {
      socket.write('x');
      const [bytes] = await once(socket, 'data');
      return String(bytes);
    }

    it('are ended where the service says so, while another target is well', async () => {
      const port = await freePort();
      const listener = listenerOf(port, { protocol: 'tcp', http: null });
      await engine.apply(changeOf([serviceWith([true, true], 'reset')], [listener]));
      const { a, b } = Object.fromEntries(await open(port)) as { a: Socket[]; b: Socket[] };
      assert.deepEqual([a.length, b.length], [COUNT / 2, COUNT / 2]);
      const ended = Promise.all(b.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
      await engine.apply(changeOf([serviceWith([true, false], 'reset')], []));
      await ended;
      for (const socket of a) assert.equal(await ask(socket), 'a');
      await engine.apply(changeOf([serviceWith([false, false], 'reset')], []));
      for (const socket of a) assert.equal(await ask(socket), 'a', 'with nowhere else to go they stay');
      for (const socket of a) socket.destroy();
    });

    it('go on where it does not', async () => {
      const port = await freePort();
      const listener = listenerOf(port, { protocol: 'tcp', http: null });
      await engine.apply(changeOf([serviceWith([true, true], 'move')], [listener]));
      const { b } = Object.fromEntries(await open(port)) as { b: Socket[] };
      await engine.apply(changeOf([serviceWith([true, false], 'move')], []));
      for (const socket of b) assert.equal(await ask(socket), 'b');
      for (const socket of b) socket.destroy();
    });
  });
}
