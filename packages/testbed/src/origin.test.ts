import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Echo, Origin } from './origin.ts';

test('an origin answers with its name, echoes, and shapes its answers by the query', async () => {
  const origin = await Origin.start({ name: 'blue' });
  const base = `http://${origin.address}:${origin.port}`;
  try {
    const plain = await fetch(`${base}/`);
    assert.equal(plain.headers.get('x-origin'), 'blue');
    assert.equal(await plain.text(), 'blue\n');

    const echo = (await (await fetch(`${base}/echo?x=1`, { method: 'POST', body: 'hello' })).json()) as Echo;
    assert.deepEqual([echo.origin, echo.method, echo.url, echo.body], ['blue', 'POST', '/echo?x=1', 'hello']);

    const sized = await fetch(`${base}/?size=200000&status=201`);
    assert.equal(sized.status, 201);
    assert.equal(sized.headers.get('content-length'), '200000');
    assert.equal((await sized.arrayBuffer()).byteLength, 200_000);

    const chunked = await fetch(`${base}/?size=1000&chunks=7&close`);
    assert.equal(chunked.headers.get('content-length'), null);
    assert.equal(chunked.headers.get('connection'), 'close');
    assert.equal((await chunked.arrayBuffer()).byteLength, 1000);
    assert.equal(origin.requests, 4);
  } finally {
    await origin.stop();
  }
});

test('an origin on a port that is taken says so', async () => {
  const first = await Origin.start({ name: 'first' });
  try {
    await assert.rejects(Origin.start({ name: 'second', port: first.port }), { code: 'EADDRINUSE' });
  } finally {
    await first.stop();
  }
});
