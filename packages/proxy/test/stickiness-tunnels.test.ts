import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { PlannedStickiness } from '@evenkeel/model/plan/stickiness.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { EngineTarget, ProxyEngine } from '../src/engine/engine.ts';
import { freePort, tcpOrigin } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

const BY_COOKIE: PlannedStickiness = {
  type: 'cookie',
  cookieName: 'EK',
  expiry: 3_600_000,
  key: Buffer.alloc(32, 5).toString('base64'),
  oldKeys: [],
};

for (const reactor of ['uring', 'portable'] as const) {
  describe(`stickiness of what is no request on ${reactor}`, { skip: requiresReactor(reactor) }, () => {
    let engine: ProxyEngine;
    let buffers: number;

    before(async () => {
      engine = await createEngine({ workers: 3, reactor });
      buffers = engine.counters().workers[0]!.freeBuffers;
    });

    after(() => engine.stop(100));

    const targetOf = (port: number, index: number): EngineTarget => ({
      id: `tgt-${index}`,
      address: '127.0.0.1',
      port,
      weight: 10,
      state: 'active',
      eligible: true,
    });

    test('TCP by address, counted from the end of the last connection', async () => {
      const names = await Promise.all(
        ['x', 'y', 'z'].map((name) => tcpOrigin((socket) => socket.on('data', () => undefined).write(name))),
      );
      const own = await freePort();
      const some = names.map((origin, index) => targetOf(origin.port, 10 + index));
      const settings = {
        id: 'svc-tcp',
        protocol: 'tcp',
        stickiness: { type: 'source-ip', timeout: 1_000 },
        drainTimeout: 60_000,
      } as const;
      const listener = listenerOf(own, { id: 'lsn-tcp', protocol: 'tcp', http: null, serviceId: 'svc-tcp' });
      await engine.apply(changeOf([serviceOf(some, settings)], [listener]));
      const dial = async (localAddress: string) => {
        const socket = connect({ port: own, host: '127.0.0.1', localAddress });
        const [data] = (await once(socket, 'data')) as [Buffer];
        return { socket, by: data.toString() };
      };
      for (let client = 1; client <= 8; client++) {
        const { socket, by } = await dial(`127.0.6.${client}`);
        socket.resetAndDestroy();
        for (let i = 0; i < 6; i++) {
          const again = await dial(`127.0.6.${client}`);
          again.socket.resetAndDestroy();
          assert.equal(again.by, by);
        }
      }
      const long = await dial('127.0.6.99');
      const draining = some.map((target, index) => ('xyz'[index] === long.by ? { ...target, weight: 0 } : target));
      await engine.apply(changeOf([serviceOf(draining, settings)], []));
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      long.socket.resetAndDestroy();
      const open = () => engine.counters().listeners.find((one) => one.listenerId === 'lsn-tcp')!.activeConnections;
      while (open() > 0) await new Promise((resolve) => setTimeout(resolve, 2));
      const back = await dial('127.0.6.99');
      assert.equal(back.by, long.by);
      back.socket.destroy();
      for (const origin of names) await origin.close();
    });

    test('a switch of protocols is sticky as well', async () => {
      const wants = await Promise.all(
        ['p', 'q', 'r'].map((name) =>
          tcpOrigin((socket) =>
            socket.once('data', () =>
              socket.write(
                `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\nX-Origin: ${name}\r\n\r\n`,
              ),
            ),
          ),
        ),
      );
      const own = await freePort();
      const some = wants.map((origin, index) => targetOf(origin.port, 20 + index));
      const service = serviceOf(some, { id: 'svc-up', stickiness: BY_COOKIE });
      await engine.apply(changeOf([service], [listenerOf(own, { id: 'lsn-up', serviceId: 'svc-up' })]));
      const ask = async (cookie: string): Promise<string> => {
        const socket = connect({ port: own, host: '127.0.0.1' });
        socket.write(`GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: foo\r\n${cookie}\r\n`);
        const [data] = (await once(socket, 'data')) as [Buffer];
        socket.destroy();
        return data.toString();
      };
      const first = await ask('');
      const cookie = /\r\nSet-Cookie: (EK=[^;]+)/.exec(first)?.[1];
      assert.ok(cookie);
      const by = /X-Origin: (.)/.exec(first)?.[1];
      for (let i = 0; i < 6; i++) {
        const again = await ask(`Cookie: ${cookie}\r\n`);
        assert.equal(/X-Origin: (.)/.exec(again)?.[1], by);
        assert.doesNotMatch(again, /Set-Cookie/);
      }
      for (const origin of wants) await origin.close();
    });

    test('no buffer is left behind', async () => {
      const held = (): number[] => engine.counters().workers.map(({ freeBuffers }) => freeBuffers);
      // The workers write it down now and then.
      while (held().some((free) => free !== buffers)) await new Promise((resolve) => setTimeout(resolve, 20));
    });
  });
}
