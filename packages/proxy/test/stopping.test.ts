import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { freePort } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

const CLIENTS = 12;

/** Asks again on one connection as soon as it has its answer, until it is told that there will be no other. */
async function askOnAndOn(port: number, answered: () => void): Promise<'told' | 'cut off'> {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1').setNoDelay(true);
  await once(socket, 'connect');
  return new Promise((resolve) => {
    let answer = '';
    socket.on('data', (text) => {
      answer += text;
      if (!answer.endsWith('\r\n\r\nok')) return;
      answered();
      if (/^connection: close\r$/im.test(answer)) resolve('told');
      else socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      answer = '';
    });
    // Without effect when it was told before.
    socket.on('close', () => resolve('cut off')).on('error', () => resolve('cut off'));
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  });
}

for (const reactor of ['uring', 'portable'] as const) {
  describe(`an engine that stops, on ${reactor}`, { skip: requiresReactor(reactor) }, () => {
    const origin = createServer((_, response) => response.setHeader('Content-Length', 2).end('ok'));
    let engine: ProxyEngine;

    before(async () => {
      origin.listen(0, '127.0.0.1');
      await once(origin, 'listening');
      engine = await createEngine({ workers: 2, reactor });
    });

    after(() => origin.close());

    it('fails no request of clients that ask without a pause: each is told which answer is the last', async () => {
      const port = await freePort();
      const service = serviceOf([(origin.address() as AddressInfo).port]);
      assert.deepEqual(await engine.apply(changeOf([service], [listenerOf(port)])), []);
      let stopped: Promise<void> | null = null;
      let answers = 0;
      const clients = Array.from({ length: CLIENTS }, () =>
        askOnAndOn(port, () => {
          answers++;
          if (answers === 50 * CLIENTS) stopped = engine.stop(10_000);
        }),
      );
      assert.deepEqual(new Set(await Promise.all(clients)), new Set(['told']));
      await stopped;
    });
  });
}
