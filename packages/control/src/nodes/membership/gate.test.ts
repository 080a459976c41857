import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { SharedNodeToken } from '@evenkeel/model/node-limits.ts';
import { TokenCheck } from '../../access/bearer.ts';
import type { NodeIdentityRow } from '../../store/schema.ts';
import { NodeGate } from './gate.ts';
import { NodeIdentities } from './node-identities.ts';
import { Unwritten } from './unwritten.ts';

const ROW: NodeIdentityRow = {
  node: 'lb-1',
  identity: 'first',
  zone: '',
  join_token_id: 'jt-1',
  join_key: '',
  serial: '1',
  joined_at: 0,
  issued_at: 0,
  not_after: 1_000,
  revoked_at: null,
};

function gateOf(accepts: SharedNodeToken, ...rows: NodeIdentityRow[]): NodeGate {
  const store = { record: async () => {} };
  const identities = new NodeIdentities({ store, unwritten: new Unwritten(store), now: () => 0 });
  identities.reset(rows);
  return new NodeGate({ token: new TokenCheck('shared'), accepts, identities, now: () => 0 });
}

const from = (remoteAddress: string) => ({ remoteAddress }) as Socket;

test('the token that nodes share is good from the own machine, and from elsewhere only when that is said', () => {
  const local = gateOf('local');
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) {
    assert.deepEqual(local.admit(from(address), 'Bearer shared'), { kind: 'shared-token' }, address);
  }
  for (const address of ['10.0.0.1', '2001:db8::1', '::ffff:10.0.0.1', '']) {
    assert.throws(() => local.admit(from(address), 'Bearer shared'), /machine alone; have it join with a new token/);
    assert.deepEqual(gateOf('anywhere').admit(from(address), 'Bearer shared'), { kind: 'shared-token' });
  }
  for (const wrong of [undefined, 'Bearer other']) {
    assert.throws(() => gateOf('anywhere').admit(from('127.0.0.1'), wrong), { code: 'unauthenticated' });
  }
});

test('that it is revoked hears a node alone whose certificate was', () => {
  const gate = gateOf('local', ROW, { ...ROW, node: 'lb-2', revoked_at: 5 });
  gate.check('lb-1', 'first');
  assert.throws(() => gate.check('lb-2', 'first'), { code: 'node-revoked' });
  // The state was restored from before it has joined again.
  assert.throws(() => gate.check('lb-2', 'second'), { code: 'node-refused' });
  assert.throws(() => gate.check('lb-3', 'first'), { code: 'node-refused' });
});

test('a stream is that of its certificate alone, and with the shared token of no node that has one', () => {
  const gate = gateOf('local', ROW, { ...ROW, node: 'lb-2', revoked_at: 5 });
  const certificate = { kind: 'certificate', node: 'lb-1', identity: 'first' } as const;
  assert.equal(gate.refusalOf(certificate, 'lb-1'), null);
  assert.equal(gate.refusalOf(certificate, 'lb-3'), 'the certificate is that of lb-1');
  assert.match(gate.refusalOf({ ...certificate, identity: 'second' }, 'lb-1')!, /a node no longer/);
  assert.match(gate.refusalOf({ ...certificate, node: 'lb-2' }, 'lb-2')!, /a node no longer/);
  const token = { kind: 'shared-token' } as const;
  assert.equal(gate.refusalOf(token, 'lb-1'), 'lb-1 has a certificate to come with');
  assert.equal(gate.refusalOf(token, 'lb-2'), 'lb-2 was revoked');
  assert.equal(gate.refusalOf(token, 'lb-3'), null);
});
