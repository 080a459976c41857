import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NodeQuestions } from './questions.ts';

test('each question ends: with an answer, a problem, the connection, or its time', async () => {
  const sent: number[] = [];
  const questions = new NodeQuestions((node, { id }) => node !== 'away' && sent.push(id) > 0);
  const ask = (node: string, patience?: number) => questions.ask(node, 'retry', { listenerIds: [] }, patience);
  await assert.rejects(ask('away'), { code: 'node-unavailable' });
  await assert.rejects(ask('slow', 1), { code: 'node-timeout' });
  questions.answered('slow', { type: 'answer', id: sent.at(-1)!, answer: {} });

  const answered = ask('n');
  questions.answered('n', { type: 'answer', id: sent.at(-1)!, answer: { version: 7 } });
  assert.deepEqual(await answered, { version: 7 });
  const older = ask('n');
  questions.answered('n', { type: 'answer', id: sent.at(-1)!, problem: 'the node does not know retry' });
  await assert.rejects(older, { code: 'node-unavailable', message: 'n: the node does not know retry' });
  const gone = [ask('n'), ask('n')];
  questions.gone('n');
  for (const one of gone) await assert.rejects(one, { code: 'node-unavailable' });

  const many = Array.from({ length: 64 }, () => ask('n'));
  await assert.rejects(ask('n'), { code: 'too-busy' });
  questions.gone('n');
  assert.ok((await Promise.allSettled(many)).every(({ status }) => status === 'rejected'));
});
