import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { freePort, type Origin, tcpOrigin } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** The race is run until so many requests have met an end that nobody could foresee, and at most so often. */
const SAVED = 3;
const MOST_ROUNDS = 4_000;

/** An origin that remembers which requests it has read, and does with each what `act` says; it answers when that is nothing. */
class ReadingOrigin {
  readonly read: string[] = [];
  act: (socket: Socket, request: string) => boolean = () => false;
  readonly sockets = new Set<Socket>();
  #origin: Origin | null = null;

  async start(): Promise<number> {
    this.#origin = await tcpOrigin((socket) => {
      this.sockets.add(socket);
      socket.setNoDelay(true).on('close', () => this.sockets.delete(socket));
      socket.on('data', (data: Buffer) => {
        const request = /id=(\w+)/.exec(data.toString('latin1'))?.[1] ?? '';
        this.read.push(request);
        if (!this.act(socket, request)) socket.write(ANSWER);
      });
    });
    return this.#origin.port;
  }

  stop(): Promise<void> {
    return this.#origin?.close() ?? Promise.resolve();
  }
}

/** A client with one connection. */
class Client {
  readonly #socket: Socket;

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('error', () => undefined);
  }

  /** Sends a request, and does `meanwhile` in the same moment. Resolves with the status. */
  async post(id: string, meanwhile: () => void = () => undefined): Promise<number> {
    const body = `id=${id}`;
    this.#socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    meanwhile();
    const [answer] = (await once(this.#socket, 'data')) as [Buffer];
    return Number(answer.toString('latin1').slice(9, 12));
  }

  close(): void {
    this.#socket.destroy();
  }
}

for (const reactor of ['uring', 'portable'] as const) {
  describe(`requests that a target has not read, on ${reactor}`, {
    skip: requiresReactor(reactor),
    timeout: 60_000,
  }, () => {
    let engine: ProxyEngine;
    let port: number;
    let origin: ReadingOrigin;

    before(async () => {
      engine = await createEngine({ workers: 1, reactor });
      origin = new ReadingOrigin();
      const service = serviceOf([await origin.start()]);
      port = await freePort();
      await engine.apply(changeOf([service], [listenerOf(port, { idleTimeout: 60_000 })]));
    });

    after(async () => {
      await engine.stop(0);
      await origin.stop();
    });

    const replays = (): number => engine.counters().targets[0]?.replays ?? -1;

    for (const [how, leave] of [
      ['resets', (socket: Socket) => socket.resetAndDestroy()],
      ['closes', (socket: Socket) => socket.destroy()],
      ['ends its side and goes on reading', (socket: Socket) => socket.end()],
    ] as const) {
      it(`does not send a POST again that the target has read before it ${how}`, async () => {
        origin.act = (socket, request) => {
          if (request !== 'once') return false;
          leave(socket);
          return true;
        };
        const [client, before] = [new Client(port), replays()];
        origin.read.length = 0;
        assert.equal(await client.post('first'), 200);
        assert.equal(await client.post('once'), 502);
        assert.deepEqual(origin.read, ['first', 'once']);
        assert.equal(replays(), before);
        client.close();
      });
    }

    it('has a POST read once by a target that goes on reading when it has ended its side', async () => {
      origin.act = () => false;
      const client = new Client(port);
      origin.read.length = 0;
      assert.equal(await client.post('first'), 200);
      const ended = [...origin.sockets];
      const status = await client.post('late', () => {
        for (const socket of ended) socket.end();
      });
      // By whom: the one that had ended, or another connection, if the request had not left yet.
      while (!origin.read.includes('late')) await setImmediate();
      const times = origin.read.filter((id) => id === 'late').length;
      assert.equal(times, 1);
      assert.ok(status === 200 || status === 502, String(status));
      client.close();
    });

    it('sends a POST again that came when the target had closed, and none twice', async () => {
      origin.act = () => false;
      const [client, before] = [new Client(port), replays()];
      const answered = new Map<string, number>();
      origin.read.length = 0;
      for (let round = 0; round < MOST_ROUNDS && replays() < before + SAVED; round++) {
        assert.equal(await client.post(`kept${round}`), 200);
        const id = `raced${round}`;
        const status = await client.post(id, () => {
          // The proxy is at work on the request by now, or not yet: a little later in each round.
          const until = performance.now() + (round % 40) * 0.01;
          while (performance.now() < until);
          for (const socket of origin.sockets) socket.destroy();
        });
        answered.set(id, status);
      }
      for (const [id, status] of answered) {
        const times = origin.read.filter((one) => one === id).length;
        assert.ok(status === 200 || status === 502, `${id}: ${status}`);
        assert.equal(times, status === 200 ? 1 : 0, `${id}, answered ${status}, was read ${times} ×`);
      }
      assert.ok(replays() >= before + SAVED, `${replays() - before} were saved`);
      client.close();
    });
  });
}
