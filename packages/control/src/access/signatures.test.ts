import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { componentsFor, signatureBase, signatureParameters } from '@evenkeel/model/signature-base.ts';
import { ProblemError } from '../problem.ts';
import { Secret } from '../secrets/secret.ts';
import type { AccessKeyRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';
import { Signatures } from './signatures.ts';

const SECRET = 'eksec_0123456789';
const BEGIN = 1_800_000_000_000;

function stateWith(keys: Readonly<Record<string, string>>): State {
  const records = Object.entries(keys).map(([id, tenantId]) => {
    return [id, { id, tenantId, secret: new Secret(SECRET) } as AccessKeyRecord] as const;
  });
  return { accessKeys: new Map(records) } as unknown as State;
}

interface Sent {
  readonly keyId: string;
  readonly method?: string;
  /** Unix seconds. */
  readonly created: number;
  readonly nonce: string;
}

function signed({ keyId, method = 'POST', created, nonce }: Sent) {
  const parts = { method, target: '/v1/users', field: (): string | undefined => undefined };
  const components = componentsFor(parts);
  const parameters = signatureParameters(components, { created, nonce, keyId });
  const base = signatureBase(parts, components, parameters);
  const fields: Record<string, string> = {
    'signature-input': `sig=${parameters}`,
    signature: `sig=:${createHmac('sha256', SECRET).update(base).digest('base64')}:`,
  };
  return { ...parts, hasBody: false, field: (name: string) => fields[name] };
}

/** `used`, or the code that it is refused with. */
function send(signatures: Signatures, sent: Sent): string {
  try {
    signatures.check(signed(sent)).use();
    return 'used';
  } catch (error) {
    assert.ok(error instanceof ProblemError);
    return error.code;
  }
}

test('a write that one leader has taken is refused by the next one, also when it was signed by a clock that is ahead', () => {
  let now = BEGIN;
  let state = stateWith({ 'ak-old': 'tnt-a' });
  const at = now / 1_000;
  // Both processes have run for long before either leads.
  const before = new Signatures(
    () => state,
    () => now,
  );
  const next = new Signatures(
    () => state,
    () => now,
  );
  now += 60_000;
  const taken = [0, 5, 10].map((ahead) => ({ keyId: 'ak-old', created: at + 60 + ahead, nonce: `n${ahead}` }));
  for (const sent of taken) assert.equal(send(before, sent), 'used');
  assert.equal(send(before, { keyId: 'ak-old', created: at + 71, nonce: 'far' }), 'unauthenticated', 'too far ahead');
  assert.equal(send(before, { keyId: 'ak-old', method: 'GET', created: at + 300, nonce: 'read' }), 'used');

  now += 2_000;
  next.beginTerm();
  state = stateWith({ 'ak-old': 'tnt-a', 'ak-term': 'tnt-a' });
  for (let passed = 0; passed < 300; passed += 5) {
    for (const sent of taken) assert.notEqual(send(next, sent), 'used', `${sent.nonce} after ${passed} s`);
    now += 5_000;
  }
  assert.equal(send(next, { keyId: 'ak-old', created: now / 1_000, nonce: 'later' }), 'used');
  next.beginTerm();
  const fresh = { created: now / 1_000, nonce: 'fresh' };
  assert.equal(send(next, { ...fresh, keyId: 'ak-term' }), 'too-busy', 'a key of the term before');
  assert.equal(send(next, { ...fresh, keyId: 'ak-old', method: 'GET' }), 'used', 'reading goes on');
  state = stateWith({ 'ak-made': 'tnt-a' });
  assert.equal(send(next, { ...fresh, keyId: 'ak-made' }), 'used', 'a key that was made since');
});

test('what is remembered has a bound of each key and each tenant, and is used up when it is counted', () => {
  let now = BEGIN;
  const state = stateWith({ 'ak-a': 'tnt-a', 'ak-b': 'tnt-a', 'ak-c': 'tnt-a', 'ak-d': 'tnt-d' });
  const signatures = new Signatures(
    () => state,
    () => now,
    { key: 4, tenant: 6, all: 8 },
  );
  let nonces = 0;
  const get = (keyId: string) => ({ keyId, method: 'GET', created: now / 1_000, nonce: `n${nonces++}` });
  for (let i = 0; i < 100; i++) signatures.check(signed(get('ak-a')));
  for (let i = 0; i < 4; i++) assert.equal(send(signatures, get('ak-a')), 'used');
  assert.equal(send(signatures, get('ak-a')), 'too-busy', 'the fifth of a key');
  for (let i = 0; i < 2; i++) assert.equal(send(signatures, get('ak-b')), 'used');
  assert.equal(send(signatures, get('ak-c')), 'too-busy', 'the seventh of a tenant');
  for (let i = 0; i < 2; i++) assert.equal(send(signatures, get('ak-d')), 'used');
  assert.equal(send(signatures, get('ak-d')), 'too-busy', 'the ninth of all');
  now += 301_000;
  for (let i = 0; i < 4; i++) assert.equal(send(signatures, get('ak-a')), 'used', 'room again');
  const once = get('ak-d');
  assert.deepEqual([send(signatures, once), send(signatures, once)], ['used', 'unauthenticated']);
});

test('whoever goes on in good order takes writes at once, and none that was used before', () => {
  let now = BEGIN;
  const state = stateWith({ 'ak-a': 'tnt-a' });
  const start = () =>
    new Signatures(
      () => state,
      () => now,
    );
  const before = start();
  now += 60_000;
  const write = { keyId: 'ak-a', created: now / 1_000, nonce: 'w' };
  const ahead = { keyId: 'ak-a', created: now / 1_000 + 10, nonce: 'ahead' };
  const read = { keyId: 'ak-a', method: 'GET', created: now / 1_000, nonce: 'r' };
  for (const sent of [write, ahead, read]) assert.equal(send(before, sent), 'used');
  now += 5_000;
  const next = start();
  const unused = { keyId: 'ak-a', created: now / 1_000 - 4, nonce: 'on-its-way' };
  assert.equal(send(next, { ...write, created: now / 1_000, nonce: 'new' }), 'too-busy', 'as after a crash');
  const term = JSON.parse(JSON.stringify(before.term()));
  assert.equal(term.used.length, 2, 'reads are not handed over');
  next.goOnWith(term);
  assert.equal(send(next, { ...write, created: now / 1_000, nonce: 'new' }), 'used');
  assert.equal(send(next, unused), 'used', 'also one that was signed while nobody was there');
  for (let passed = 0; passed < 320; passed += 5) {
    for (const sent of [write, ahead]) assert.notEqual(send(next, sent), 'used', `${sent.nonce} after ${passed} s`);
    now += 5_000;
  }
  // And so on, over several of them.
  const third = start();
  third.goOnWith(next.term()!);
  assert.equal(send(third, { ...write, created: now / 1_000, nonce: 'third' }), 'used');
});
