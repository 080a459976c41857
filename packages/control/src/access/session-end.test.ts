import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NewAuditEntry } from '../audit/entry.ts';
import { ProblemError } from '../problem.ts';
import type { State } from '../state/state.ts';
import type { SessionRow } from '../store/schema.ts';
import { Sessions, type SessionsOptions } from './sessions.ts';

const NOW = 1_800_000_000_000;
const ENTRY = {} as NewAuditEntry;

test('what was proven by a session before it was ended is refused from then on, as a stream asks again and again', async () => {
  const ann = { id: 'usr-a', tenantId: 'tnt-a', name: 'ann', role: 'viewer', enabled: true, generation: 3 };
  const state = { users: new Map([[ann.id, ann]]) } as unknown as State;
  const row = { id: 'ses-a', user_id: ann.id, user_generation: 3, created_at: NOW, last_seen_at: NOW } as SessionRow;
  const store = { state, read: async () => row, record: async () => {} };
  const sessions = new Sessions({ store, now: () => NOW } as unknown as SessionsOptions);
  const { proof } = await sessions.prove('ekses_0');
  assert.equal(proof(state, NOW).id, ann.id);
  await sessions.end('ses-b', ENTRY);
  assert.equal(proof(state, NOW).id, ann.id, 'another one');
  await sessions.end(row.id, ENTRY);
  assert.throws(
    () => proof(state, NOW),
    (error) => error instanceof ProblemError && error.code === 'unauthenticated',
  );
});
