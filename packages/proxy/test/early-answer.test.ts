import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { freePort, type Origin, tcpOrigin } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

const ANSWER = 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\nConnection: close\r\n\r\ntoo large';
const UPLOAD = 64 * 1024 * 1024;
const UPLOADS = 20;

/** A target answers an upload when it has seen its head, and closes without reading the rest, which resets. */
for (const reactor of ['uring', 'portable'] as const) {
  describe(`an early answer on ${reactor}`, { skip: requiresReactor(reactor), timeout: 60_000 }, () => {
    let engine: ProxyEngine;
    let origin: Origin;
    let port: number;

    before(async () => {
      engine = await createEngine({ workers: 1, reactor });
      origin = await tcpOrigin((socket) => {
        socket.once('data', () => {
          socket.pause();
          socket.write(ANSWER, () => socket.destroy());
        });
      });
      port = await freePort();
      assert.deepEqual(await engine.apply(changeOf([serviceOf([origin.port])], [listenerOf(port)])), []);
    });

    after(async () => {
      await engine.stop(1_000);
      await origin.close();
    });

    it('reaches the client that is still sending', async () => {
      for (let upload = 1; upload <= UPLOADS; upload++) {
        const answer = await answerToUpload(port);
        assert.match(answer, /^HTTP\/1\.1 413 .*\r\n\r\ntoo large$/s, `upload ${upload}`);
      }
    });
  });
}

/** Sends as much as is taken, and returns all that comes back. */
function answerToUpload(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const piece = Buffer.alloc(64 * 1024);
    let answer = '';
    let sent = 0;
    const more = (): void => {
      while (sent < UPLOAD && socket.writable) {
        sent += piece.length;
        if (!socket.write(piece)) return;
      }
    };
    socket.setEncoding('latin1').on('data', (text) => {
      answer += text;
    });
    socket.on('drain', more).on('error', () => undefined);
    socket.on('close', () => resolve(answer));
    socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${UPLOAD}\r\n\r\n`);
    more();
  });
}
