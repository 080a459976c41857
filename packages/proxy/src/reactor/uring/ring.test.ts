import assert from 'node:assert/strict';
import { it } from 'node:test';
import { NO_BUFFER } from '../arena.ts';
import { withoutUring } from '../contract/available.ts';
import { Closed, type Connection, type ConnectionHandler } from '../reactor.ts';
import { UringReactor } from './reactor.ts';

it('carries out more operations in one turn than its rings hold', { skip: withoutUring }, () => {
  const reactor = new UringReactor({ buffers: 4096, submissions: 64 });
  const { arena } = reactor;
  const word = arena.intern(Buffer.from('word'));
  const count = 1500;
  let [received, finished] = [0, 0];
  const handler: ConnectionHandler = {
    onConnected: (connection: Connection) => {
      for (let i = 0; i < 3; i++) connection.send(NO_BUFFER, word.start, word.end);
      connection.end();
    },
    onReceive: (_connection, buffer, start, end) => {
      received += end - start;
      arena.release(buffer);
    },
    onSent: () => {},
    onEnd: (connection) => connection.end(),
    onDeadline: () => {},
    onClosed: (_connection, reason) => {
      assert.equal(reason, Closed.finished);
      finished++;
    },
  };
  const socket = reactor.listen(
    { address: '127.0.0.1', port: 0, backlog: 2048, reusePort: false },
    {
      onListening: ({ endpoint }) => {
        // As many sockaddrs and submissions at once: several times what fits.
        for (let i = 0; i < count; i++) reactor.connect(endpoint, handler);
      },
      onAccept: (connection) => {
        connection.handler = handler;
      },
      onFailed: (_socket, error) => assert.fail(error.message),
    },
  );
  const end = performance.now() + 20_000;
  while (finished < 2 * count && performance.now() < end) reactor.turn(10);
  assert.equal(finished, 2 * count);
  assert.equal(received, count * 3 * 'word'.length);
  assert.equal(arena.free, arena.capacity);
  socket.close();
  reactor.destroy();
});
