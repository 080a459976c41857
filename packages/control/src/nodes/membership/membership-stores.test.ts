import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { proofText } from '@evenkeel/model/plan/membership.ts';
import { type Place, STORES } from '../../../test/stores.ts';
import { TokenCheck } from '../../access/bearer.ts';
import { authorNamed, type NewAuditEntry } from '../../audit/entry.ts';
import { Vault } from '../../secrets/vault.ts';
import { Membership } from './membership.ts';

/** How nodes join, have their certificates and keys replaced, and are revoked, on each kind of store. */

const LIFE = 1_000_000;
const PERIOD = 7 * 86_400_000;
const [OWN, OTHER] = ['AA', 'BB'].map((byte) => Array(32).fill(byte).join(':')) as [string, string];

const entry = (detail: string): NewAuditEntry => ({
  ...{ at: 0, tenantId: 't', author: authorNamed('admin'), action: 'x', requestId: 'r', generation: 0, detail },
  ...{ operationId: null, resource: null, change: null, before: null, after: null },
  ...{ outcome: 'done', code: null, omitted: 0 },
});

/** A control plane's membership, with what is on the disk; a second one of the same place is the next leader. */
async function opened(t: TestContext, place: Place, clock: { now: number }) {
  const store = await place.open(t);
  const membership = new Membership({
    ...{ store, vault: new Vault(place.key), token: new TokenCheck('shared'), sharedToken: 'local' },
    certificateLife: LIFE,
    fingerprint: () => OWN,
    fingerprints: () => [OWN, OTHER],
    hasRoom: () => true,
    isKnown: () => false,
    zones: () => new Set(['east']),
    ...{ ended: () => {}, joined: () => {}, revoked: () => {}, forgotten: () => {}, keysChanged: () => {} },
    failed: (error) => assert.fail(String(error)),
    now: () => clock.now,
    random: Math.random,
    secret: randomBytes,
  });
  await membership.load();
  await membership.ensureAuthority();
  return { store, membership };
}

function proven(node: string) {
  const { privateKey, publicKey: own } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const publicKey = own.export({ type: 'spki', format: 'der' }).toString('base64');
  const proof = sign('sha256', Buffer.from(proofText(node, publicKey)), privateKey).toString('base64');
  return { publicKey, proof };
}

for (const kind of STORES) {
  test(`${kind.name}: a node joins, has another certificate, its zone other keys, and is revoked, for the next leader too`, {
    skip: kind.skip,
    timeout: 60_000,
  }, async (t) => {
    const clock = { now: 1_000 * PERIOD };
    const place = await kind.make(t);
    const before = await opened(t, place, clock);
    const { membership } = before;
    const { token, row } = await membership.tokens.create({ nodeId: 'lb-1', zone: 'east' }, [OWN, OTHER], entry);
    const from = { source: '192.0.2.7', requestId: 'r' };
    const answer = await membership.joining.join({ token, node: 'lb-1', zone: '', ...proven('lb-1') }, from);
    assert.deepEqual([answer.zone, answer.fingerprints], ['east', [OWN, OTHER]]);
    const { identity } = membership.identities.get('lb-1')!;

    clock.now += LIFE / 2;
    const renew = () => membership.joining.renew('lb-1', identity, { type: 'renew', ...proven('lb-1') });
    const renewed = new X509Certificate((await renew()).certificate!);
    const [first] = membership.zoneKeys.messageFor('east').keys;
    clock.now += PERIOD;
    membership.zoneKeys.rotate();
    await membership.unwritten.save();
    const rotated = membership.zoneKeys.messageFor('east').keys;
    assert.deepEqual([rotated.length, rotated[1]], [2, first]);
    await before.store.close();

    const after = await opened(t, place, clock);
    const kept = after.membership.identities.get('lb-1')!;
    assert.deepEqual([kept.identity, kept.serial], [identity, renewed.serialNumber.toLowerCase()]);
    assert.equal(after.membership.authorityCertificate, membership.authorityCertificate);
    assert.equal(after.membership.tokens.get(row.id).used, 1);
    assert.deepEqual(after.membership.zoneKeys.messageFor('east').keys, rotated);
    await after.membership.revoke('lb-1', () => entry('lb-1'));
    await after.store.close();

    const last = await opened(t, place, clock);
    assert.ok(last.membership.identities.isRevoked('lb-1'));
    const keys = last.membership.zoneKeys.messageFor('east').keys.map(({ id }) => id);
    assert.ok(keys.length === 1 && rotated.every(({ id }) => id !== keys[0]), 'what the node knew is good for nothing');
    const revoked = { code: 'node-revoked', message: /it was revoked/ };
    assert.throws(() => last.membership.gate.check('lb-1', identity), revoked);

    // Whoever has the certificate hears that also when the name is forgotten, and when another has it.
    await last.membership.forget('lb-1', async () => {}, entry('lb-1'));
    assert.throws(() => last.membership.gate.check('lb-1', identity), revoked);
    await last.store.close();
    const anew = await opened(t, place, clock);
    assert.throws(() => anew.membership.gate.check('lb-1', identity), revoked);
    const again = await anew.membership.tokens.create({ nodeId: 'lb-1' }, [OWN], entry);
    const joining = { token: again.token, node: 'lb-1', zone: '', ...proven('lb-1') };
    await anew.membership.joining.join(joining, from);
    const second = anew.membership.identities.get('lb-1')!.identity;
    assert.throws(() => anew.membership.gate.check('lb-1', identity), revoked);
    anew.membership.gate.check('lb-1', second);

    // One that is replaced while it is revoked is known as well; one that was none of these is refused.
    await anew.membership.revoke('lb-1', () => entry('lb-1'));
    const third = await anew.membership.tokens.create({ nodeId: 'lb-1' }, [OWN], entry);
    await anew.membership.joining.join({ ...joining, token: third.token, ...proven('lb-1') }, from);
    for (const one of [identity, second]) assert.throws(() => anew.membership.gate.check('lb-1', one), revoked);
    assert.throws(() => anew.membership.gate.check('lb-1', 'neither'), { code: 'node-refused' });
    const remembered = () => anew.store.read((db) => db.selectFrom('revoked_identity').select('identity').execute());
    assert.deepEqual((await remembered()).map((row) => row.identity).sort(), [identity, second].sort());
    // A year later no certificate of theirs is good.
    clock.now += 367 * 86_400_000;
    const newest = anew.membership.identities.get('lb-1')!.identity;
    await anew.membership.revoke('lb-1', () => entry('lb-1'));
    await anew.membership.forget('lb-1', async () => {}, entry('lb-1'));
    assert.deepEqual(
      (await remembered()).map((row) => row.identity),
      [newest],
    );
    assert.throws(() => anew.membership.gate.check('lb-1', identity), { code: 'node-refused' });
  });
}
