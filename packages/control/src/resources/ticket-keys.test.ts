import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { draftContext, seeded } from '../../test/random-changes.ts';
import { Draft, type DraftContext } from '../state/draft.ts';
import { EMPTY_STATE, type State } from '../state/state.ts';
import { ensureTicketKeys, rotateTicketKeys, TICKET_KEY_AGE, ticketKeysAreOld } from './ticket-keys.ts';

function contextAt(now: number): DraftContext {
  const { ids, quotas, pools } = draftContext(seeded(1));
  return { now, ids, quotas, pools, secret: randomBytes };
}

function after(state: State, now: number, change: (draft: Draft) => void): State {
  const draft = new Draft(state, contextAt(now));
  change(draft);
  return draft.finish();
}

const keysOf = ({ ticketKeys }: State) => ticketKeys!.keys.map((key) => key.reveal());

test('keys have 80 bytes, are made once, and a change of them is a new generation', () => {
  const first = after(EMPTY_STATE, 1_000, ensureTicketKeys);
  assert.equal(first.generation, 1);
  assert.deepEqual(
    keysOf(first).map((key) => Buffer.from(key, 'base64').length),
    [80, 80],
  );
  assert.equal(after(first, 2_000, ensureTicketKeys), first);
});

test('the next key is known a day before it makes tickets, and the last a day after', () => {
  const states = [after(EMPTY_STATE, 0, ensureTicketKeys)];
  for (let day = 1; day <= 4; day++) states.push(after(states.at(-1)!, day * TICKET_KEY_AGE, rotateTicketKeys));
  for (const [i, state] of states.entries()) {
    const [current, next, last] = keysOf(state);
    if (i === 0) continue;
    const [before, promised] = keysOf(states[i - 1]!);
    assert.deepEqual([current, last], [promised, before]);
    assert.equal(new Set([current, next, last]).size, 3);
  }
});

test('nothing is rotated before its time, or when there is nothing', () => {
  const first = after(EMPTY_STATE, 0, ensureTicketKeys);
  assert.equal(after(first, TICKET_KEY_AGE - 1, rotateTicketKeys), first);
  assert.equal(after(EMPTY_STATE, TICKET_KEY_AGE, rotateTicketKeys), EMPTY_STATE);
  assert.deepEqual(
    [ticketKeysAreOld(first, TICKET_KEY_AGE - 1), ticketKeysAreOld(first, TICKET_KEY_AGE)],
    [false, true],
  );
});
