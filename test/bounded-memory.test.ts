import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openIdleClients } from '@evenkeel/testbed/load/idle-clients.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { Download, hashOfPattern, sendPattern } from './product/download.ts';
import { Installation } from './product/installation.ts';
import { httpOrigin, type Origin, tcpOrigin } from './product/origins.ts';
import { SlowHeads } from './product/slow-heads.ts';
import { ask, Traffic } from './product/traffic.ts';
import { until } from './product/until.ts';

/**
 * What slow, idle and silent peers cost the node. Memory is that of the whole agent process (VmRSS), whose garbage
 * collector alone moves it by some MiB; the bounds are far below what buffering would cost. Exact figures are measured
 * by `npm run bench`.
 */
const MIB = 1024 * 1024;
const DOWNLOAD = 64 * MIB;
/** At once: one chance in thirty that a worker of two has none of them. */
const FAST_DOWNLOADS = 6;
const DOWNLOAD_RATE = 16 * MIB;
/** Two threads may each take 8 MiB at once: the half of their room for young objects that was empty. */
const DOWNLOAD_GROWTH = 16 * MIB;
const CLIENTS = 2_000;
const BYTES_PER_IDLE_CLIENT = 16 * 1024;
const BYTES_PER_WAITING_CLIENT = 24 * 1024;
const HEADER_TIMEOUT = 3;
const READ_TIMEOUT = 2;
/** Milliseconds that clients wait: it is the node that ends their requests, also where thousands begin slowly. */
const PATIENCE = 60_000;

for (const reactor of ['uring', 'portable'] as const) {
  describe(`bounds on ${reactor}`, { skip: requiresReactor(reactor) }, () => {
    let evenkeel: Installation;
    let origin: Origin;
    let mute: Origin;
    let vip: string;

    before(async () => {
      evenkeel = await Installation.start({ reactor });
      origin = await httpOrigin('origin', (request, response) => {
        if (request.url === '/download') void sendPattern(response, DOWNLOAD);
        else response.end('a short answer');
      });
      mute = await tcpOrigin((socket) => socket.resume());
      const targetsOf = ({ address, port }: Origin) => [{ address, port }];
      const created = await evenkeel.client.createLoadBalancer({
        body: {
          name: 'web',
          listeners: [
            { protocol: 'http', port: 8080, headerTimeout: HEADER_TIMEOUT, service: { targets: targetsOf(origin) } },
            {
              protocol: 'http',
              port: 8081,
              service: { targets: targetsOf(mute), readTimeout: READ_TIMEOUT, healthCheck: { enabled: false } },
            },
          ],
        },
      });
      await evenkeel.applied(created);
      vip = created.vip;
    });

    after(async () => {
      await evenkeel?.[Symbol.asyncDispose]();
      await origin?.[Symbol.asyncDispose]();
      await mute?.[Symbol.asyncDispose]();
    });

    test(`a slow download of ${DOWNLOAD / MIB} MiB is not kept in memory`, async (t) => {
      const url = `http://${vip}:8080/download`;
      const expected = hashOfPattern(DOWNLOAD);
      const whole = async () => (await Download.start(url, Infinity)).finish();
      // Each worker touches its buffers once: whichever has the slow one has had a fast one before.
      const fast = await Promise.all(Array.from({ length: FAST_DOWNLOADS }, whole));
      assert.deepEqual(new Set(fast), new Set([expected]), 'at full speed, to warm up');
      const rest = evenkeel.agent.residentBytes;
      const download = await Download.start(url, DOWNLOAD_RATE);
      let highest = rest;
      while (!download.ended) {
        await sleep(50);
        highest = Math.max(highest, evenkeel.agent.residentBytes);
      }
      assert.equal(await download.finish(), expected);
      t.diagnostic(`${((highest - rest) / MIB).toFixed(1)} MiB more than at rest`);
      assert.ok(highest - rest < DOWNLOAD_GROWTH, `${highest - rest} bytes more than at rest`);
    });

    test(`${CLIENTS} idle keep-alive clients cost at most ${BYTES_PER_IDLE_CLIENT / 1024} KiB each`, async (t) => {
      const clients = { address: vip, port: 8080, path: '/' };
      // As many before them: what a node takes for its first thousands of clients, whoever they are, is none of theirs.
      const first = await openIdleClients({ ...clients, count: CLIENTS });
      const rest = evenkeel.agent.residentBytes;
      const many = await openIdleClients({ ...clients, count: CLIENTS });
      t.after(() => [first, many].map((opened) => opened.close()));
      const each = (evenkeel.agent.residentBytes - rest) / CLIENTS;
      t.diagnostic(`${(each / 1024).toFixed(1)} KiB each`);
      assert.equal(many.open, CLIENTS);
      assert.ok(each <= BYTES_PER_IDLE_CLIENT, `${each} bytes each`);
    });

    test(`a target that never answers: ${CLIENTS} requests end with 504, and others are served meanwhile`, async (t) => {
      const traffic = new Traffic(`http://${vip}:8080/`, 4);
      t.after(() => traffic.stop());
      await until('traffic flows', () => traffic.answered > 20);
      const rest = evenkeel.agent.residentBytes;
      const waiting = Promise.all(
        Array.from({ length: CLIENTS }, () => ask(`http://${vip}:8081/`, undefined, PATIENCE)),
      );
      await until('all requests have reached the target', () => mute.count >= CLIENTS);
      const each = (evenkeel.agent.residentBytes - rest) / CLIENTS;
      const served = traffic.answered;
      const statuses = await waiting;
      await traffic.stop();
      assert.deepEqual(new Set(statuses), new Set([504]));
      assert.ok(traffic.answered > served, 'others were served meanwhile');
      assert.deepEqual(traffic.failures, []);
      t.diagnostic(`${(each / 1024).toFixed(1)} KiB each`);
      assert.ok(each <= BYTES_PER_WAITING_CLIENT, `${each} bytes each`);
    });

    test(`${CLIENTS} clients that send their heads byte by byte get 408, and others are served meanwhile`, async (t) => {
      const rest = evenkeel.agent.residentBytes;
      const slow = await SlowHeads.open(vip, 8080, CLIENTS, 250);
      t.after(() => slow.close());
      const traffic = new Traffic(`http://${vip}:8080/`, 4);
      t.after(() => traffic.stop());
      await until('they are at it, and others are served', () => traffic.answered > 100);
      const each = (evenkeel.agent.residentBytes - rest) / CLIENTS;
      await until('all have been sent away', () => slow.closed === CLIENTS);
      await traffic.stop();
      assert.deepEqual(slow.endings, { 'HTTP/1.1 408 Request Timeout': CLIENTS });
      assert.deepEqual(traffic.failures, []);
      t.diagnostic(`${(each / 1024).toFixed(1)} KiB each`);
      assert.ok(each <= BYTES_PER_WAITING_CLIENT, `${each} bytes each`);
    });
  });
}
