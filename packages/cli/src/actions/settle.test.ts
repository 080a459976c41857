import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Operation } from '@evenkeel/model/resources/operation.ts';
import { appliedText } from './settle.ts';

const operation = (names: readonly string[], leftOut?: readonly string[]) =>
  ({
    nodes: names.map((node) => ({ node, state: leftOut?.includes(node) ? 'offline' : 'applied' })),
    leftOut,
  }) as unknown as Operation;

test('what was applied says on how many nodes, and who was not waited for', () => {
  assert.equal(appliedText(operation(['a', 'b', 'c'], [])), 'Applied on 3 nodes.');
  const one = 'Applied on 2 nodes. Not waited for: b; it catches up when it is back.';
  assert.equal(appliedText(operation(['a', 'b', 'c'], ['b'])), one);
  const two = 'Applied on 1 node. Not waited for: b, c; they catch up when they are back.';
  assert.equal(appliedText(operation(['a', 'b', 'c'], ['b', 'c'])), two);
  const nodes = [...operation(['a']).nodes, { node: 'b', state: 'pending' }];
  const silent = { nodes, leftOut: ['b'] } as unknown as Operation;
  assert.match(appliedText(silent), /when it is back\. Connected, but without an answer: b\.$/);
  assert.equal(appliedText(operation(['a'])), 'Applied on 1 node.', 'of a control plane of an older version');
});
