import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { askToJoin, JoinRefusal, NoJoinToken } from './join.ts';

const REQUEST = { token: `ekjoin_${'a'.repeat(43)}`, node: 'lb-1', zone: 'east', publicKey: 'key', proof: 'proof' };

test('what is no join token is refused before anybody is asked', async () => {
  for (const token of ['garbage', '', 'ektok_abc', `ekjoin_${'a'.repeat(42)}`, `${REQUEST.token}.short`]) {
    await assert.rejects(askToJoin('https://127.0.0.1:1', { ...REQUEST, token }, {}), (error: Error) => {
      return error instanceof NoJoinToken && /is no join token: give it whole/.test(error.message);
    });
  }
});

test('who cannot be reached is named, and may be asked again', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  await assert.rejects(askToJoin(`https://127.0.0.1:${port}`, REQUEST, {}), (error: Error) => {
    return (
      !(error instanceof JoinRefusal) && error.message.startsWith(`https://127.0.0.1:${port}: connect ECONNREFUSED`)
    );
  });
});
