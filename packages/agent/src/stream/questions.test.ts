import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AnswerMessage, QUESTIONS_AT_A_TIME, type QueryMessage } from '@evenkeel/model/plan/query.ts';
import { type Answerers, Questions } from './questions.ts';

const query = (id: number, kind = 'requests'): QueryMessage =>
  ({ type: 'query', id, kind, question: { requestId: `r${id}` } }) as QueryMessage;

function asking(requests: Answerers['requests']) {
  const said: AnswerMessage[] = [];
  const questions = new Questions({ requests } as Answerers, (answer) => said.push(answer));
  return { said, questions };
}

test('each question gets its answer, or the reason why there is none', async () => {
  const { said, questions } = asking(({ requestId }) => {
    if (requestId === 'r2') throw new Error('no such thing');
    return { lines: [], since: 7 };
  });
  await Promise.all([query(1), query(2), query(3, 'toString')].map((one) => questions.take(one)));
  assert.deepEqual(
    said.sort((a, b) => a.id - b.id),
    [
      { type: 'answer', id: 1, answer: { lines: [], since: 7 } },
      { type: 'answer', id: 2, problem: 'no such thing' },
      { type: 'answer', id: 3, problem: 'the node does not know toString' },
    ],
  );
});

test('so many are worked on at a time, and there is room again when one is done', async () => {
  const gate = Promise.withResolvers<void>();
  const { said, questions } = asking(async () => {
    await gate.promise;
    return { lines: [], since: null };
  });
  const running = Array.from({ length: QUESTIONS_AT_A_TIME }, (_, id) => questions.take(query(id)));
  await questions.take(query(1_000));
  assert.deepEqual(said, [{ type: 'answer', id: 1_000, problem: 'the node has many questions to answer already' }]);
  gate.resolve();
  await Promise.all(running);
  await questions.take(query(1_001));
  assert.equal(said.length, QUESTIONS_AT_A_TIME + 2);
  assert.ok('answer' in said.at(-1)!);
});
