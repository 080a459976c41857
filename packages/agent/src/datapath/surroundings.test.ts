import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { Surroundings } from './surroundings.ts';

test('it looks when there is news, one look at a time, and again after one that has failed', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let news = false;
  let looks: PromiseWithResolvers<void>[] = [];
  const surroundings = new Surroundings({
    isNews: () => news,
    look: () => {
      looks.push(Promise.withResolvers());
      return looks.at(-1)!.promise;
    },
    log: pino({ level: 'silent' }),
  });
  t.after(() => surroundings.stop());
  const second = async () => {
    t.mock.timers.tick(1_000);
    await new Promise(setImmediate);
    return looks.length;
  };
  assert.equal(await second(), 0);
  news = true;
  assert.equal(await second(), 1);
  assert.equal(await second(), 1, 'the first is under way');
  news = false;
  looks[0]!.reject(new Error('no memory'));
  await new Promise(setImmediate);
  assert.equal(await second(), 2, 'what has failed is done again');
  looks[1]!.resolve();
  await new Promise(setImmediate);
  assert.equal(await second(), 2);
  surroundings.lookSoon();
  assert.equal(await second(), 3);
  looks[2]!.resolve();
  await new Promise(setImmediate);
  looks = [];
  for (let quiet = 0; quiet < 29; quiet++) assert.equal(await second(), 0);
  assert.equal(await second(), 1, 'after half a minute without news');
});
