import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProblemError } from '../problem.ts';
import { Secret } from '../secrets/secret.ts';
import type { Draft } from '../state/draft.ts';
import type { Call } from './call.ts';
import { changePasswordHandler, type SessionSources } from './session-calls.ts';

test('a password that an admin has set while one’s own was changed stays', async () => {
  const user = { id: 'usr-a', name: 'ann', password: new Secret('the present one') };
  const sources = { logins: { verifyKnown: async () => user }, hasher: { hash: async () => 'the new one' } };
  const call = {
    caller: { id: user.id, tenantId: 'tnt-a' },
    body: { current: 'the present one', password: 'another sentence' },
    browser: { cookie: undefined, secure: false },
  } as unknown as Call<'changePassword'>;
  const handler = changePasswordHandler(sources as unknown as SessionSources, call);
  assert.ok(handler.kind === 'write');
  const prepared = await handler.prepare!(call as never);
  const meanwhile = { ...user, password: new Secret('of an admin') };
  const updates: unknown[] = [];
  const draft = {
    users: new Map([[user.id, meanwhile]]),
    context: { now: 1 },
    update: (_: string, record: object, patch: object) =>
      updates.push(patch) && { ...record, createdAt: 1, updatedAt: 1 },
  } as unknown as Draft;
  assert.throws(
    () => handler.write(draft, call as never, prepared),
    (error) => error instanceof ProblemError && error.particulars.errors?.[0]?.field === '/current',
  );
  assert.deepEqual(updates, []);
});
