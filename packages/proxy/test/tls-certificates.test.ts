import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { after, before, describe, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { bodyOf, freePort, httpOrigin, type Origin } from './exchange.ts';
import { changeOf, serviceOf } from './plans.ts';
import { client, handshake, refusal, root, send, server, shownName, web } from './tls-clients.ts';
import { certificateOf, httpsListener, ticketKeysOf, withShared } from './tls-plans.ts';

for (const reactor of ['uring', 'portable'] as const) {
  describe(`certificates of listeners on ${reactor}`, { skip: requiresReactor(reactor) }, () => {
    let engine: ProxyEngine;
    let origin: Origin;
    const apply = async (change: Parameters<ProxyEngine['apply']>[0]): Promise<void> =>
      assert.deepEqual(await engine.apply(change), []);

    before(async () => {
      engine = await createEngine({ workers: 2, reactor });
      origin = await httpOrigin((_, response) => response.end('ok'));
      await apply(withShared(changeOf([serviceOf([origin.port])], []), certificateOf('web', web), ticketKeysOf(1)));
    });

    after(async () => {
      await engine.stop(1_000);
      await origin.close();
    });

    test('shows the certificate of the exact name, then of the longest wildcard, then the default one', async () => {
      const own = await freePort();
      const names = ['a.test', '*.a.test', '*.b.a.test'];
      const tls = { certificates: names.map((name, i) => ({ name, certificateId: `c${i}` })) };
      const listener = httpsListener(own, tls, { id: 'names', serviceId: null });
      await apply(
        withShared(changeOf([], [listener]), ...names.map((name, i) => certificateOf(`c${i}`, server(name)))),
      );
      for (const [asked, shown] of [
        ['a.test', 'a.test'],
        ['A.TEST', 'a.test'],
        ['x.a.test', '*.a.test'],
        ['x.b.a.test', '*.b.a.test'],
        ['unknown.test', 'web.test'],
        ['', 'web.test'],
      ] as const) {
        assert.equal(await shownName(own, asked), shown, asked);
      }
      await apply(changeOf([], [], { listeners: ['names'] }));
    });

    test('shows an RSA or an ECDSA certificate, as the client understands them', async () => {
      const own = await freePort();
      const tls = { defaultCertificates: ['web', 'web-rsa'] };
      const rsa = certificateOf('web-rsa', server('rsa.test', 'rsa-2048'), { keyType: 'rsa' });
      await apply(withShared(changeOf([], [httpsListener(own, tls, { id: 'both', serviceId: null })]), rsa));
      assert.equal(await shownName(own, '', { sigalgs: 'ECDSA+SHA256' }), 'web.test');
      assert.equal(await shownName(own, '', { sigalgs: 'RSA-PSS+SHA256' }), 'rsa.test');
      await apply(changeOf([], [], { listeners: ['both'] }));
    });

    test('a client that cannot use the certificate for its name is shown one that it can', async () => {
      const own = await freePort();
      const certificates = [
        { name: 'www.a.test', certificateId: 'exact' },
        { name: '*.a.test', certificateId: 'below' },
        { name: '*.b.test', certificateId: 'p384' },
      ];
      const listener = httpsListener(own, { certificates }, { id: 'fitting', serviceId: null });
      const entries = [
        certificateOf('exact', server('www.a.test')),
        certificateOf('below', server('*.a.test', 'rsa-2048'), { keyType: 'rsa' }),
        certificateOf('p384', server('*.b.test', 'p384')),
      ];
      await apply(withShared(changeOf([], [listener]), ...entries));
      const tls12 = { maxVersion: 'TLSv1.2' } as const;
      const rsaOnly = [
        { sigalgs: 'RSA-PSS+SHA256' },
        { ...tls12, ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' },
        { ...tls12, sigalgs: 'RSA+SHA256' },
      ];
      for (const options of rsaOnly) {
        assert.equal(await shownName(own, 'www.a.test', options), '*.a.test', JSON.stringify(options));
        assert.match(await refusal(own, { servername: 'x.b.test', ...options }), /HANDSHAKE_FAILURE/, 'there is none');
      }
      for (const options of [{ sigalgs: 'ECDSA+SHA256' }, { ...tls12, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }]) {
        assert.equal(await shownName(own, 'www.a.test', options), 'www.a.test');
        assert.equal(await shownName(own, 'x.a.test', options), 'web.test', 'the default one');
      }
      assert.equal(await shownName(own, 'x.b.test'), '*.b.test');
      assert.equal(await shownName(own, 'x.b.test', { sigalgs: 'ECDSA+SHA256' }), 'web.test');
      assert.equal(await shownName(own, 'x.b.test', { ...tls12, ecdhCurve: 'P-256' }), 'web.test');
      await apply(changeOf([], [], { listeners: ['fitting'] }));
    });

    test('a certificate that OpenSSL refuses refuses the listener, until there is a good one', async () => {
      const own = await freePort();
      const mixed = { ...web, key: client.key };
      const listener = httpsListener(own, { defaultCertificates: ['mixed'] }, { id: 'bad', serviceId: null });
      const [refused] = await engine.apply(withShared(changeOf([], [listener]), certificateOf('mixed', mixed)));
      assert.deepEqual([refused?.listenerId, refused?.code], ['bad', 'failed']);
      assert.match(refused?.detail ?? '', /certificate mixed and its private key do not belong together/);
      await assert.rejects(handshake(own), { code: 'ECONNREFUSED' });
      await apply(withShared(changeOf([], []), certificateOf('mixed', web)));
      (await handshake(own)).destroy();
      // A bad one in its place leaves the listener as it is.
      const [again] = await engine.apply(withShared(changeOf([], []), certificateOf('mixed', mixed)));
      assert.equal(again?.code, 'failed');
      (await handshake(own)).destroy();
      await apply(withShared(changeOf([], [], { listeners: ['bad'] }), certificateOf('mixed', web)));
    });

    test('a new certificate is shown to new clients and touches no connection', async () => {
      const own = await freePort();
      const listener = httpsListener(own, { defaultCertificates: ['changing'] }, { id: 'changing' });
      await apply(withShared(changeOf([], [listener]), certificateOf('changing', server('one.test'))));
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const options = { agent, servername: 'web.test', ca: root.certificate, rejectUnauthorized: false };
      assert.equal((await send(own, options)).status, 200);
      await apply(withShared(changeOf([], []), certificateOf('changing', server('two.test'))));
      assert.equal(await shownName(own, ''), 'two.test');
      const message = request({ host: '127.0.0.1', port: own, ...options }).end();
      const [response] = (await once(message, 'response')) as [IncomingMessage];
      await bodyOf(response);
      assert.equal((message.socket as TLSSocket).getPeerCertificate().subject.CN, 'one.test');
      assert.ok(message.reusedSocket);
      agent.destroy();
      await apply(changeOf([], [], { listeners: ['changing'] }));
    });
  });
}
