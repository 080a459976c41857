import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { twoAtATime } from './lookups.ts';

test('two names are looked up at a time, the others in order, and so many wait', async () => {
  const begun: string[] = [];
  const open = new Map<string, PromiseWithResolvers<[]>>();
  const resolve = twoAtATime((host) => {
    begun.push(host);
    const answer = Promise.withResolvers<[]>();
    open.set(host, answer);
    return answer.promise;
  });
  const names = Array.from({ length: 66 }, (_, i) => `n${i}.example`);
  const answers = names.map((name) => resolve(name));
  assert.deepEqual(begun, names.slice(0, 2));
  await assert.rejects(resolve('one-more.example'), /64 names wait/);
  open.get(names[1]!)!.reject(new Error('not found'));
  await assert.rejects(answers[1]!, /not found/);
  await setImmediate();
  assert.deepEqual(begun, names.slice(0, 3), 'a failure makes room, too');
  for (const name of names) {
    if (name === names[1]) continue;
    while (!open.has(name)) await setImmediate();
    open.get(name)!.resolve([]);
  }
  assert.equal((await Promise.allSettled(answers)).length, 66);
  assert.deepEqual(begun, names);
  const again = resolve('again.example');
  assert.equal(begun.at(-1), 'again.example');
  open.get('again.example')!.resolve([]);
  await again;
});
