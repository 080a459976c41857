import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Io } from '../io.ts';
import { sendInParts } from './in-parts.ts';

function watchedIo(): { readonly io: Io; readonly said: string[] } {
  const said: string[] = [];
  return { io: { err: (text: string) => said.push(text) } as unknown as Io, said };
}

test('as many as fit go with each call, and the last answer counts', async () => {
  const { io, said } = watchedIo();
  const sent: (readonly number[])[] = [];
  const answer = await sendInParts(io, [1, 2, 3, 4, 5], 2, 'there', async (some) => sent.push(some));
  assert.deepEqual(sent, [[1, 2], [3, 4], [5]]);
  assert.equal(answer, 3);
  assert.deepEqual(said, []);
});

test('a call that fails is told with what the calls before it have done', async () => {
  const { io, said } = watchedIo();
  const send = async (some: readonly number[]) => {
    if (some.includes(5)) throw new Error('refused');
  };
  await assert.rejects(sendInParts(io, [1, 2, 3, 4, 5], 2, 'there', send), /refused/);
  assert.deepEqual(said, ['The first 4 of 5 are there.\n']);
  await assert.rejects(sendInParts(io, [5], 2, 'there', send), /refused/);
  assert.equal(said.length, 1, 'nothing was done');
});

test('a list of none is refused', async () => {
  await assert.rejects(
    sendInParts(watchedIo().io, [], 2, 'there', async () => {}),
    { message: 'there is no source in it.' },
  );
});
