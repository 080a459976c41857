import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Role } from '@evenkeel/model/access.ts';
import type { AccessStatement } from '@evenkeel/model/resources/access-policy.ts';
import type { AccessPolicyRecord } from '../state/records.ts';
import { decide } from './decision.ts';
import type { Identity } from './identity.ts';
import type { Subject } from './subjects.ts';

const statement = (effect: 'allow' | 'deny', action: string, more: Partial<AccessStatement> = {}): AccessStatement => {
  return { effect, actions: [action], resources: ['*'], exceptResources: [], tags: {}, ...more };
};
const policy = (...statements: AccessStatement[]) =>
  ({ id: 'acp-1', name: 'p', statements }) as unknown as AccessPolicyRecord;
const who = (role: Role) => ({ name: 'ann', role, reach: 'own' }) as Identity;
const LISTENER: Subject = { ids: ['lsn-1', 'lb-1'], tags: { env: 'prod' } };
const OTHER: Subject = { ids: ['lsn-2', 'lb-2'], tags: {} };

interface Case {
  readonly role?: Role;
  readonly action?: string;
  readonly subjects?: readonly Subject[];
  readonly complete?: boolean;
}

function allowed(policies: readonly AccessPolicyRecord[], given: Case = {}): boolean {
  const { role = 'operator', action = 'updateListener', subjects = [LISTENER], complete = true } = given;
  const route = { method: 'PATCH' } as const;
  return decide(who(role), policies, { actions: [action], route, subjects, complete }).allowed;
}

test('what denies wins over role and allowance, wherever it stands', () => {
  const deny = statement('deny', 'update*');
  assert.equal(allowed([]), true);
  assert.equal(allowed([policy(deny)]), false);
  assert.equal(allowed([policy(statement('allow', '*')), policy(deny)]), false);
  assert.equal(allowed([policy(deny)], { action: 'deleteListener' }), true);
  assert.equal(allowed([policy(statement('deny', 'Listener'))]), true, 'a pattern is for the whole name');
});

test('a statement is about an object, what it is within, its kind, or its tags', () => {
  const cases: [more: Partial<AccessStatement>, denied: boolean][] = [
    [{ resources: ['lsn-1'] }, true],
    [{ resources: ['lb-1'] }, true],
    [{ resources: ['lsn-*'] }, true],
    [{ resources: ['lsn-2', 'tg-*'] }, false],
    [{ exceptResources: ['lb-1'] }, false],
    [{ exceptResources: ['lb-2'] }, true],
    [{ tags: { env: 'prod' } }, true],
    [{ tags: { env: 'prod', team: 'x' } }, false],
    [{ tags: { constructor: 'x' } }, false],
  ];
  for (const [more, denied] of cases) {
    assert.equal(allowed([policy(statement('deny', '*', more))]), !denied, JSON.stringify(more));
  }
  const onOne = policy(statement('deny', '*', { resources: ['lb-2'] }));
  assert.equal(allowed([onOne], { subjects: [LISTENER, OTHER] }), false, 'one of several is enough');
  assert.equal(allowed([onOne], { subjects: [] }), true, 'nothing in particular');
  assert.equal(allowed([policy(statement('deny', '*'))], { subjects: [] }), false);
});

test('what allows is for every object that is named, and decided when all are known', () => {
  const viewer = { role: 'viewer' } as const;
  const onOne = policy(statement('allow', '*', { resources: ['lb-1'] }));
  assert.equal(allowed([], viewer), false);
  assert.equal(allowed([onOne], viewer), true);
  assert.equal(allowed([onOne], { ...viewer, subjects: [LISTENER, OTHER] }), false);
  const onTwo = policy(statement('allow', 'update*', { resources: ['lb-2'] }));
  assert.equal(allowed([onOne, onTwo], { ...viewer, subjects: [LISTENER, OTHER] }), true, 'together');
  assert.equal(allowed([onOne], { ...viewer, subjects: [] }), false);
  assert.equal(allowed([onOne], { ...viewer, subjects: [], complete: false }), true, 'the body may name it');
  assert.equal(allowed([onTwo], { ...viewer, subjects: [], complete: false, action: 'deleteListener' }), false);
});

test('no policy gives what takes an administrator, or reaches all tenants', () => {
  const everything = policy(statement('allow', '*'));
  const asked = { actions: ['createUser'], subjects: [], complete: true };
  for (const route of [
    { method: 'POST', role: 'admin' },
    { method: 'POST', role: 'operator', reach: 'all' },
  ] as const) {
    assert.equal(decide(who('operator'), [everything], { ...asked, route }).allowed, false);
  }
});
