import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { ALGORITHMS } from '@evenkeel/model/plan/objects.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { freePort } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';
import { type RecordingOrigin, recordingOrigin } from './recording-origin.ts';

/** Two of three targets refuse connections, and no health check has noticed yet. */
for (const reactor of ['uring', 'portable'] as const) {
  describe(`dead targets on ${reactor}`, { skip: requiresReactor(reactor), timeout: 60_000 }, () => {
    let engine: ProxyEngine;
    let origin: RecordingOrigin;
    let targets: number[];

    before(async () => {
      engine = await createEngine({ workers: 1, reactor });
      origin = await recordingOrigin();
      targets = [await freePort(), origin.port, await freePort()];
    });

    after(async () => {
      await engine.stop(1_000);
      await origin.close();
    });

    for (const algorithm of ALGORITHMS) {
      it(`every request of every client finds the live one by ${algorithm}`, async () => {
        const port = await freePort();
        const id = `http-${algorithm}`;
        const service = serviceOf(targets, { id, algorithm });
        await engine.apply(changeOf([service], [listenerOf(port, { id, serviceId: id })]));
        for (let client = 1; client <= 30; client++) {
          const request = get({ host: '127.0.0.1', port, localAddress: `127.0.2.${client}`, agent: false });
          const [response] = (await once(request, 'response')) as [IncomingMessage];
          assert.equal(response.statusCode, 200, `client ${client}`);
          response.resume();
        }
      });

      it(`every tunnel of every client finds the live one by ${algorithm}`, async () => {
        const port = await freePort();
        const id = `tcp-${algorithm}`;
        const service = serviceOf(targets, { id, algorithm, protocol: 'tcp' });
        await engine.apply(changeOf([service], [listenerOf(port, { id, serviceId: id, protocol: 'tcp' })]));
        for (let client = 1; client <= 30; client++) {
          const socket = connect({ host: '127.0.0.1', port, localAddress: `127.0.3.${client}` });
          socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
          const [bytes] = (await once(socket, 'data')) as [Buffer];
          assert.match(bytes.toString('latin1'), /^HTTP\/1\.1 200 /, `client ${client}`);
          socket.destroy();
        }
      });
    }
  });
}
