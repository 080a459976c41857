import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draftContext, seeded } from '../../test/random-changes.ts';
import { createFromDocument } from '../configuration/apply.ts';
import { updateLoadBalancer } from '../resources/load-balancers.ts';
import { createSecurityGroup, updateSecurityGroup } from '../resources/security-groups.ts';
import { Draft } from '../state/draft.ts';
import { EMPTY_STATE } from '../state/state.ts';
import { compile } from './compile.ts';

const context = draftContext(seeded(7));
const ALLOW = { action: 'allow', source: '10.0.0.0/8' } as const;

test('security groups that are used are in the plan, and listeners name them', () => {
  const draft = new Draft(EMPTY_STATE, context);
  const group = createSecurityGroup(draft, {
    name: 'office',
    rules: [
      { action: 'deny', source: '10.1.2.3', priority: 1 },
      { ...ALLOW, protocol: 'tcp', port: 80, lastPort: 90 },
    ],
  });
  createSecurityGroup(draft, { name: 'unused', rules: [ALLOW] });
  const lb = createFromDocument(draft, {
    securityGroups: ['office'],
    listeners: [
      { protocol: 'tcp', port: 80, allowedSources: ['192.0.2.1'] },
      { protocol: 'tcp', port: 81 },
    ],
  });
  const state = draft.finish();
  const first = compile(state, null);
  const listeners = [...first.entries.values()].flatMap((entry) => (entry.kind === 'listener' ? [entry.value] : []));
  assert.deepEqual(
    listeners.map(({ securityGroups, allowedSources }) => [securityGroups, allowedSources]),
    [
      [[group.id], ['192.0.2.1/32']],
      [[group.id], undefined],
    ],
  );
  const groups = [...first.entries.values()].filter(({ kind }) => kind === 'security-group');
  assert.deepEqual(
    groups.map(({ value }) => value),
    [
      {
        id: group.id,
        rules: [
          { priority: 1, allows: false, protocol: 'all', firstPort: 0, lastPort: 65_535, source: '10.1.2.3/32' },
          { priority: 50, allows: true, protocol: 'tcp', firstPort: 80, lastPort: 90, source: '10.0.0.0/8' },
        ],
      },
    ],
  );

  const next = new Draft(state, context);
  updateSecurityGroup(next, next.securityGroups.get(group.id)!, { rules: [ALLOW] });
  const changed = compile(next.finish(), first);
  const differing = [...changed.entries].filter(([key, entry]) => first.entries.get(key) !== entry);
  assert.deepEqual(
    differing.map(([key]) => key),
    [`security-group/${group.id}`],
    'listeners are not compiled anew',
  );

  const last = new Draft(next.finish(), context);
  updateLoadBalancer(last, last.loadBalancers.get(lb.id)!.loadBalancer, { securityGroupIds: [] });
  const without = compile(last.finish(), changed);
  assert.equal(without.entries.has(`security-group/${group.id}`), false);
  assert.ok([...without.entries.values()].every(({ value }) => !('securityGroups' in value)));
});
