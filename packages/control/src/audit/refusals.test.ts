import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AUDIT } from '@evenkeel/model/limits.ts';
import { ANONYMOUS } from '../access/identity.ts';
import type { AuditEntry } from './entry.ts';
import { authorNamed } from './entry.ts';
import { Refusals } from './refusals.ts';

const refusal = (tenantId: string, at: number): Omit<AuditEntry, 'id' | 'omitted'> => ({
  at,
  tenantId,
  author: authorNamed('ann'),
  action: 'updateListener',
  outcome: 'denied',
  code: 'forbidden',
  detail: 'x'.repeat(5_000),
  requestId: 'r',
  operationId: null,
  generation: 1,
  resource: null,
  change: null,
  before: null,
  after: null,
});

test('a flood of refusals leaves some, and the next tells how many are missing; other tenants have their own', async () => {
  const written: Omit<AuditEntry, 'id'>[] = [];
  const refusals = new Refusals(async (entries) => void written.push(...entries));
  for (let i = 0; i < AUDIT.refusals.burst + 50; i++) refusals.note(refusal('a', 1_000));
  refusals.note(refusal('b', 1_000));
  refusals.note(refusal('a', 1_000 + AUDIT.refusals.seconds * 1_000));
  await refusals.flush();
  assert.equal(written.length, AUDIT.refusals.burst + 2);
  assert.deepEqual([written.at(-1)!.omitted, written.at(-2)!.tenantId], [50, 'b']);
  assert.ok(written.every(({ detail }) => detail.length === 300));
  await refusals.flush();
  assert.equal(written.length, AUDIT.refusals.burst + 2, 'nothing is written twice');
});

test('failed logins of strangers use up nothing of what is there for the refusals of users', async () => {
  const written: Omit<AuditEntry, 'id'>[] = [];
  const refusals = new Refusals(async (entries) => void written.push(...entries));
  const stranger = { ...refusal('a', 1_000), author: { ...ANONYMOUS, source: '192.0.2.1' }, action: 'login' };
  for (let i = 0; i < AUDIT.refusals.burst + 50; i++) refusals.note(stranger);
  refusals.note(refusal('a', 1_000));
  await refusals.flush();
  assert.equal(written.length, AUDIT.refusals.burst + 1);
  assert.deepEqual([written.at(-1)!.author.id, written.at(-1)!.omitted], ['ann', 0]);
});

test('what could not be written waits for the next time', async () => {
  const written: unknown[] = [];
  let full = true;
  const refusals = new Refusals(async (entries) => {
    if (full) throw new Error('disk is full');
    written.push(...entries);
  });
  refusals.note(refusal('a', 1));
  await assert.rejects(refusals.flush(), /full/);
  full = false;
  refusals.note(refusal('a', 2));
  await refusals.flush();
  assert.equal(written.length, 2);
});
