import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { listenerOf } from '../../test/plans.ts';
import { WaitingHeads } from '../overload/waiting-heads.ts';
import { HEADROOM, NO_BUFFER } from '../reactor/arena.ts';
import { CountedArena } from '../reactor/counted-arena.ts';
import type { Connection, ConnectionHandler } from '../reactor/reactor.ts';
import type { Client } from '../source-address/client.ts';
import type { WorkerContext } from '../worker/context.ts';
import type { Listener } from '../worker/listener.ts';
import { clientHello } from './client-hello.cases.ts';
import { MAX_HELLO } from './client-hello.ts';
import { ServerNameWait } from './server-name-wait.ts';

/** One connection that waits for its name, and what came of it. */
function waiting(buffers: number) {
  const arena = new CountedArena(buffers);
  const outcome = { serverName: null as string | null, received: Buffer.alloc(0), aborted: false };
  const session = {
    onReceive: (_connection: Connection, buffer: number, start: number, end: number) => {
      outcome.received = Buffer.concat([outcome.received, arena.memory.subarray(start, end)]);
      arena.release(buffer);
    },
  } as unknown as ConnectionHandler;
  const connection = {
    handler: session,
    setDeadline: () => undefined,
    abort: () => {
      outcome.aborted = true;
    },
  } as unknown as Connection;
  const overload = { waiting: new WaitingHeads(() => 1) };
  const worker = { arena, memory: arena.memory, reactor: { now: 0 }, overload } as unknown as WorkerContext;
  const listener = {
    planned: { ...listenerOf(1), accessLog: false },
    cells: new Uint32Array(256),
    addSession: () => undefined,
    leave: () => undefined,
    removeSession: () => undefined,
  } as unknown as Listener;
  new ServerNameWait(worker, listener, connection, {} as Client, (serverName) => {
    outcome.serverName = serverName;
    connection.handler = session;
  });
  const receive = (bytes: Uint8Array): void => {
    const buffer = arena.acquire();
    assert.notEqual(buffer, NO_BUFFER, 'a buffer to receive into');
    const start = arena.base(buffer) + HEADROOM;
    arena.memory.set(bytes, start);
    connection.handler.onReceive(connection, buffer, start, start + bytes.length);
  };
  return { arena, outcome, receive };
}

describe('waiting for a server name', () => {
  for (const recordSize of [1, 100, 10_000]) {
    it(`holds no buffer for a ClientHello that comes byte by byte, in records of ${recordSize}`, () => {
      const bytes = clientHello({ serverName: 'slow.test', recordSize });
      const { arena, outcome, receive } = waiting(2);
      for (let i = 0; i < bytes.length; i++) {
        assert.equal(outcome.serverName, null);
        receive(bytes.subarray(i, i + 1));
        assert.equal(arena.free, 2, `after ${i + 1} bytes`);
      }
      assert.equal(outcome.serverName, 'slow.test');
      assert.ok(outcome.received.equals(bytes));
    });
  }

  it('goes on without a name when there is no end, with all that has come', () => {
    const { arena, outcome, receive } = waiting(4);
    // A message of the greatest size, in records of a byte each.
    const bytes = Buffer.concat([
      Buffer.of(22, 3, 1, 0, 6, 1, 0, 0x3f, 0, 3, 3),
      ...Array(4_000).fill(Buffer.of(22, 3, 1, 0, 1, 0)),
    ]);
    let at = 0;
    for (; outcome.serverName === null && at < bytes.length; at += 3) {
      receive(bytes.subarray(at, at + 3));
      assert.equal(arena.free, 4);
    }
    assert.equal(outcome.serverName, '');
    assert.ok(at > MAX_HELLO - 8 && at < MAX_HELLO + 8);
    assert.ok(outcome.received.equals(bytes.subarray(0, at)));
  });

  it('ends the connection when there is no buffer for what was held', () => {
    const { arena, outcome, receive } = waiting(1);
    const bytes = clientHello({ serverName: 'slow.test' });
    receive(bytes.subarray(0, 20));
    receive(bytes.subarray(20));
    assert.deepEqual([outcome.serverName, outcome.aborted, outcome.received.length], [null, true, 0]);
    assert.equal(arena.free, 1);
  });
});
