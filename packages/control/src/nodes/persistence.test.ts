import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STORES } from '../../test/stores.ts';
import { createFromDocument } from '../configuration/apply.ts';
import { operationFromRow, unsettledOperations } from '../store/history.ts';
import { OperationTracker } from './operations.ts';
import { saveOutcomes } from './persistence.ts';
import { NodeRegistry } from './registry.ts';

for (const kind of STORES) {
  test(`${kind.name}: the nodes that an operation has ended without are on the disk`, {
    skip: kind.skip,
  }, async (t) => {
    const store = await (await kind.make(t)).open(t);
    const { operation } = await store.write({
      ...{ action: 'createLoadBalancer', actor: 'tester', requestId: 'r' },
      run: (draft) => createFromDocument(draft, { name: 'web' }),
    });
    let now = 1_000_000;
    const events = { changed() {}, save() {}, moved() {}, isRevoked: () => false };
    const nodes = new NodeRegistry([], 10, () => now, events);
    const machine = { software: 's', reactor: 'portable', workers: 1, version: 0, hash: '' } as const;
    for (const node of ['a', 'b']) nodes.connected({ type: 'hello', zone: '', node, ...machine });
    nodes.applied('a', operation.generation, []);
    nodes.disconnected('b');
    now += 120_000;
    const tracker = new OperationTracker(nodes, () => now, await store.read(unsettledOperations));
    tracker.settle();
    await saveOutcomes(store, tracker);
    const row = await store.read((db) => db.selectFrom('operation').selectAll().executeTakeFirstOrThrow());
    const { outcome, leftOut } = operationFromRow(row);
    assert.deepEqual([outcome, leftOut], ['applied', ['b']]);
    assert.deepEqual(await store.read(unsettledOperations), []);
  });
}
