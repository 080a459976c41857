import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { RenewMessage } from '@evenkeel/model/plan/membership.ts';
import { issue } from '@evenkeel/testbed/certificates/issue.ts';
import { silentLog } from '../../test/log.ts';
import { settle, VirtualClock } from '../../test/virtual-clock.ts';
import { endOf, IdentityFile, type NodeIdentity } from './identity-file.ts';
import { Renewal } from './renewal.ts';

const HOUR = 3_600_000;

function begin(t: TestContext, hours: number) {
  const clock = new VirtualClock();
  const { certificate, key } = issue({ commonName: 'lb-1' });
  const identity: NodeIdentity = { node: 'lb-1', zone: '', key, certificate, fingerprints: [], issuedAt: 0 };
  // As if it had been given so long before its end.
  const issuedAt = endOf(identity) - hours * HOUR;
  clock.advance(Math.max(0, issuedAt - clock.wallTime()));
  const asked: RenewMessage[] = [];
  const renewed: NodeIdentity[] = [];
  let takes = true;
  const renewal = new Renewal({
    clock,
    random: () => 0,
    log: silentLog,
    identity: { ...identity, issuedAt: endOf(identity) - hours * HOUR },
    send: (message) => {
      if (takes) asked.push(message);
      return takes;
    },
    renewed: async (next) => {
      renewed.push(next);
    },
  });
  t.after(() => renewal.stop());
  const stall = (is: boolean) => {
    takes = !is;
  };
  return { clock, renewal, asked, renewed, certificate, stall };
}

test('another certificate is asked for when most of the life of one is over, by a key that is kept till the answer', async (t) => {
  const { clock, renewal, asked, renewed, certificate, stall } = begin(t, 100);
  clock.advance(55 * HOUR);
  assert.equal(asked.length, 0);
  stall(true);
  clock.advance(7 * HOUR);
  assert.equal(asked.length, 0, 'there is no stream');
  stall(false);
  clock.advance(2 * HOUR);
  assert.ok(asked.length >= 1, 'it is asked for as soon as there is one');
  assert.equal(new Set(asked.map(({ publicKey }) => publicKey)).size, 1);
  await renewal.take({ type: 'certificate', certificate: null, reason: 'the disk is full' });
  assert.equal(renewed.length, 0);
  clock.advance(2 * HOUR);
  assert.equal(new Set(asked.map(({ publicKey }) => publicKey)).size, 2, 'what was refused is asked for anew');
  await renewal.take({ type: 'certificate', certificate, reason: '' });
  await settle();
  assert.equal(renewed.length, 1);
  assert.match(renewed[0]!.key, /PRIVATE KEY/);
  assert.ok(renewed[0]!.issuedAt > 0);
  await renewal.take({ type: 'certificate', certificate, reason: '' });
  assert.equal(renewed.length, 1, 'an answer that nobody asked for is none');
});

test('the file of an identity is whole or not there; one that is damaged says so', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'evenkeel-identity-'));
  t.after(() => rmSync(home, { recursive: true }));
  const file = new IdentityFile(home);
  assert.equal(await file.read(), null);
  const key = await file.joiningKey();
  assert.equal(await file.joiningKey(), key, 'a second attempt has the same');
  const { certificate } = issue({ commonName: 'lb-1' });
  const identity = { node: 'lb-1', zone: 'east', key, certificate, fingerprints: [], issuedAt: 7 };
  await file.joined(identity);
  assert.deepEqual(await new IdentityFile(home).read(), identity);
  assert.notEqual(await file.joiningKey(), key, 'that one is used');
  await file.write({ ...identity, certificate: 'nonsense' });
  await assert.rejects(file.read(), /node-identity\.json is damaged; move it away, and have the node join/);
});
