import assert from 'node:assert/strict';
import { get } from 'node:https';
import { test } from 'node:test';
import { MetricsListener } from './metrics-listener.ts';
import { makeSelfSigned } from './self-signed.ts';

const metrics = { contentType: 'text/plain; version=0.0.4', text: async () => 'up 1\n' };

test('metrics are answered at an address of their own, and nothing else is', async () => {
  const listener = await MetricsListener.open({
    place: { host: '127.0.0.1', port: 0 },
    heldSocket: null,
    metrics,
    tls: null,
  });
  try {
    assert.match(listener.url, /^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
    const answer = await fetch(listener.url);
    assert.deepEqual(
      [answer.status, answer.headers.get('content-type'), await answer.text()],
      [200, metrics.contentType, 'up 1\n'],
    );
    assert.equal((await fetch(listener.url, { method: 'POST' })).status, 405);
    assert.equal((await fetch(new URL('/v1/identity', listener.url))).status, 404);
    const { port } = new URL(listener.url);
    const twice = MetricsListener.open({
      place: { host: '127.0.0.1', port: Number(port) },
      heldSocket: null,
      metrics,
      tls: null,
    });
    await assert.rejects(twice, /cannot serve metrics on 127\.0\.0\.1 port \d+ \(EADDRINUSE\)/);
  } finally {
    await listener.close();
  }
});

test('with a certificate they are encrypted, and with the next one when that changes', async () => {
  const [first, second] = [makeSelfSigned(['127.0.0.1'], Date.now()), makeSelfSigned(['127.0.0.1'], Date.now())];
  const listener = await MetricsListener.open({
    place: { host: '127.0.0.1', port: 0 },
    heldSocket: null,
    metrics,
    tls: first,
  });
  try {
    const { port, protocol } = new URL(listener.url);
    assert.equal(protocol, 'https:');
    const asked = (ca: string) =>
      new Promise<number>((resolve, reject) => {
        get({ host: '127.0.0.1', port, path: '/metrics', ca, agent: false }, (answer) => {
          answer.resume();
          resolve(answer.statusCode!);
        }).on('error', reject);
      });
    assert.equal(await asked(first.certificate), 200);
    await assert.rejects(asked(second.certificate));
    listener.show(second);
    assert.equal(await asked(second.certificate), 200);
  } finally {
    await listener.close();
  }
});
