import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { withoutUring } from '../contract/available.ts';
import { close } from '../ffi/libc.ts';
import { localEndpoint, openListening } from '../ffi/sockets.ts';
import { newTrace, type Remains, Trace } from './remains.ts';

/** A thread that accepts one connection and then hangs; within the handler, if it is told to. */
const HANGING = `
  const { parentPort, workerData } = require('node:worker_threads');
  import(workerData.reactor).then(({ UringReactor }) => {
    const reactor = new UringReactor({ buffers: 64, trace: workerData.trace });
    const { descriptor } = workerData;
    let accepted = false;
    reactor.listen({ address: '127.0.0.1', port: 0, backlog: 16, reusePort: true, descriptor }, {
      onListening() {},
      onFailed() {},
      onAccept(connection) {
        if (workerData.isTrap) {
          parentPort.postMessage(reactor.remains);
          for (;;);
        }
        accepted = true;
        connection.handler = { onReceive() {}, onSent() {}, onEnd() {}, onDeadline() {}, onClosed() {}, onConnected() {} };
      },
    });
    if (workerData.isTrap) {
      reactor.turn(0);
      parentPort.postMessage('listens');
      Atomics.wait(workerData.go, 0, 0);
    }
    while (!accepted) reactor.turn(10);
    reactor.turn(1);
    parentPort.postMessage(reactor.remains);
    for (;;);
  });`;

test('what a thread that was ended had open is closed, and its listening socket goes to the next', {
  skip: withoutUring,
}, async (t) => {
  const opened = openListening({ address: '127.0.0.1', port: 0, backlog: 16, reusePort: true });
  assert.ok('descriptor' in opened);
  const { descriptor } = opened;
  t.after(() => close(descriptor));
  const { port } = localEndpoint(descriptor);
  const memory = newTrace();
  const reactor = new URL('./reactor.ts', import.meta.url).href;
  const workerData = { trace: memory, descriptor, reactor };
  for (let round = 0; round < 2; round++) {
    const thread = new Worker(HANGING, { eval: true, workerData });
    const client = connect(port, '127.0.0.1');
    t.after(() => client.destroy());
    client.resume();
    client.on('error', () => undefined);
    const [remains] = (await once(thread, 'message')) as [Remains];
    await thread.terminate();
    const closed = once(client, 'close');
    assert.ok(Buffer.byteLength(JSON.stringify(remains)) < 1_000, 'addresses alone, not what lies there');
    for (const mapping of remains.mappings) assert.deepEqual(Object.keys(mapping), ['address', 'size']);
    assert.equal(new Trace(memory).clear(remains), 1);
    await closed;
    assert.equal(new Trace(memory).clear(remains), 0, 'once');
  }
});

test('connections that a thread was told of, and never came to, are closed as well', {
  skip: withoutUring,
}, async (t) => {
  const opened = openListening({ address: '127.0.0.1', port: 0, backlog: 16, reusePort: true });
  assert.ok('descriptor' in opened);
  const { descriptor } = opened;
  t.after(() => close(descriptor));
  const { port } = localEndpoint(descriptor);
  const memory = newTrace();
  const go = new Int32Array(new SharedArrayBuffer(4));
  const reactor = new URL('./reactor.ts', import.meta.url).href;
  const thread = new Worker(HANGING, {
    eval: true,
    workerData: { trace: memory, descriptor, reactor, isTrap: true, go },
  });
  await once(thread, 'message');
  const clients = Array.from({ length: 5 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  t.after(() => clients.map((client) => client.destroy()));
  await Promise.all(clients.map((client) => once(client, 'connect')));
  const closed = clients.map((client) => once(client.resume(), 'close'));
  Atomics.store(go, 0, 1);
  Atomics.notify(go, 0);
  const [remains] = (await once(thread, 'message')) as [Remains];
  await thread.terminate();
  assert.equal(new Trace(memory).clear(remains), clients.length);
  await Promise.all(closed);
});
