import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Running } from './running.ts';

test('load balancers are listed by a tag, with its value or with any, in pages', async (t) => {
  const running = await Running.start(t);
  const tagged = { shop: { team: 'shop', formula: 'a=b' }, pay: { team: 'pay' }, plain: {} };
  for (const [name, tags] of Object.entries(tagged)) {
    await running.call('createLoadBalancer', { body: { name, tags } });
  }
  const named = async (tag: string) =>
    (await running.call('listLoadBalancers', { query: { tag } })).items.map(({ name }) => name);
  assert.deepEqual(await named('team=shop'), ['shop']);
  assert.deepEqual(await named('team'), ['shop', 'pay']);
  assert.deepEqual(await named('formula=a=b'), ['shop']);
  assert.deepEqual(await named('formula=a'), []);
  assert.deepEqual(await named('toString'), []);
  const first = await running.call('listLoadBalancers', { query: { tag: 'team', limit: 1 } });
  const next = await running.call('listLoadBalancers', { query: { tag: 'team', limit: 1, cursor: first.nextCursor! } });
  assert.deepEqual([first.items[0]!.name, next.items[0]!.name], ['shop', 'pay']);
  assert.equal((await running.refused('listLoadBalancers', { query: { tag: '' } })).code, 'validation-failed');
});
