import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planEntry } from '@evenkeel/model/plan/hash.ts';
import type { SharedEntry } from '@evenkeel/model/plan/plan.ts';
import type { PlannedRuleGroup } from '@evenkeel/model/plan/rules.ts';
import { changeOf, listenerOf, serviceOf } from '../../test/plans.ts';
import { SharedCounters } from '../telemetry/shared-counters.ts';
import type { EngineChange } from './engine.ts';
import { Tables } from './tables.ts';
import { Transparency } from './transparency.ts';

function world(code: string | null) {
  const tables = new Tables(new SharedCounters(1), () => 0.5);
  const transparency = new Transparency(tables, () => code);
  /** Ids of the listeners that are refused; the others are in the tables then. */
  const apply = (change: EngineChange): string[] => {
    const refused = transparency.refusals(change).map(({ listenerId }) => listenerId);
    tables.change({ ...change, listeners: new Map([...change.listeners].filter(([id]) => !refused.includes(id))) });
    return refused;
  };
  return { apply, transparency };
}

const service = (id: string, transparent: boolean) => serviceOf([80], { id, transparent });

const rules: PlannedRuleGroup = {
  id: 'rg',
  name: 'rg',
  order: 'priority',
  rules: [
    {
      id: 'r',
      name: 'r',
      priority: 1,
      match: { hosts: [], paths: [], methods: [], headers: [], cookies: [], query: [], sources: [] },
      jwt: null,
      rewrite: null,
      mirror: null,
      requestHeaders: [],
      responseHeaders: [],
      action: { type: 'forward', services: [{ serviceId: 'clear', weight: 1 }] },
    },
  ],
};

test('nothing is refused where the node may be transparent, or nobody asks for it', () => {
  assert.deepEqual(world(null).apply(changeOf([service('svc', true)], [listenerOf(80)])), []);
  assert.deepEqual(world('EPERM').apply(changeOf([service('svc', false)], [listenerOf(80)])), []);
});

test('a listener of a transparent service is refused, with the reason', () => {
  const { transparency } = world('EPERM');
  const [refused] = transparency.refusals(changeOf([service('svc', true)], [listenerOf(80)]));
  assert.equal(refused?.code, 'permission-denied');
  assert.match(refused.detail, /svc is transparent.*EPERM.*CAP_NET_ADMIN/);
});

test('one that runs is refused when its service becomes transparent, and no other one', () => {
  const { apply } = world('EPERM');
  const other = listenerOf(81, { id: 'other', serviceId: 'else' });
  assert.deepEqual(apply(changeOf([service('svc', false), service('else', false)], [listenerOf(80), other])), []);
  assert.deepEqual(apply(changeOf([service('svc', true)], [])), ['lsn']);
  assert.deepEqual(apply(changeOf([service('svc', false)], [])), []);
});

test('services of rules and of server names count as well', () => {
  const { apply } = world('EPERM');
  const shared = new Map([['rule-group/rg', planEntry('rule-group', rules) as SharedEntry]]);
  const ruled = listenerOf(80, { ruleGroupId: 'rg' });
  const named = listenerOf(81, { id: 'named', protocol: 'tcp', serverNames: [{ name: 'a', serviceId: 'clear' }] });
  const change = changeOf(
    [service('svc', false), service('clear', true)],
    [ruled, named, listenerOf(82, { id: 'plain' })],
  );
  assert.deepEqual(apply({ ...change, shared }), ['lsn', 'named']);
});
