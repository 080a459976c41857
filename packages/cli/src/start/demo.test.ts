import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from '@evenkeel/client/client.ts';
import { demoRefusal, demoSilence } from './demo.ts';

/** An API whose listener has these states on its only node, one after the other; the last one stays. */
function apiOf(...states: string[]): Client {
  const listListeners = async () => ({
    items: [
      { nodes: [{ state: states.length > 1 ? states.shift() : states[0], code: 'address-in-use', detail: 'taken' }] },
    ],
  });
  return { listListeners } as unknown as Client;
}

const TAKEN =
  'its listener is refused: taken; give a second installation on this machine addresses of its own ' +
  'from its first start on (--vip-pool 127.78.0.0/16)';

test('a listener that the node refuses is told, also when the node says so late', async () => {
  assert.equal(await demoRefusal(apiOf('refused'), 'lb-1'), TAKEN);
  assert.equal(await demoRefusal(apiOf('pending', 'pending', 'refused'), 'lb-1'), TAKEN);
});

test('one that runs, or whose node is not connected, is no trouble', async () => {
  assert.equal(await demoRefusal(apiOf('pending', 'active'), 'lb-1'), null);
  assert.equal(await demoRefusal(apiOf('offline'), 'lb-1'), null);
});

test('it is there when a target is healthy, however late, and asked for no longer than somebody waits', async () => {
  const counts = [0, 0, 2];
  const queries: unknown[] = [];
  const listTargetHealth = async ({ query }: { query: unknown }) => {
    queries.push(query);
    return { items: Array(counts.shift()!) };
  };
  const client = { listTargetHealth } as unknown as Client;
  assert.equal(await demoSilence(client, 'lb-1', new AbortController().signal), null);
  assert.deepEqual(queries, Array(3).fill({ loadBalancerId: 'lb-1', state: 'healthy' }));
  counts.push(0);
  await assert.rejects(demoSilence(client, 'lb-1', AbortSignal.abort()), { name: 'AbortError' });
});
