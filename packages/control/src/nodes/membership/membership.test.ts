import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fingerprintsInToken, isJoinToken, proofText, shortJoinToken } from '@evenkeel/model/plan/membership.ts';
import { temporaryHome } from '../../../test/home.ts';
import { TokenCheck } from '../../access/bearer.ts';
import { hashOfToken } from '../../access/secrets.ts';
import { authorNamed, type NewAuditEntry } from '../../audit/entry.ts';
import { ProblemError } from '../../problem.ts';
import { Vault } from '../../secrets/vault.ts';
import type { NodeIdentityRow } from '../../store/schema.ts';
import type { Store } from '../../store/store.ts';
import { Membership } from './membership.ts';

const LIFE = 100_000;
const FROM = { source: '192.0.2.7', requestId: 'r' };

const entry = (detail: string): NewAuditEntry => ({
  ...{ at: 0, tenantId: 't', author: authorNamed('admin'), action: 'x', requestId: 'r', generation: 0, detail },
  ...{ operationId: null, resource: null, change: null, before: null, after: null },
  ...{ outcome: 'done', code: null, omitted: 0 },
});

const identity = (node: string, zone: string): NodeIdentityRow => ({
  ...{ node, zone, identity: `of ${node}`, join_token_id: 'jt-1', join_key: '', serial: '1' },
  ...{ joined_at: 0, issued_at: 0, not_after: LIFE, revoked_at: null },
});

/** A membership whose disk may be full. */
class Site {
  full = false;
  now = 0;
  /** Details of what the audit log has. */
  readonly audited: string[] = [];
  /** Streams that were ended, zones with other keys, events of revoked nodes. */
  readonly told: string[] = [];
  /** Nodes that came, and the zone of each. */
  readonly known = new Map<string, string>();
  readonly membership: Membership;

  constructor(t: TestContext) {
    const record = async (_: unknown, entries: readonly NewAuditEntry[] = []) => {
      if (this.full) throw new ProblemError('storage-full', 'the disk is full');
      this.audited.push(...entries.map(({ detail }) => detail));
    };
    const vault = new Vault(join(temporaryHome(t), 'key'));
    vault.ensureKey();
    this.membership = new Membership({
      store: { record, state: { generation: 3 } } as unknown as Store,
      vault,
      token: new TokenCheck('shared'),
      sharedToken: 'local',
      certificateLife: LIFE,
      fingerprint: () => 'AB'.repeat(32),
      fingerprints: () => ['AB'.repeat(32)],
      hasRoom: () => true,
      isKnown: (node) => this.known.has(node),
      zones: () => new Set(this.known.values()),
      ended: (node) => this.told.push(`ended ${node}`),
      joined: () => {},
      revoked: (node) => this.told.push(`revoked ${node}`),
      forgotten: (node) => this.told.push(`forgotten ${node}`),
      keysChanged: (zone) => this.told.push(`keys ${zone}`),
      failed: () => {},
      now: () => this.now,
      random: () => 0,
      secret: randomBytes,
    });
  }

  /** Nodes that have joined in these zones, each of which has a key. */
  with(nodes: Readonly<Record<string, string>>): this {
    this.membership.identities.reset(Object.entries(nodes).map(([node, zone]) => identity(node, zone)));
    for (const [node, zone] of Object.entries(nodes)) this.known.set(node, zone);
    for (const zone of this.known.values()) this.membership.zoneKeys.messageFor(zone);
    return this;
  }
}

/** The request of a machine to join. */
function request(token: string, node: string, zone = '') {
  const { privateKey, publicKey: own } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const publicKey = own.export({ type: 'spki', format: 'der' }).toString('base64');
  const proof = sign('sha256', Buffer.from(proofText(node, publicKey)), privateKey).toString('base64');
  return { token, node, zone, publicKey, proof };
}

test('a revocation that could not be written is in force, is no success, and is written when it is asked for again', async (t) => {
  const site = new Site(t).with({ 'lb-1': 'east' });
  const { membership, told, audited } = site;
  await membership.unwritten.save();
  const revoke = () => membership.revoke('lb-1', () => entry('lb-1'));
  site.full = true;
  for (let i = 0; i < 2; i++) await assert.rejects(revoke(), { code: 'storage-full' });
  assert.ok(membership.identities.isRevoked('lb-1'));
  assert.deepEqual(told, ['ended lb-1', 'keys east']);
  site.full = false;
  await revoke();
  assert.deepEqual(told, ['ended lb-1', 'keys east', 'revoked lb-1']);
  assert.deepEqual(audited, ['lb-1'], 'in the transaction of the row');
  await revoke();
  assert.deepEqual([told.length, audited.length], [3, 1], 'nothing is left to be written');
});

test('what could not be written is written by itself when there is room again', async (t) => {
  const site = new Site(t).with({ 'lb-1': 'east' });
  const { membership, told, audited } = site;
  const { row } = await membership.tokens.create({}, ['AB'.repeat(32)], entry);
  site.full = true;
  await assert.rejects(
    membership.revoke('lb-1', () => entry('lb-1')),
    { code: 'storage-full' },
  );
  const revokeToken = () => membership.tokens.revoke(row.id, () => entry(row.id));
  for (let i = 0; i < 2; i++) await assert.rejects(revokeToken(), { code: 'storage-full' });
  assert.equal(membership.tokens.show(membership.tokens.get(row.id)).status, 'revoked');
  await assert.rejects(membership.unwritten.flush(), { code: 'storage-full' });
  site.full = false;
  await membership.unwritten.flush();
  assert.deepEqual(audited.slice(1), ['lb-1', row.id]);
  assert.equal(told.at(-1), 'revoked lb-1');
});

test('what is being written is not written twice, and what comes meanwhile is not lost', async (t) => {
  const { membership, audited } = new Site(t).with({ a: 'east', b: 'east' });
  const revoke = (node: string) => membership.revoke(node, () => entry(node));
  await Promise.all([revoke('a'), revoke('a'), membership.unwritten.flush(), revoke('b')]);
  assert.deepEqual(audited.toSorted(), ['a', 'b']);
});

test('a node knows the keys of the zone that it has joined in; with the shared token it may know those of all', async (t) => {
  const forgetting = (site: Site, node: string) => site.membership.forget(node, async () => {}, entry(node));
  const keysAfter = async (work: (site: Site) => Promise<void>) => {
    const site = new Site(t);
    site.known.set('beside', 'west');
    site.with({ 'lb-1': 'east' });
    await work(site);
    return site.told.filter((word) => word.startsWith('keys'));
  };
  assert.deepEqual(await keysAfter(({ membership }) => membership.revoke('lb-1', () => entry(''))), ['keys east']);
  assert.deepEqual(await keysAfter((site) => forgetting(site, 'lb-1')), ['keys east']);
  const both = ['keys west', 'keys east'];
  assert.deepEqual(await keysAfter(({ membership }) => membership.revoke('beside', () => entry(''))), both);
  assert.deepEqual(await keysAfter((site) => forgetting(site, 'beside')), both);
});

test('zones that no node is in have no keys', async (t) => {
  const site = new Site(t).with({ 'lb-1': 'east' });
  const { zoneKeys } = site.membership;
  const [before] = zoneKeys.messageFor('east').keys;
  site.known.set('lb-1', 'west');
  zoneKeys.messageFor('west');
  assert.notEqual(zoneKeys.messageFor('east').keys[0]!.id, before!.id);
});

test('a node is in the zone that it said when it joined, and the audit log says who came with which token', async (t) => {
  const { membership, audited, told } = new Site(t);
  await membership.ensureAuthority();
  const { row, token } = await membership.tokens.create({ uses: 2 }, ['AB'.repeat(32)], entry);
  const { zone } = await membership.joining.join(request(token, 'lb-1', 'east'), FROM);
  assert.equal(zone, 'east');
  assert.deepEqual(audited, [`${row.id}: zone any, node any, uses 2`, 'lb-1: zone east']);
  await assert.rejects(
    membership.joining.join(request(token, 'lb-2', 'no zone'), FROM),
    /^ProblemError: \/zone: is no name of a zone/,
  );

  membership.zoneKeys.messageFor('east');
  const named = await membership.tokens.create({ nodeId: 'lb-1' }, ['AB'.repeat(32)], entry);
  await membership.joining.join(request(named.token, 'lb-1', 'west'), FROM);
  assert.equal(membership.identities.get('lb-1')!.zone, 'west');
  assert.ok(told.includes('keys east'), 'whoever had the name before knows those');
});

test('a node of the version before joins with the part of a join token that names one certificate', async (t) => {
  const { membership } = new Site(t);
  await membership.ensureAuthority();
  const both = ['AB', 'CD'].map((byte) => Array(32).fill(byte).join(':'));
  const { row, token } = await membership.tokens.create({ uses: 2 }, both, entry);
  assert.deepEqual(fingerprintsInToken(token), both);
  // What agents of that version take, and no more.
  const taken = /^ekjoin_[\w-]{43}(\.[\w-]{43})?$/;
  assert.doesNotMatch(token, taken);
  const short = shortJoinToken(token);
  assert.match(short, taken);
  assert.ok(isJoinToken(short));
  assert.deepEqual(fingerprintsInToken(short), both.slice(0, 1));
  await membership.joining.join(request(short, 'lb-1'), FROM);
  await membership.joining.join(request(token, 'lb-2'), FROM);
  assert.equal(membership.tokens.get(row.id).used, 2, 'they are one token');
  for (const wrong of [
    token.split('.')[0]!,
    shortJoinToken(`${short.slice(0, -1)}${short.endsWith('A') ? 'E' : 'A'}`),
  ]) {
    await assert.rejects(membership.joining.join(request(wrong, 'lb-3'), FROM), { code: 'join-token-refused' });
  }
  // That version has kept what all of a token comes to.
  membership.tokens.reset([{ ...row, hash: hashOfToken(token) }]);
  await membership.joining.join(request(token, 'lb-3'), FROM);
});

test('a token for any node takes no name away from a node that comes with the shared token', async (t) => {
  const site = new Site(t);
  const { membership } = site;
  await membership.ensureAuthority();
  const any = await membership.tokens.create({}, ['AB'.repeat(32)], entry);
  const named = await membership.tokens.create({ nodeId: 'lb-1' }, ['AB'.repeat(32)], entry);
  site.known.set('lb-1', '');
  await assert.rejects(membership.joining.join(request(any.token, 'lb-1'), FROM), {
    code: 'node-refused',
    message: /there is a node lb-1, which comes with the shared token; have a join token made for it/,
  });
  await membership.joining.join(request(named.token, 'lb-1'), FROM);
  await membership.joining.join(request(any.token, 'lb-2'), FROM);
});

test('there is no other certificate for one that is new, and another one soon enough for who has lost it', async (t) => {
  const site = new Site(t).with({ 'lb-1': 'east' });
  const { joining, identities } = site.membership;
  await site.membership.ensureAuthority();
  const { publicKey, proof } = request('', 'lb-1');
  const renew = async () => (await joining.renew('lb-1', 'of lb-1', { type: 'renew', publicKey, proof })).certificate;
  assert.equal(await renew(), null);
  site.now = 60_000;
  assert.ok(await renew());
  assert.equal(identities.get('lb-1')!.issued_at, 60_000);
  assert.equal(await renew(), null);
  site.now = 66_000;
  assert.ok(await renew());
});
