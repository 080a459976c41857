import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { post } from './post.ts';

test('what comes of a closed port reads as what comes of one that hangs up', async () => {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const options = { allowLocal: true, resolve: async () => [], signal: new AbortController().signal };
  const send = () => post(`http://127.0.0.1:${port}/`, '{}', {}, options);
  const hungUp = await send();
  server.close();
  await once(server, 'close');
  const closed = await send();
  assert.deepEqual([closed.status, closed.error], [hungUp.status, hungUp.error]);
  assert.match(closed.error, /^it could not be reached/);
  assert.doesNotMatch(closed.error, /ECONN|127/);
});
