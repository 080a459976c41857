import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceRef } from '@evenkeel/model/resources/operation.ts';
import type { Outcome } from '../nodes/operations.ts';
import type { OperationRecord } from '../store/history.ts';
import { settledEvent } from './watch-operations.ts';

const APPLIED = { outcome: 'applied', refused: [], leftOut: [], cancelledBy: null } as unknown as Outcome;

function messageOf(resources: readonly ResourceRef[]): string {
  const operation = { id: 'op-1', tenantId: 'default', action: 'deleteLoadBalancer', generation: 7, resources };
  return settledEvent(operation as unknown as OperationRecord, APPLIED).message;
}

test('a change of several things is named after what the rest is in', () => {
  const listener: ResourceRef = { kind: 'listener', id: 'lsn-1', name: 'http-8000' };
  const group: ResourceRef = { kind: 'targetGroup', id: 'tg-1', name: 'http-8000' };
  const loadBalancer: ResourceRef = { kind: 'loadBalancer', id: 'lb-1', name: 'web' };
  assert.equal(messageOf([]), 'The deleteLoadBalancer runs on every node.');
  assert.equal(messageOf([listener]), 'The deleteLoadBalancer of http-8000 runs on every node.');
  assert.equal(
    messageOf([group, listener, loadBalancer]),
    'The deleteLoadBalancer of web (and 2 more) runs on every node.',
  );
});
