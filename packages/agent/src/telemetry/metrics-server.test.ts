import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { recordingLog } from '../../test/log.ts';
import { fullSnapshot } from '../../test/snapshot.ts';
import { MetricsServer, type NodeHealth } from './metrics-server.ts';
import type { Snapshot } from './snapshot.ts';

let server: MetricsServer | null = null;

afterEach(async () => {
  await server?.close();
  server = null;
});

async function listen(given: { snapshot?: () => Promise<Snapshot>; health?: NodeHealth } = {}) {
  const { log, lines } = recordingLog();
  server = await MetricsServer.listen({
    host: '127.0.0.1',
    port: 0,
    log,
    snapshot: given.snapshot ?? (async () => fullSnapshot()),
    health: () => given.health ?? { status: 'serving', planVersion: 3, controlPlane: 'connected' },
  });
  const { url } = server;
  return { url, origin: new URL(url).origin, lines };
}

test('serves the metrics as Prometheus text', async () => {
  const { url } = await listen();
  const response = await fetch(url);
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  assert.match(await response.text(), /^evenkeel_plan_version 12$/m);
  assert.equal((await fetch(url, { method: 'HEAD' })).status, 200);
});

test('/healthz tells how the node is, with 503 while it drains or has no plan', async () => {
  const { origin } = await listen();
  const response = await fetch(`${origin}/healthz`);
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { status: 'serving', planVersion: 3, controlPlane: 'connected' });
  await server?.close();
  const draining = await listen({ health: { status: 'draining', planVersion: 3, controlPlane: 'unreachable' } });
  assert.equal((await fetch(`${draining.origin}/healthz`)).status, 503);
  await server?.close();
  const health = { status: 'waiting', planVersion: 0, controlPlane: 'connected', waitsFor: 'plan' } as const;
  const waiting = await fetch(`${(await listen({ health })).origin}/healthz`);
  assert.equal(waiting.status, 503);
  assert.deepEqual(await waiting.json(), health);
});

test('other paths and methods are refused', async () => {
  const { url, origin } = await listen();
  assert.equal((await fetch(`${origin}/`)).status, 404);
  const post = await fetch(url, { method: 'POST', body: 'x' });
  assert.equal(post.status, 405);
  assert.equal(post.headers.get('allow'), 'GET, HEAD');
});

test('a fifth scrape at a time is told to come back', async () => {
  const gate = Promise.withResolvers<void>();
  const { url } = await listen({ snapshot: () => gate.promise.then(() => fullSnapshot()) });
  const scrapes = Array.from({ length: 5 }, () => fetch(url).then((response) => response.status));
  assert.equal(await Promise.race(scrapes), 503);
  gate.resolve();
  assert.deepEqual((await Promise.all(scrapes)).sort(), [200, 200, 200, 200, 503]);
});

test('a scrape that fails answers 500 and is logged; the next one works', async () => {
  let broken = true;
  const { url, lines } = await listen({
    snapshot: async () => {
      if (broken) throw new Error('no counters');
      return fullSnapshot();
    },
  });
  assert.equal((await fetch(url)).status, 500);
  assert.equal(lines.length, 1);
  broken = false;
  assert.equal((await fetch(url)).status, 200);
});

test("a port that is taken rejects with the system's code", async () => {
  const { url } = await listen();
  const port = Number(new URL(url).port);
  const again = MetricsServer.listen({
    host: '127.0.0.1',
    port,
    log: recordingLog().log,
    snapshot: async () => fullSnapshot(),
    health: () => ({ status: 'serving', planVersion: 0, controlPlane: 'connected' }),
  });
  await assert.rejects(again, { code: 'EADDRINUSE' });
});
