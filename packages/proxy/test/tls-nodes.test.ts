import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { connect } from 'node:tls';
import { issue } from '@evenkeel/testbed/certificates/issue.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { freePort, httpOrigin, type Origin } from './exchange.ts';
import { changeOf, serviceOf } from './plans.ts';
import { certificateOf, httpsListener, ticketKeysOf, withShared } from './tls-plans.ts';

const root = issue({ commonName: 'root', ca: true });
const web = issue({ commonName: 'web.test', names: ['web.test'], key: 'p256', issuer: root, use: 'server' });

for (const reactor of ['uring', 'portable'] as const) {
  describe(`TLS sessions on two nodes (${reactor})`, { skip: requiresReactor(reactor), timeout: 60_000 }, () => {
    const nodes: { readonly engine: ProxyEngine; readonly port: number }[] = [];
    let origin: Origin;

    /** Both nodes have the same plan, and these ticket keys; the first one makes tickets. */
    async function plan(...keys: readonly number[]): Promise<void> {
      for (const { engine, port } of nodes) {
        const change = changeOf([serviceOf([origin.port])], [httpsListener(port)]);
        const shared = withShared(change, certificateOf('web', web), ticketKeysOf(...keys));
        assert.deepEqual(await engine.apply(shared), []);
      }
    }

    before(async () => {
      origin = await httpOrigin((_, response) => response.end('ok'));
      for (let node = 0; node < 2; node++) {
        nodes.push({ engine: await createEngine({ workers: 1, reactor }), port: await freePort() });
      }
    });

    after(async () => {
      for (const { engine } of nodes) await engine.stop(1_000);
      await origin.close();
    });

    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      test(`a session of one node is resumed on the other, in ${version}`, async () => {
        const options = { host: '127.0.0.1', servername: 'web.test', ca: root.certificate };
        const limits = { minVersion: version, maxVersion: version };
        const resumed = async (port: number, session: Buffer): Promise<boolean> => {
          const socket = connect({ port, session, ...options, ...limits });
          await once(socket, 'secureConnect');
          const reused = socket.isSessionReused();
          socket.destroy();
          return reused;
        };
        const [one, other] = nodes.map(({ port }) => port) as [number, number];
        await plan(1);
        const first = connect({ port: one, ...options, ...limits });
        const [session] = (await once(first, 'session')) as [Buffer];
        first.destroy();
        assert.equal(await resumed(other, session), true);
        await plan(2, 1);
        assert.equal(await resumed(other, session), true, 'by the key before');
        await plan(3, 2);
        assert.equal(await resumed(other, session), false, 'a key that has gone');
      });
    }
  });
}
