import assert from 'node:assert/strict';
import { test } from 'node:test';
import { socketPair } from '../../test/socket-pair.ts';
import { close } from '../reactor/ffi/libc.ts';
import { isListening, localEndpoint, openListening, stopListening } from '../reactor/ffi/sockets.ts';
import { SocketHold } from './socket-hold.ts';

function listening(): number {
  const opened = openListening({ address: '127.0.0.1', port: 0, backlog: 16, reusePort: true });
  assert.ok('descriptor' in opened);
  return opened.descriptor;
}

const portOf = (descriptor: number) => localEndpoint(descriptor).port;

test('sockets that are held listen on when everybody has closed them, and are restored', (t) => {
  const pair = socketPair(t);
  const sockets = Array.from({ length: 300 }, listening);
  const ports = sockets.map(portOf);
  assert.equal(new SocketHold(...pair).save(sockets), null);
  for (const socket of sockets) close(socket);
  const restored = new SocketHold(...pair).restore();
  t.after(() => restored.map(close));
  assert.deepEqual(restored.map(portOf), ports);
  assert.ok(restored.every(isListening));
});

test('the newest set counts, and what left it is let go', (t) => {
  const pair = socketPair(t);
  const hold = new SocketHold(...pair);
  const [gone, kept, added] = [listening(), listening(), listening()];
  assert.equal(hold.save([gone, kept]), null);
  stopListening(gone);
  close(gone);
  for (let i = 0; i < 50; i++) assert.equal(hold.save([kept, added]), null);
  assert.equal(hold.held, 2);
  const restored = new SocketHold(...pair).restore();
  t.after(() => [kept, added, ...restored].map(close));
  assert.deepEqual(restored.map(portOf), [kept, added].map(portOf));
});

test('a set that does not fit is refused, and the one before it is still held', (t) => {
  const pair = socketPair(t);
  const hold = new SocketHold(...pair);
  const socket = listening();
  t.after(() => close(socket));
  assert.equal(hold.save([socket]), null);
  let problem: string | null = null;
  const many = Array.from({ length: 253 * 2_000 }, () => socket);
  problem = hold.save(many);
  assert.equal(problem, 'EAGAIN');
  const restored = new SocketHold(...pair).restore();
  t.after(() => restored.map(close));
  assert.deepEqual(restored.map(portOf), [portOf(socket)]);
});

test('an empty set is held as such', (t) => {
  const pair = socketPair(t);
  const hold = new SocketHold(...pair);
  const socket = listening();
  assert.equal(hold.save([socket]), null);
  assert.equal(hold.save([]), null);
  close(socket);
  assert.deepEqual(new SocketHold(...pair).restore(), []);
});
