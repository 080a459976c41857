import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import type { EngineCounters } from '../src/telemetry/counters.ts';
import { freePort, httpOrigin } from './exchange.ts';
import { statusesIn } from './front.ts';

/** Descriptors of the process under test; 256 of them count as taken by other things than connections. */
const DESCRIPTORS = 456;
/** Connections from which on new ones are turned away: 90 % of the rest. */
const MOST = 180;
/** Connections that may owe a head: half of the rest. */
const MOST_WAITING = 100;

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

/** An engine in a process of its own with few descriptors. */
class SmallNode implements AsyncDisposable {
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#process = child;
  }

  static async start(reactor: string, port: number, origin: number): Promise<SmallNode> {
    const program = join(import.meta.dirname, 'small-node.fixture.ts');
    const command = `ulimit -n ${DESCRIPTORS} && exec "$0" "$@"`;
    const args = ['-c', command, process.execPath, program, reactor, String(port), String(origin)];
    const child = spawn('/bin/sh', args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    await once(child, 'message');
    return new SmallNode(child);
  }

  async counters(): Promise<EngineCounters> {
    const answer = once(this.#process, 'message');
    this.#process.send('counters');
    const [counters] = await answer;
    return counters as EngineCounters;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exit = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exit;
  }
}

class Clients {
  readonly #port: number;
  readonly #sockets: Socket[] = [];

  constructor(port: number) {
    this.#port = port;
  }

  /** A client that has sent `bytes`, and what it has received. */
  async open(
    bytes: string,
  ): Promise<{ socket: Socket; received: () => string; answered: (count: number) => Promise<void> }> {
    const socket = connect({ port: this.#port, host: '127.0.0.1' });
    this.#sockets.push(socket);
    let text = '';
    let closed = false;
    socket.setEncoding('latin1').on('data', (piece: string) => {
      text += piece;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      closed = true;
    });
    await once(socket, 'connect');
    socket.write(bytes);
    const answered = async (count: number): Promise<void> => {
      while (statusesIn(text).length < count && !closed) await new Promise((resolve) => setTimeout(resolve, 2));
    };
    return { socket, received: () => text, answered };
  }

  close(): void {
    for (const socket of this.#sockets.splice(0)) socket.destroy();
  }
}

for (const reactor of ['uring', 'portable'] as const) {
  describe(`a node with few descriptors on ${reactor}`, { skip: requiresReactor(reactor), timeout: 120_000 }, () => {
    it('turns new connections away with 503, and serves those that are there, and new ones when some have gone', async () => {
      const origin = await httpOrigin((_request, response) => response.end('ok'));
      const port = await freePort();
      await using node = await SmallNode.start(reactor, port, origin.port);
      const clients = new Clients(port);
      try {
        const here = [];
        let refused = 0;
        for (let i = 0; i < MOST + 40; i++) {
          const client = await clients.open(GET);
          await client.answered(1);
          const [status] = statusesIn(client.received());
          if (status === 200) here.push(client);
          else {
            refused++;
            assert.match(client.received(), /^HTTP\/1\.1 503 .*\r\nRetry-After: 1\r\nConnection: close\r\n/s);
          }
        }
        assert.ok(here.length >= MOST - 10 && here.length <= MOST, `${here.length} are there`);
        assert.ok(refused >= 40);
        let counters = await node.counters();
        assert.equal(counters.listeners[0]!.limits['overload'], refused);
        // A worker tells how it is a few times a second.
        while (counters.workers[0]!.overload.length === 0) counters = await node.counters();
        assert.deepEqual(counters.workers[0]!.overload, ['descriptors']);
        // They go on, and are asked to make room.
        const [first] = here;
        first!.socket.write(GET);
        await first!.answered(2);
        assert.match(first!.received(), /\r\nConnection: close\r\n/);
        assert.equal(statusesIn(first!.received()).length, 2);
        for (const { socket } of here.slice(0, 40)) socket.destroy();
        let last = 0;
        while (last !== 200) {
          const again = await clients.open(GET);
          await again.answered(1);
          [last = 0] = statusesIn(again.received());
        }
      } finally {
        clients.close();
        await origin.close();
      }
    });

    it('has room for others when many never finish their heads: the oldest of those go', async () => {
      const origin = await httpOrigin((_request, response) => response.end('ok'));
      const port = await freePort();
      await using node = await SmallNode.start(reactor, port, origin.port);
      const clients = new Clients(port);
      try {
        const slow = [];
        for (let i = 0; i < MOST_WAITING + 50; i++) slow.push(await clients.open('GET / HT'));
        const client = await clients.open(GET);
        await client.answered(1);
        assert.deepEqual(statusesIn(client.received()), [200]);
        const { listeners, workers } = await node.counters();
        assert.deepEqual(listeners[0]!.limits, { 'waiting-heads': 51 });
        assert.ok(workers[0]!.waitingHeads <= MOST_WAITING);
        assert.ok(slow.slice(0, 50).every(({ socket }) => socket.destroyed));
        assert.ok(slow.slice(51).every(({ socket }) => !socket.destroyed));
      } finally {
        clients.close();
        await origin.close();
      }
    });
  });
}
