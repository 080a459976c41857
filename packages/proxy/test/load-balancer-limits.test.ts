import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { PlannedLoadBalancerLimits } from '@evenkeel/model/plan/limits.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { freePort, httpOrigin, type Origin } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

const NONE = { connections: null, connectionsPerSecond: null, requestsPerSecond: null };

/** The status of the answer to a request on the connection; empty: it was reset. */
async function ask(socket: Socket): Promise<string> {
  socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  return answerOn(socket);
}

async function answerOn(socket: Socket): Promise<string> {
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  return bytes.toString('latin1').split(' ', 2)[1]!;
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

for (const reactor of ['uring', 'portable'] as const) {
  describe(`limits of load balancers on ${reactor}`, () => {
    let engine: ProxyEngine;
    let origin: Origin;
    let ports: readonly [number, number];

    /** Both listeners with these limits of their load balancer; undefined: none. */
    const apply = (limits: PlannedLoadBalancerLimits | undefined, loadBalancerId = 'lb') =>
      engine.apply(
        changeOf(
          [],
          ports.map((port, i) =>
            listenerOf(port, {
              id: `lsn-${loadBalancerId}-${i}`,
              loadBalancerId,
              ...(limits && { loadBalancerLimits: limits }),
            }),
          ),
        ),
      );
    const remove = (loadBalancerId = 'lb') =>
      engine.apply(changeOf([], [], { listeners: [0, 1].map((i) => `lsn-${loadBalancerId}-${i}`) }));
    const limited = (limit: string) =>
      engine.counters().listeners.reduce((sum, { limits }) => sum + (limits[limit] ?? 0), 0);

    before(async () => {
      engine = await createEngine({ workers: 2, reactor });
      origin = await httpOrigin((_incoming, response) => void response.end('ok'));
      ports = [await freePort(), await freePort()];
      await engine.apply(changeOf([serviceOf([origin.port])], []));
    });

    after(async () => {
      await engine.stop(1_000);
      await origin.close();
    });

    test('connections of all listeners count, also those from before; a change touches none of them', async () => {
      await apply(undefined);
      const [first, second] = [await open(ports[0]), await open(ports[1])];
      assert.deepEqual([await ask(first), await ask(second)], ['200', '200']);
      await apply({ ...NONE, connections: 2 });
      assert.equal(await answerOn(await open(ports[0])), '503');
      assert.equal(await answerOn(await open(ports[1])), '503');
      assert.equal(limited('load-balancer-connections'), 2);
      assert.deepEqual([await ask(first), await ask(second)], ['200', '200']);
      await apply({ ...NONE, connections: 3 });
      const third = await open(ports[1]);
      assert.equal(await ask(third), '200');
      assert.equal(await answerOn(await open(ports[0])), '503');
      await apply(undefined);
      const fourth = await open(ports[0]);
      assert.equal(await ask(fourth), '200');
      for (const socket of [first, second, third, fourth]) {
        assert.equal(await ask(socket), '200');
        socket.destroy();
      }
      await remove();
    });

    test('requests beyond the rate are answered 429 on every listener, and their connections stay', async () => {
      await apply({ ...NONE, requestsPerSecond: 1 }, 'slow');
      const [first, second] = [await open(ports[0]), await open(ports[1])];
      const before = Date.now();
      const statuses: string[] = [];
      for (let i = 0; i < 10; i++) statuses.push(await ask(first), await ask(second));
      const seconds = (Date.now() - before) / 1_000;
      const served = statuses.filter((status) => status === '200').length;
      assert.ok(served >= 1 && served <= seconds + 2, `${served} in ${seconds} s`);
      assert.equal(limited('load-balancer-requests-per-second'), statuses.length - served);
      await apply({ ...NONE, requestsPerSecond: 1_000_000 }, 'slow');
      assert.deepEqual([await ask(first), await ask(second)], ['200', '200']);
      first.destroy();
      second.destroy();
      await remove('slow');
    });

    test('new connections beyond the rate are turned away', async () => {
      await apply({ ...NONE, connectionsPerSecond: 1 }, 'few');
      const before = Date.now();
      const statuses = await Promise.all(
        Array.from({ length: 10 }, async (_, i) => {
          const socket = await open(ports[i % 2]!);
          const status = await ask(socket);
          socket.destroy();
          return status;
        }),
      );
      const seconds = (Date.now() - before) / 1_000;
      const served = statuses.filter((status) => status === '200').length;
      assert.ok(served >= 1 && served <= seconds + 2, `${served} in ${seconds} s`);
      assert.equal(limited('load-balancer-connections-per-second'), statuses.length - served);
      await remove('few');
    });
  });
}
