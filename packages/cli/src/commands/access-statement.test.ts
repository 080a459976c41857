import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessStatement } from '@evenkeel/model/resources/access-policy.ts';
import { statementOf, statementText } from './access-statement.ts';

test('a statement is one text: calls, and what they are about', () => {
  const deny = statementOf('deny');
  const first = deny('delete*,update* on=lb-1,lb-* except=lb-2 tag=env=prod tag=a=b=c');
  assert.deepEqual(first, [
    {
      effect: 'deny',
      actions: ['delete*', 'update*'],
      resources: ['lb-1', 'lb-*'],
      exceptResources: ['lb-2'],
      tags: { env: 'prod', a: 'b=c' },
    },
  ]);
  assert.equal(
    statementText(first[0] as AccessStatement),
    'delete*,update* on=lb-1,lb-* except=lb-2 tag=env=prod tag=a=b=c',
  );
  assert.deepEqual(deny('x', first).length, 2, 'several add up');
  for (const wrong of ['', 'on=lb-1', 'x on', 'x on=', 'x what=1', 'x tag=env']) {
    assert.throws(() => deny(wrong), /Give calls with commas/, wrong);
  }
});
