import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { freePortOn, httpOrigin, type Origin } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

const [OLD, NEW, OTHER] = ['127.0.0.1', '127.0.0.2', '127.0.0.3'] as const;
const ASK = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';

/** The status line of the answer to a request on the connection. */
async function ask(socket: Socket): Promise<string> {
  socket.write(ASK);
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  return bytes.toString('latin1').split('\r\n', 1)[0]!;
}

async function open(port: number, host: string): Promise<Socket> {
  const socket = connect(port, host);
  await once(socket, 'connect');
  return socket;
}

const isClosed = (port: number, host: string) => assert.rejects(open(port, host), /ECONNREFUSED/);

for (const reactor of ['uring', 'portable'] as const) {
  describe(`addresses that change on ${reactor}`, () => {
    let engine: ProxyEngine;
    let origin: Origin;

    before(async () => {
      engine = await createEngine({ workers: 2, reactor });
      origin = await httpOrigin((_incoming, response) => void response.end('ok'));
      assert.deepEqual(await engine.apply(changeOf([serviceOf([origin.port])], [])), []);
    });

    after(async () => {
      await engine.stop(1_000);
      await origin.close();
    });

    test('connections on the old address go on, and new ones are accepted on the new one alone', async () => {
      const port = await freePortOn([OLD, NEW, OTHER]);
      const at = (address: string) => changeOf([], [listenerOf(port, { id: 'lsn-moves', addresses: [address] })]);
      assert.deepEqual(await engine.apply(at(OLD)), []);
      const earlier = await open(port, OLD);
      assert.equal(await ask(earlier), 'HTTP/1.1 200 OK');
      assert.deepEqual(await engine.apply(at(NEW)), []);
      await isClosed(port, OLD);
      const later = await open(port, NEW);
      assert.equal(await ask(later), 'HTTP/1.1 200 OK');
      assert.equal(await ask(earlier), 'HTTP/1.1 200 OK');
      earlier.destroy();
      later.destroy();
      assert.deepEqual(await engine.apply(changeOf([], [], { listeners: ['lsn-moves'] })), []);
    });

    test('a new address that cannot be had leaves the old one as it was, until somebody else is to have that', async () => {
      const port = await freePortOn([OLD, NEW]);
      const stranger = createServer().listen(port, NEW);
      await once(stranger, 'listening');
      const stays = (address: string) => listenerOf(port, { id: 'lsn-stays', addresses: [address] });
      assert.deepEqual(await engine.apply(changeOf([], [stays(OLD)])), []);
      const refused = await engine.apply(changeOf([], [stays(NEW)]));
      assert.deepEqual(
        refused.map(({ listenerId, code }) => [listenerId, code]),
        [['lsn-stays', 'address-in-use']],
      );
      const kept = await open(port, OLD);
      assert.equal(await ask(kept), 'HTTP/1.1 200 OK');

      const heir = listenerOf(port, { id: 'lsn-heir', addresses: [OLD], serviceId: null });
      const still = await engine.apply(changeOf([], [heir]));
      assert.deepEqual(
        still.map(({ listenerId }) => listenerId),
        ['lsn-stays'],
      );
      const inherited = await open(port, OLD);
      assert.equal(await ask(inherited), 'HTTP/1.1 503 Service Unavailable');
      assert.equal(await ask(kept), 'HTTP/1.1 200 OK');

      stranger.close();
      await once(stranger, 'close');
      assert.deepEqual(await engine.apply(changeOf([], [stays(NEW)])), []);
      const moved = await open(port, NEW);
      assert.equal(await ask(moved), 'HTTP/1.1 200 OK');
      for (const socket of [kept, inherited, moved]) socket.destroy();
      assert.deepEqual(await engine.apply(changeOf([], [], { listeners: ['lsn-stays', 'lsn-heir'] })), []);
    });

    test('two listeners exchange their addresses in one change', async () => {
      const port = await freePortOn([OLD, NEW, OTHER]);
      const pair = (one: string, two: string) =>
        changeOf(
          [],
          [
            listenerOf(port, { id: 'lsn-one', addresses: [one, OTHER] }),
            listenerOf(port, { id: 'lsn-two', addresses: [two], serviceId: null }),
          ],
        );
      assert.deepEqual(await engine.apply(pair(OLD, NEW)), []);
      assert.deepEqual(await engine.apply(pair(NEW, OLD)), []);
      for (const [host, status] of [
        [OLD, '503 Service Unavailable'],
        [NEW, '200 OK'],
        [OTHER, '200 OK'],
      ] as const) {
        const socket = await open(port, host);
        assert.equal(await ask(socket), `HTTP/1.1 ${status}`);
        socket.destroy();
      }
      assert.deepEqual(await engine.apply(changeOf([], [], { listeners: ['lsn-one', 'lsn-two'] })), []);
    });
  });
}
