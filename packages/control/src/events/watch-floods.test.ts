import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draftContext, seeded } from '../../test/random-changes.ts';
import { createFromDocument } from '../configuration/apply.ts';
import { Draft } from '../state/draft.ts';
import { EMPTY_STATE } from '../state/state.ts';
import type { NewEvent } from './event.ts';
import { FloodWatch } from './watch-floods.ts';

function world() {
  const draft = new Draft(EMPTY_STATE, draftContext(seeded(1)));
  createFromDocument(draft, { name: 'net', type: 'network', listeners: [{ protocol: 'tcp', port: 80 }] });
  const state = draft.finish();
  const [tree] = state.loadBalancers.values();
  const [listener] = tree!.listeners.keys();
  const events: NewEvent[] = [];
  const watch = new FloodWatch(
    () => state,
    (event) => events.push(event),
  );
  const look = (floods: Readonly<Record<string, boolean | null>>) => {
    events.length = 0;
    watch.look(
      Object.entries(floods).map(([id, is]) => ({ id, floods: is === null ? null : is ? [listener!, 'gone'] : [] })),
    );
    return events.map(({ kind, data }) => `${kind} ${data!['node']}`);
  };
  return look;
}

test('each node tells of its own floods, once', () => {
  const look = world();
  assert.deepEqual(look({ a: true, b: false }), ['flood.begun a']);
  assert.deepEqual(look({ a: true, b: true }), ['flood.begun b']);
  assert.deepEqual(look({ a: false, b: true }), ['flood.ended a']);
});

test('a node that is away has said nothing else, and one that is forgotten nothing at all', () => {
  const look = world();
  assert.deepEqual(look({ a: true }), ['flood.begun a']);
  assert.deepEqual(look({ a: null }), []);
  assert.deepEqual(look({ a: true }), []);
  assert.deepEqual(look({ a: null }), []);
  assert.deepEqual(look({ a: false }), ['flood.ended a']);
  assert.deepEqual(look({ a: true }), ['flood.begun a']);
  assert.deepEqual(look({}), []);
  assert.deepEqual(look({ a: false }), []);
});
