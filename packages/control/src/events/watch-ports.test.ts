import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draftContext, seeded } from '../../test/random-changes.ts';
import { createFromDocument } from '../configuration/apply.ts';
import { Draft } from '../state/draft.ts';
import { EMPTY_STATE } from '../state/state.ts';
import { PortWatch } from './watch-ports.ts';

const SECOND = 1_000;

function world(sourceNat = true) {
  const draft = new Draft(EMPTY_STATE, draftContext(seeded(1)));
  const service = { port: 80, sourceNat };
  createFromDocument(draft, { name: 'net', type: 'network', listeners: [{ protocol: 'tcp', port: 80, service }] });
  const state = draft.finish();
  const [tree] = state.loadBalancers.values();
  const [listener] = tree!.listeners.keys();
  const told: string[] = [];
  let now = 0;
  const watch = new PortWatch(
    () => state,
    () => now,
    ({ kind, data }) => told.push(`${kind} ${data!['node']} ${data!['refused']}`),
  );
  /** What each node says after so many seconds; null: it is away. 0: it names no listener. */
  return (seconds: number, counts: Readonly<Record<string, number | null>>) => {
    now += seconds * SECOND;
    told.length = 0;
    const both = (packets: number) => [listener!, 'gone'].map((listenerId) => ({ listenerId, packets }));
    watch.look(
      Object.entries(counts).map(([id, count]) => ({ id, portless: count === null ? null : count ? both(count) : [] })),
    );
    return [...told];
  };
}

test('each node tells once that ports are exhausted, and once that there were some for a minute', () => {
  const look = world();
  assert.deepEqual(look(0, { a: 0, b: 0 }), []);
  assert.deepEqual(look(10, { a: 3, b: 0 }), ['ports.exhausted a 3']);
  assert.deepEqual(look(50, { a: 10, b: 1 }), ['ports.exhausted b 1']);
  assert.deepEqual(look(50, { a: 10, b: 1 }), [], 'they may be short again');
  assert.deepEqual(look(10, { a: 10, b: 2 }), ['ports.available a 10']);
  assert.deepEqual(look(10, { a: 11, b: 2 }), ['ports.exhausted a 1']);
});

test('what was refused before the control plane began is no news, nor is a count that begins anew', () => {
  const look = world();
  assert.deepEqual(look(0, { a: 7 }), []);
  assert.deepEqual(look(10, { a: 2 }), []);
  assert.deepEqual(look(10, { a: 4 }), ['ports.exhausted a 2']);
});

test('a listener that leaves the kernel has its shortage end; a node that is away has said nothing else', () => {
  const look = world();
  look(0, { a: 0 });
  assert.deepEqual(look(10, { a: 3 }), ['ports.exhausted a 3']);
  assert.deepEqual(look(100, { a: null }), []);
  assert.deepEqual(look(10, { a: 0 }), ['ports.available a 3']);
  assert.deepEqual(look(10, {}), []);
});

test('without source NAT a flow is refused for the port of its client, which is no shortage', () => {
  const look = world(false);
  look(0, { a: 0 });
  assert.deepEqual(look(10, { a: 3 }), []);
  assert.deepEqual(look(100, { a: 3 }), []);
});
