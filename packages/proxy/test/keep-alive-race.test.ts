import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, createServer, request, type Server } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { Random } from '../src/reactor/simulated/random.ts';
import { freePort } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

/** A backend that closes idle connections after so many milliseconds, and can be restarted on its port. */
class Backend {
  readonly port: number;
  /** The bodies that it has been sent. */
  readonly taken: string[] = [];
  readonly #idleLimit: number;
  readonly #says: boolean;
  #server: Server | null = null;

  constructor(port: number, idleLimit: number, says: boolean) {
    this.port = port;
    this.#idleLimit = idleLimit;
    this.#says = says;
  }

  async start(): Promise<void> {
    const server = createServer({ keepAliveTimeout: this.#idleLimit }, (incoming, response) => {
      // Without a word of its own, Node tells the limit in `Keep-Alive`.
      if (!this.#says) response.setHeader('Connection', 'keep-alive');
      incoming.setEncoding('latin1').on('data', (body: string) => this.taken.push(body));
      incoming.on('end', () => response.end('ok'));
    });
    // Since Node 24 it closes a second later than it was told to, for the sake of this very race.
    if ('keepAliveTimeoutBuffer' in server) server.keepAliveTimeoutBuffer = 0;
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
  }

  /** Ends in good order: what is under way is answered, what is idle is closed. */
  async stop(): Promise<void> {
    const server = this.#server!;
    server.close();
    server.closeIdleConnections();
    await once(server, 'close');
  }
}

let bodies = 0;

/** Sends requests one after the other, each after a pause; tells what did not get a 200. */
async function client(
  port: number,
  random: Random,
  until: () => boolean,
  methodOf: () => string,
  longestPause = 1_500,
): Promise<string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const failed: string[] = [];
  while (!until()) {
    const method = methodOf();
    const outgoing = request({ port, host: '127.0.0.1', agent, method });
    outgoing.end(method === 'POST' ? `body ${++bodies}` : undefined);
    const outcome = await new Promise<string>((resolve) => {
      outgoing.on('error', (error) => resolve(`${method}: ${error.message}`));
      outgoing.on('response', (response) => {
        response
          .resume()
          .on('end', () => resolve(response.statusCode === 200 ? '' : `${method}: ${response.statusCode}`));
      });
    });
    if (outcome !== '') failed.push(outcome);
    await new Promise((resolve) => setTimeout(resolve, random.fraction() ** 2 * longestPause));
  }
  agent.destroy();
  return failed;
}

for (const reactor of ['uring', 'portable'] as const) {
  describe(`the keep-alive race on ${reactor}`, { skip: requiresReactor(reactor), timeout: 120_000 }, () => {
    let engine: ProxyEngine;

    before(async () => {
      engine = await createEngine({ workers: 2, reactor });
    });

    after(() => engine.stop(0));

    it('fails no request while backends with idle limits of 1 s and more are restarted one by one', async () => {
      const port = await freePort();
      const backends: Backend[] = [];
      for (const [index, limit] of [1_000, 1_000, 2_000, 5_000].entries()) {
        backends.push(new Backend(await freePort(), limit, index % 2 === 0));
      }
      for (const backend of backends) await backend.start();
      const service = serviceOf(backends.map((backend) => backend.port));
      await engine.apply(changeOf([service], [listenerOf(port, { idleTimeout: 60_000 })]));
      let over = false;
      const random = new Random(11);
      const clients = Array.from({ length: 24 }, () =>
        client(
          port,
          random.fork(),
          () => over,
          () => 'GET',
        ),
      );
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      for (const backend of backends) {
        await backend.stop();
        await new Promise((resolve) => setTimeout(resolve, 200));
        await backend.start();
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      over = true;
      assert.deepEqual((await Promise.all(clients)).flat(), []);
      for (const backend of backends) await backend.stop();
    });

    it('has each POST carried out once at most while backends are restarted one by one, and fails hardly any', async () => {
      const port = await freePort();
      const backends: Backend[] = [];
      for (const limit of [1_000, 1_000, 2_000]) backends.push(new Backend(await freePort(), limit, false));
      for (const backend of backends) await backend.start();
      const service = serviceOf(
        backends.map((backend) => backend.port),
        { id: 'svc-rolling' },
      );
      await engine.apply(
        changeOf([service], [listenerOf(port, { id: 'rolling', serviceId: 'svc-rolling', idleTimeout: 60_000 })]),
      );
      let over = false;
      const random = new Random(13);
      const first = bodies;
      const clients = Array.from({ length: 24 }, () =>
        client(
          port,
          random.fork(),
          () => over,
          () => 'POST',
          300,
        ),
      );
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      for (const backend of backends) {
        await backend.stop();
        await backend.start();
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      over = true;
      const failed = (await Promise.all(clients)).flat();
      const taken = backends.flatMap((backend) => backend.taken);
      assert.equal(new Set(taken).size, taken.length, 'none is carried out twice');
      // What had come to a backend that closed without reading it looks as if it might have been carried out.
      assert.deepEqual(
        failed,
        failed.map(() => 'POST: 502'),
      );
      assert.ok(failed.length <= (bodies - first) / 20, `${failed.length} of ${bodies - first} failed`);
      assert.equal(taken.length, bodies - first - failed.length);
      for (const backend of backends) await backend.stop();
    });

    it('sends what cannot be sent twice by connections that the target will not close, once it knows when that is', async () => {
      const port = await freePort();
      const backend = new Backend(await freePort(), 1_000, false);
      await backend.start();
      const service = serviceOf([backend.port], { id: 'svc-post' });
      await engine.apply(
        changeOf([service], [listenerOf(port, { id: 'post', serviceId: 'svc-post', idleTimeout: 60_000 })]),
      );
      let over = false;
      let learned = false;
      const random = new Random(12);
      const clients = Array.from({ length: 16 }, () =>
        client(
          port,
          random.fork(),
          () => over,
          () => (learned && random.chance(0.7) ? 'POST' : 'GET'),
        ),
      );
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      learned = true;
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      over = true;
      assert.deepEqual((await Promise.all(clients)).flat(), []);
      const counters = engine.counters().targets.find(({ serviceId }) => serviceId === 'svc-post')!;
      assert.ok(counters.connections < counters.requests, 'connections are used again');
      await backend.stop();
    });
  });
}
