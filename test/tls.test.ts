import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import type { Client } from '@evenkeel/client/client.ts';
import { type Identity, issue, revocationList } from '@evenkeel/testbed/certificates/issue.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { Installation } from './product/installation.ts';
import { httpOrigin } from './product/origins.ts';
import { versionOnDisk } from './product/plan-on-disk.ts';
import { connected, get, shakeHands } from './product/tls-client.ts';
import { until } from './product/until.ts';

/** TLS from the API to the wire: what is uploaded and configured is what clients and targets meet. */

const ROOT = issue({ commonName: 'Root', ca: true });
const OTHER_ROOT = issue({ commonName: 'Other Root', ca: true });
const ECDSA = issue({ names: ['www.test'], issuer: ROOT });
const RSA = issue({ names: ['www.test'], issuer: ROOT, key: 'rsa-2048' });
const SHOP = issue({ names: ['shop.test', '*.shop.test'], issuer: ROOT });

const fingerprintOf = ({ certificate }: Identity) =>
  new X509Certificate(certificate).fingerprint256.replaceAll(':', '').toLowerCase();
const upload = ({ certificate, key }: Identity) => ({ chain: certificate, privateKey: key });

async function uploadAll(client: Client, identities: Readonly<Record<string, Identity>>) {
  const ids: Record<string, string> = {};
  for (const [name, identity] of Object.entries(identities)) {
    ids[name] = (await client.createCertificate({ body: { name, ...upload(identity) } })).id;
  }
  return ids;
}

/** A TLS server that answers every request with its name. */
async function secureOrigin(t: TestContext, name: string, identity: Identity): Promise<number> {
  const server = createServer({ key: identity.key, cert: identity.certificate }, (_, response) => response.end(name));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close().closeAllConnections());
  return (server.address() as AddressInfo).port;
}

/** A TLS server that sends its name and hangs up. */
async function sayer(t: TestContext, name: string, identity: Identity): Promise<number> {
  const server = createTlsServer({ key: identity.key, cert: identity.certificate }, (socket) => socket.end(name));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

for (const reactor of ['uring', 'portable'] as const) {
  const skip = requiresReactor(reactor);

  test(`certificates by name, replaced in place; policies; tickets over a restart (${reactor})`, { skip }, async () => {
    await using evenkeel = await Installation.start({ reactor, workers: 2 });
    await using origin = await httpOrigin('plain');
    const { client } = evenkeel;
    const ids = await uploadAll(client, { ecdsa: ECDSA, rsa: RSA, shop: SHOP });
    const lb = await client.createLoadBalancer({ body: { name: 'a' } });
    const listener = await client.createListener({
      body: {
        loadBalancerId: lb.id,
        protocol: 'https',
        port: 8443,
        defaultCertificateIds: [ids['ecdsa']!, ids['rsa']!],
        certificates: [
          { name: 'shop.test', certificateId: ids['shop']! },
          { name: '*.shop.test', certificateId: ids['shop']! },
        ],
        hsts: { enabled: true, maxAge: 600, includeSubDomains: true },
        service: { targets: [{ address: '127.0.0.1', port: origin.port }] },
      },
    });
    await evenkeel.applied(listener);
    const to = (servername: string, more: object = {}) => {
      return { host: lb.vip, port: 8443, servername, ca: ROOT.certificate, ...more };
    };

    const shown = async (name: string, more: object = {}) => (await shakeHands(to(name, more))).fingerprint;
    assert.equal(await shown('shop.test'), fingerprintOf(SHOP));
    assert.equal(await shown('a.shop.test'), fingerprintOf(SHOP));
    assert.equal(await shown('www.test'), fingerprintOf(ECDSA));
    const rsaOnly = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' };
    assert.equal(await shown('www.test', rsaOnly), fingerprintOf(RSA));
    const unchecked = { checkServerIdentity: () => undefined };
    assert.equal(await shown('other.test', unchecked), fingerprintOf(ECDSA));
    const answer = await get(to('shop.test'));
    assert.deepEqual([answer.status, answer.body], [200, 'plain']);
    assert.equal(answer.headers['strict-transport-security'], 'max-age=600; includeSubDomains');

    const before = await connected(to('shop.test'));
    const renewed = issue({ names: ['shop.test', '*.shop.test'], issuer: ROOT });
    const params = { certificateId: ids['shop']! };
    const replaced = await client.updateCertificate({ params, body: upload(renewed) });
    await evenkeel.applied(replaced);
    assert.equal(await shown('shop.test'), fingerprintOf(renewed));
    assert.equal((await get({ ...to('shop.test'), socket: before })).body, 'plain', 'the connection goes on');

    const first = await shakeHands(to('shop.test'));
    assert.ok(first.session);
    assert.equal((await shakeHands(to('shop.test', { session: first.session }))).resumed, true);
    await until('the plan is on disk', () => versionOnDisk(evenkeel.home) >= replaced.generation);
    await evenkeel.agent.kill();
    await evenkeel.startAgent();
    assert.equal((await shakeHands(to('shop.test', { session: first.session }))).resumed, true, 'after a restart');

    const change = { params: { listenerId: listener.id }, body: { securityPolicyId: 'tls-1-3-only' } };
    await evenkeel.applied(await client.updateListener(change));
    assert.equal((await shakeHands(to('shop.test'))).protocol, 'TLSv1.3');
    await assert.rejects(connected(to('shop.test', { maxVersion: 'TLSv1.2' })), /protocol version|EPROTO|ECONNRESET/);
  });

  test(`clients show certificates that are good and not revoked (${reactor})`, { skip }, async () => {
    await using evenkeel = await Installation.start({ reactor });
    await using origin = await httpOrigin('plain');
    const { client } = evenkeel;
    const ids = await uploadAll(client, { ecdsa: ECDSA });
    const good = issue({ commonName: 'good', issuer: ROOT, use: 'client' });
    const revoked = issue({ commonName: 'revoked', issuer: ROOT, use: 'client' });
    const stranger = issue({ commonName: 'stranger', issuer: OTHER_ROOT, use: 'client' });
    const authority = await client.createAuthority({
      body: { certificates: ROOT.certificate, revocationLists: revocationList(ROOT, { revoked: [revoked] }) },
    });
    const lb = await client.createLoadBalancer({ body: { name: 'a' } });
    const listener = await client.createListener({
      body: {
        loadBalancerId: lb.id,
        protocol: 'https',
        port: 8443,
        defaultCertificateIds: [ids['ecdsa']!],
        clientCertificates: { mode: 'required', authorityId: authority.id },
        service: { targets: [{ address: '127.0.0.1', port: origin.port }] },
      },
    });
    await evenkeel.applied(listener);
    const to = (identity: Identity | null) => ({
      host: lb.vip,
      port: 8443,
      servername: 'www.test',
      ca: ROOT.certificate,
      ...(identity && { cert: identity.certificate, key: identity.key }),
    });
    assert.equal((await get(to(good))).body, 'plain');
    for (const identity of [null, revoked, stranger]) await assert.rejects(get(to(identity)));
    const body = { clientCertificates: { mode: 'optional' } } as const;
    await evenkeel.applied(await client.updateListener({ params: { listenerId: listener.id }, body }));
    assert.equal((await get(to(null))).body, 'plain');
    await assert.rejects(get(to(revoked)));
  });

  test(`targets are verified, or not; TLS passes by name (${reactor})`, { skip }, async (t) => {
    await using evenkeel = await Installation.start({ reactor });
    const { client } = evenkeel;
    const ids = await uploadAll(client, { ecdsa: ECDSA });
    const inside = await client.createAuthority({ body: { certificates: ROOT.certificate } });
    const others = await client.createAuthority({ body: { certificates: OTHER_ROOT.certificate } });
    const app = issue({ names: ['app.test'], issuer: ROOT });
    const lb = await client.createLoadBalancer({ body: { name: 'a' } });
    const listener = await client.createListener({
      body: {
        loadBalancerId: lb.id,
        protocol: 'https',
        port: 8443,
        defaultCertificateIds: [ids['ecdsa']!],
        service: {
          name: 'app',
          tls: { enabled: true, authority: inside.id, serverName: 'app.test' },
          targets: [{ address: '127.0.0.1', port: await secureOrigin(t, 'secure', app) }],
        },
      },
    });
    await evenkeel.applied(listener);
    const to = { host: lb.vip, port: 8443, servername: 'www.test', ca: ROOT.certificate };
    assert.deepEqual(pick(await get(to)), [200, 'secure']);
    const params = { backendServiceId: listener.backendServiceId! };
    for (const [tls, status] of [
      [{ authorityId: others.id }, 502],
      [{ authorityId: inside.id, serverName: 'other.test' }, 502],
      [{ verify: false }, 200],
    ] as const) {
      await evenkeel.applied(await client.updateBackendService({ params, body: { tls } }));
      assert.equal((await get(to)).status, status, JSON.stringify(tls));
    }

    const service = async (name: string) => {
      const targets = [{ address: '127.0.0.1', port: await sayer(t, name, SHOP) }];
      const made = { loadBalancerId: lb.id, name, protocol: 'tcp' as const, port: 1, targets };
      return (await client.createBackendService({ body: made })).id;
    };
    const [blue, green] = [await service('blue'), await service('green')];
    const passing = await client.createListener({
      body: {
        loadBalancerId: lb.id,
        protocol: 'tcp',
        port: 9443,
        backendServiceId: blue,
        serverNames: [{ name: '*.shop.test', backendServiceId: green }],
      },
    });
    await evenkeel.applied(passing);
    for (const [servername, name] of [
      ['shop.test', 'blue'],
      ['a.shop.test', 'green'],
    ] as const) {
      const socket = await connected({ host: lb.vip, port: 9443, servername, ca: ROOT.certificate });
      let said = '';
      for await (const piece of socket.setEncoding('utf8')) said += piece;
      assert.equal(said, name);
    }
  });
}

const pick = ({ status, body }: { readonly status: number; readonly body: string }) => [status, body];
