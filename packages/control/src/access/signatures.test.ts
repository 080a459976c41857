import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { componentsFor, signatureBase, signatureParameters } from '@evenkeel/model/signature-base.ts';
import { ProblemError } from '../problem.ts';
import { Secret } from '../secrets/secret.ts';
import type { AccessKeyRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';
import type { Bound } from './signature-bounds.ts';
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
async function send(signatures: Signatures, sent: Sent): Promise<string> {
  try {
    await signatures.check(signed(sent)).use();
    return 'used';
  } catch (error) {
    assert.ok(error instanceof ProblemError);
    return error.code;
  }
}

/** What is on the disk, which outlives the processes that write it. */
class Disk {
  readonly bounds = new Map<string, number>();
  writes = 0;
  readonly write = async ([name, until]: Bound) => {
    this.writes++;
    this.bounds.set(name, Math.max(until, this.bounds.get(name) ?? 0));
  };
}

test('after a crash no write is taken twice, and whoever has a right clock goes on in the second after', async () => {
  let now = BEGIN;
  const state = stateWith({ 'ak-right': 'tnt-a', 'ak-ahead': 'tnt-a', 'ak-idle': 'tnt-a' });
  const disk = new Disk();
  const start = () => {
    const signatures = new Signatures(
      () => state,
      () => now,
      disk.write,
    );
    signatures.goOnAfter([...disk.bounds]);
    return signatures;
  };
  const before = start();
  now += 60_500;
  const at = Math.floor(now / 1_000);
  const taken = [
    ...['a', 'b', 'c'].map((nonce) => ({ keyId: 'ak-right', created: at, nonce })),
    { keyId: 'ak-right', created: at - 3, nonce: 'late' },
    { keyId: 'ak-ahead', created: at + 10, nonce: 'ahead' },
  ];
  for (const sent of taken) assert.equal(await send(before, sent), 'used');
  assert.equal(disk.writes, 2, 'one of all clocks that are right, one of the key whose clock is not');
  assert.equal(await send(before, { keyId: 'ak-ahead', created: at + 11, nonce: 'far' }), 'unauthenticated');

  // It crashes in the same second; the next one is there 300 ms later.
  now += 300;
  const next = start();
  for (const sent of taken) assert.notEqual(await send(next, sent), 'used', sent.nonce);
  const fresh = (keyId: string, nonce: string) => ({ keyId, created: Math.floor(now / 1_000), nonce });
  assert.equal(await send(next, fresh('ak-right', 'same-second')), 'too-busy');
  now += 300;
  assert.equal(await send(next, fresh('ak-right', 'next-second')), 'used');
  assert.equal(await send(next, fresh('ak-idle', 'other-key')), 'used');
  assert.equal(
    await send(next, { ...fresh('ak-ahead', 'x'), created: at + 10 }),
    'too-busy',
    'its own clock holds it up',
  );
  assert.equal(await send(next, { ...fresh('ak-ahead', 'y'), created: at + 11 }), 'used');
  for (let passed = 0; passed < 320; passed += 5) {
    for (const sent of taken) assert.notEqual(await send(next, sent), 'used', `${sent.nonce} after ${passed} s`);
    now += 5_000;
  }

  // Another crash, of one that has taken little itself: what was known before it is known after it.
  now = at * 1_000 + 2_000;
  const third = start();
  for (const sent of taken) assert.notEqual(await send(third, sent), 'used', sent.nonce);
});

test('where it is not known how far signatures had got, writes wait until none of before is good; reading goes on', async () => {
  let now = BEGIN;
  const state = stateWith({ 'ak-a': 'tnt-a' });
  const signatures = new Signatures(
    () => state,
    () => now,
    new Disk().write,
  );
  const write = (nonce: string) => ({ keyId: 'ak-a', created: now / 1_000, nonce });
  const old = write('old');
  now += 15_000;
  assert.equal(await send(signatures, write('early')), 'too-busy');
  assert.equal(await send(signatures, { ...write('read'), method: 'GET' }), 'used');
  now += 1_000;
  assert.equal(await send(signatures, write('settled')), 'used');
  assert.equal(await send(signatures, old), 'unauthenticated', 'it is to be signed anew');
});

test('a write is taken when its time is on the disk, and not when that cannot be written', async () => {
  const now = BEGIN;
  const state = stateWith({ 'ak-a': 'tnt-a' });
  const first = Promise.withResolvers<void>();
  let writes = 0;
  const signatures = new Signatures(
    () => state,
    () => now,
    () => (writes++ === 0 ? first.promise : Promise.resolve()),
  );
  signatures.goOnAfter([]);
  const write = (nonce: string) => ({ keyId: 'ak-a', created: now / 1_000, nonce });
  const waiting = ['one', 'two'].map((nonce) => send(signatures, write(nonce)));
  assert.equal(writes, 1, 'both wait for the same');
  first.reject(new ProblemError('storage-full', 'the disk is full'));
  assert.deepEqual(await Promise.all(waiting), ['storage-full', 'storage-full']);
  assert.equal(await send(signatures, write('one')), 'unauthenticated', 'a nonce is used up all the same');
  assert.equal(await send(signatures, write('three')), 'used');
  assert.equal(await send(signatures, write('four')), 'used');
  assert.equal(writes, 2);
});

test('what is remembered has a bound of each key and each tenant, and is used up when it is counted', async () => {
  let now = BEGIN;
  const state = stateWith({ 'ak-a': 'tnt-a', 'ak-b': 'tnt-a', 'ak-c': 'tnt-a', 'ak-d': 'tnt-d' });
  const signatures = new Signatures(
    () => state,
    () => now,
    new Disk().write,
    { key: 4, tenant: 6, all: 8 },
  );
  let nonces = 0;
  const get = (keyId: string) => ({ keyId, method: 'GET', created: now / 1_000, nonce: `n${nonces++}` });
  for (let i = 0; i < 100; i++) signatures.check(signed(get('ak-a')));
  for (let i = 0; i < 4; i++) assert.equal(await send(signatures, get('ak-a')), 'used');
  assert.equal(await send(signatures, get('ak-a')), 'too-busy', 'the fifth of a key');
  for (let i = 0; i < 2; i++) assert.equal(await send(signatures, get('ak-b')), 'used');
  assert.equal(await send(signatures, get('ak-c')), 'too-busy', 'the seventh of a tenant');
  for (let i = 0; i < 2; i++) assert.equal(await send(signatures, get('ak-d')), 'used');
  assert.equal(await send(signatures, get('ak-d')), 'too-busy', 'the ninth of all');
  now += 301_000;
  for (let i = 0; i < 4; i++) assert.equal(await send(signatures, get('ak-a')), 'used', 'room again');
  const once = get('ak-d');
  assert.deepEqual([await send(signatures, once), await send(signatures, once)], ['used', 'unauthenticated']);
});

test('whoever goes on in good order takes writes at once, and none that was used before', async () => {
  let now = BEGIN;
  const state = stateWith({ 'ak-a': 'tnt-a' });
  const start = () =>
    new Signatures(
      () => state,
      () => now,
      new Disk().write,
    );
  const before = start();
  before.goOnAfter([]);
  now += 60_000;
  const write = { keyId: 'ak-a', created: now / 1_000, nonce: 'w' };
  const ahead = { keyId: 'ak-a', created: now / 1_000 + 10, nonce: 'ahead' };
  const read = { keyId: 'ak-a', method: 'GET', created: now / 1_000, nonce: 'r' };
  for (const sent of [write, ahead, read]) assert.equal(await send(before, sent), 'used');
  now += 5_000;
  const next = start();
  const unused = { keyId: 'ak-a', created: now / 1_000 - 4, nonce: 'on-its-way' };
  assert.equal(await send(next, { ...write, created: now / 1_000, nonce: 'new' }), 'too-busy', 'nothing is known');
  const term = JSON.parse(JSON.stringify(before.term()));
  assert.equal(term.used.length, 2, 'reads are not handed over');
  next.goOnWith(term);
  assert.equal(await send(next, { ...write, created: now / 1_000, nonce: 'new' }), 'used');
  assert.equal(await send(next, unused), 'used', 'also one that was signed while nobody was there');
  for (let passed = 0; passed < 320; passed += 5) {
    for (const sent of [write, ahead])
      assert.notEqual(await send(next, sent), 'used', `${sent.nonce} after ${passed} s`);
    now += 5_000;
  }
  // And so on, over several of them.
  const third = start();
  third.goOnWith(next.term()!);
  assert.equal(await send(third, { ...write, created: now / 1_000, nonce: 'third' }), 'used');
});
