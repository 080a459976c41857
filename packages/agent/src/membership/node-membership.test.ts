import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { MOST_CERTIFICATES } from '@evenkeel/model/plan/membership.ts';
import { issue } from '@evenkeel/testbed/certificates/issue.ts';
import { silentLog } from '../../test/log.ts';
import { VirtualClock } from '../../test/virtual-clock.ts';
import { Home } from '../home.ts';
import { NodeMembership } from './node-membership.ts';

const [A, B, C] = ['0A', '0B', '0C'].map((byte) => Array(32).fill(byte).join(':')) as [string, string, string];

/** A node that has joined, and knew one control plane alone then, as those of the version before did. */
async function joined(t: TestContext, controlFingerprint?: string) {
  const path = mkdtempSync(join(tmpdir(), 'evenkeel-membership-'));
  t.after(() => rmSync(path, { recursive: true }));
  const file = join(path, 'credentials', 'node-identity.json');
  mkdirSync(join(path, 'credentials'));
  const { certificate, key } = issue({ commonName: 'lb-1' });
  const fingerprint = A.replaceAll(':', '').toLowerCase();
  writeFileSync(file, JSON.stringify({ node: 'lb-1', zone: '', key, certificate, fingerprint, issuedAt: Date.now() }));
  const home = await Home.open(path);
  const open = async () => {
    const membership = await NodeMembership.open({
      ...{ home, nodeId: 'lb-1', zone: '', controlUrls: ['https://a'], joinToken: undefined, joinTokenFile: undefined },
      ...{ clock: new VirtualClock(), random: () => 0, log: silentLog, controlFingerprint },
    });
    t.after(() => membership.stop());
    return membership;
  };
  const kept = () => JSON.parse(readFileSync(file, 'utf8')) as { fingerprint: string; fingerprints: string[] };
  /** What the version before does when it is told of another certificate: it knows of no list. */
  const earlierTold = (fingerprint: string) => writeFileSync(file, JSON.stringify({ ...kept(), fingerprint }));
  return { open, kept, earlierTold, path, membership: await open() };
}

test('a node trusts the certificates that it was told last, and no others, also after a restart', async (t) => {
  const { membership, open, kept } = await joined(t);
  const trusted = async (one = membership) => (await one.credential()).trust;
  assert.deepEqual(await trusted(), { fingerprint: [A], orAuthorities: true });
  await membership.take({ type: 'trust', fingerprint: A, fingerprints: [A, B, C] });
  assert.deepEqual(await trusted(), { fingerprint: [A, B, C], orAuthorities: true });
  assert.deepEqual(await trusted(await open()), { fingerprint: [A, B, C], orAuthorities: true });
  await membership.take({ type: 'trust', fingerprint: C, fingerprints: [C, B] });
  assert.deepEqual(await trusted(await open()), { fingerprint: [C, B], orAuthorities: true });
  assert.equal(kept().fingerprint, C, 'which is what the version before knows it by');
  await membership.take({ type: 'trust', fingerprint: A });
  assert.deepEqual(kept().fingerprints, [A], 'a control plane of the version before names itself alone');
});

test('a node that went back to the version before, and has come again, trusts what it was told of there', async (t) => {
  const { membership, open, earlierTold } = await joined(t);
  const trusted = async () => (await (await open()).credential()).trust.fingerprint;
  await membership.take({ type: 'trust', fingerprint: A, fingerprints: [A, B] });
  earlierTold(C);
  assert.deepEqual(await trusted(), [C, A, B]);
  earlierTold(B);
  assert.deepEqual(await trusted(), [B, A], 'each once');
  const many = Array.from({ length: MOST_CERTIFICATES }, (_, i) =>
    Array(32)
      .fill(String(i + 10))
      .join(':'),
  );
  await membership.take({ type: 'trust', fingerprint: many[0]!, fingerprints: many });
  earlierTold(C);
  assert.deepEqual(await trusted(), [C, ...many.slice(0, -1)], 'and no more than nodes keep');
});

test('what cannot be written is in force, and is written when it is told again', async (t) => {
  const { membership, kept, path } = await joined(t);
  // Where the draft would be written to, there is a folder.
  const draft = join(path, 'credentials', `node-identity.json.${process.pid}`);
  mkdirSync(draft);
  const told = { type: 'trust', fingerprint: A, fingerprints: [A, B] } as const;
  await membership.take(told);
  assert.deepEqual((await membership.credential()).trust.fingerprint, [A, B]);
  assert.equal(kept().fingerprints, undefined);
  rmSync(draft, { recursive: true, force: true });
  await membership.take(told);
  assert.deepEqual(kept().fingerprints, [A, B]);
});

test('a fingerprint that was given is a pin: the list adds nothing to it', async (t) => {
  const { membership } = await joined(t, C);
  await membership.take({ type: 'trust', fingerprint: A, fingerprints: [A, B] });
  assert.deepEqual((await membership.credential()).trust, { fingerprint: C });
});
