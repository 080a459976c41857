import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { describe, test } from 'node:test';
import { planEntry } from '@evenkeel/model/plan/hash.ts';
import type { SharedEntry } from '@evenkeel/model/plan/plan.ts';
import type { PlannedRule } from '@evenkeel/model/plan/rules.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import { ruleGroupOf, ruleOf } from '../src/rules/fixtures/rules.ts';
import { MAX_RULES, SharedCounters } from '../src/telemetry/shared-counters.ts';
import { bodyOf, freePort } from './exchange.ts';
import { changeOf, listenerOf } from './plans.ts';
import { withShared } from './tls-plans.ts';

const at = (value: string) => ({ paths: [{ kind: 'exact' as const, value, ignoreCase: false }] });
const groupOf = (...rules: PlannedRule[]) => planEntry('rule-group', ruleGroupOf('priority', rules)) as SharedEntry;

for (const reactor of ['uring', 'portable'] as const) {
  describe(`what rules have matched, on ${reactor}`, { skip: requiresReactor(reactor) }, () => {
    test('is counted over all workers and changes, as long as the rule is there', async (t) => {
      const engine = await createEngine({ workers: 2, reactor });
      t.after(() => engine.stop(0));
      const port = await freePort();
      const send = async (path: string) => {
        const message = request({ host: '127.0.0.1', port, path, agent: false });
        message.end();
        const [response] = (await once(message, 'response')) as [IncomingMessage];
        await bodyOf(response);
      };
      const counted = () =>
        Object.fromEntries(
          engine.counters().rules.map(({ ruleGroupId, ruleId, requests }) => {
            return [`${ruleGroupId}/${ruleId}`, requests];
          }),
        );
      const listener = listenerOf(port, { ruleGroupId: 'rules', serviceId: null });
      const [a, b, c] = ['a', 'b', 'c'].map((id, i) => ruleOf(id, i + 1, at(`/${id}`))) as [
        PlannedRule,
        PlannedRule,
        PlannedRule,
      ];
      assert.deepEqual(await engine.apply(withShared(changeOf([], [listener]), groupOf(a, b, c))), []);
      for (const path of ['/a', '/a', '/b', '/nobody', '/a']) await send(path);
      assert.deepEqual(counted(), { 'rules/a': 3, 'rules/b': 1 });

      const moved = { ...a, priority: 9 };
      assert.deepEqual(await engine.apply(withShared(changeOf([], []), groupOf(c, moved))), []);
      for (const path of ['/a', '/b', '/c']) await send(path);
      assert.deepEqual(counted(), { 'rules/a': 4, 'rules/c': 1 }, 'what has left is forgotten');
      assert.deepEqual(await engine.apply(withShared(changeOf([], []), groupOf(a, b, c))), []);
      await send('/b');
      assert.deepEqual(counted(), { 'rules/a': 4, 'rules/b': 1, 'rules/c': 1 }, 'and begins at nothing');
    });
  });
}

test('rules beyond those that are counted apart share a cell that is shown nowhere', () => {
  const counters = new SharedCounters(1);
  const { rules } = counters.blocks(0);
  for (let i = 1; i < MAX_RULES; i++) rules[counters.ruleSlot('rg', `r${i}`)]!++;
  assert.equal(counters.ruleSlot('rg', 'more'), 0);
  rules[0]!++;
  assert.equal(counters.read(0).rules.length, MAX_RULES - 1);
  counters.retireRule('rg', 'r7');
  counters.sweep();
  assert.equal(counters.ruleSlot('rg', 'more'), 7);
  assert.equal(counters.read(0).rules.length, MAX_RULES - 2, 'the cell was cleared');
});
