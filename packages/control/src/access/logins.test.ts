import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_TENANT } from '@evenkeel/model/access.ts';
import { ProblemError } from '../problem.ts';
import { Secret } from '../secrets/secret.ts';
import type { State } from '../state/state.ts';
import { LockOut } from './lock-out.ts';
import { Logins, type LoginsOptions } from './logins.ts';
import { PasswordHasher } from './password.ts';

/** More than are computed and wait at a time. */
const MANY = 60;

test('an attempt counts where a password was looked at, and not where the control plane was too busy for it', async () => {
  const hasher = new PasswordHasher();
  const password = 'a sentence of some length';
  const user = { id: 'usr-a', tenantId: DEFAULT_TENANT.id, name: 'ann', enabled: true };
  const ann = { ...user, password: new Secret(await hasher.hash(password)) };
  const state = { tenants: new Map([[DEFAULT_TENANT.id, DEFAULT_TENANT]]), users: new Map([[ann.id, ann]]) };
  const lockOut = new LockOut(() => 1_800_000_000_000);
  const logins = new Logins({ hasher, lockOut, state: () => state as unknown as State } as LoginsOptions);

  const others = Promise.allSettled(Array.from({ length: MANY }, () => hasher.hash('of somebody else')));
  for (let i = 0; i < MANY; i++) {
    const attempt = logins.verify({ user: 'ann', password }, '192.0.2.1', null);
    await assert.rejects(attempt, (error) => error instanceof ProblemError && error.code === 'too-busy');
  }
  await others;
  assert.equal((await logins.verify({ user: 'ann', password }, '192.0.2.1', null)).id, ann.id);
});
