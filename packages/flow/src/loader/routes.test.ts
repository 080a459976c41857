import assert from 'node:assert/strict';
import { test } from 'node:test';
import { libc } from './libc.ts';
import { Routes } from './routes.ts';

const [HERE, ELSEWHERE] = ['127.0.0.1', '192.0.2.1'];

test('an answer that could not be read is not taken for that to a later question', (t) => {
  const routes = new Routes();
  t.after(() => routes.close());
  t.mock.method(libc(), 'recv', () => -1, { times: 1 });
  assert.throws(() => routes.to(ELSEWHERE), /the kernel does not say/);
  assert.equal(routes.to(HERE)?.isOwn, true);
  assert.notEqual(routes.to(ELSEWHERE)?.isOwn, true);
});

test('a question that cannot be sent is an error', (t) => {
  const routes = new Routes();
  t.after(() => routes.close());
  t.mock.method(libc(), 'send', () => -1, { times: 1 });
  assert.throws(() => routes.to(HERE), /the kernel does not say/);
  assert.equal(routes.to(HERE)?.isOwn, true);
});
