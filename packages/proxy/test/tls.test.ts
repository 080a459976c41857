import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { Agent } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { Duplex } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { type ConnectionOptions, connect } from 'node:tls';
import { issue, revocationList } from '@evenkeel/testbed/certificates/issue.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { bodyOf, freePort, httpOrigin, type Origin, rawExchange, tcpOrigin } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';
import {
  client,
  handshake,
  readAll,
  refusal,
  revoked,
  root,
  send,
  server,
  shownName,
  stranger,
  web,
} from './tls-clients.ts';
import { authorityOf, certificateOf, httpsListener, ruleSetting, ticketKeysOf, withShared } from './tls-plans.ts';

for (const reactor of ['uring', 'portable'] as const) {
  describe(`TLS on ${reactor}`, { skip: requiresReactor(reactor) }, () => {
    let engine: ProxyEngine;
    let origin: Origin;
    let port: number;
    const apply = async (change: Parameters<ProxyEngine['apply']>[0]): Promise<void> =>
      assert.deepEqual(await engine.apply(change), []);
    const reasons = (): Readonly<Record<string, number>> => engine.counters().listeners[0]?.reasons ?? {};
    const counted = async (reason: string, atLeast: number): Promise<void> => {
      while ((reasons()[reason] ?? 0) < atLeast) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    /** The first line of the access log, from now on, that has this field with this value. */
    const logged = async (field: string, value: string): Promise<Record<string, unknown>> => {
      for (;;) {
        const lines = Buffer.from(engine.readAccessLog() ?? '').toString();
        for (const line of lines
          .split('\n')
          .filter(Boolean)
          .map((text) => JSON.parse(text))) {
          if (line[field] === value) return line;
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };

    before(async () => {
      engine = await createEngine({ workers: 2, reactor });
      origin = await httpOrigin(async (incoming, response) => {
        const body = await bodyOf(incoming);
        const size = Number(incoming.headers['x-size'] ?? -1);
        response.end(size >= 0 ? Buffer.alloc(size, 'y') : body);
      });
      port = await freePort();
      const change = changeOf([serviceOf([origin.port])], [httpsListener(port)]);
      await apply(withShared(change, certificateOf('web', web), ticketKeysOf(1)));
    });

    after(async () => {
      await engine.stop(1_000);
      await origin.close();
    });

    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      test(`carries requests in ${version}, and logs what was settled`, async () => {
        const options = { minVersion: version, maxVersion: version, agent: new Agent({ keepAlive: false }) };
        const answer = await send(port, { method: 'POST', path: '/a', ...options }, Buffer.from('hello'));
        assert.deepEqual([answer.status, answer.body.toString()], [200, 'hello']);
        const line = await logged('ssl_protocol', version);
        const cipher = version === 'TLSv1.2' ? 'ECDHE-ECDSA-AES128-GCM-SHA256' : 'TLS_AES_128_GCM_SHA256';
        assert.deepEqual(
          [line.ssl_protocol, line.ssl_cipher, line.server_name, line.scheme],
          [version, cipher, 'web.test', 'https'],
        );
      });
    }

    test('carries bodies of 1 MB both ways on one connection', async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const body = Buffer.from(Array.from({ length: 1 << 20 }, (_, i) => (i * 7 + (i >> 8)) & 255));
      for (let i = 0; i < 3; i++) {
        const answer = await send(port, { method: 'POST', agent }, body);
        assert.ok(answer.body.equals(body));
      }
      const large = await send(port, { agent, headers: { 'x-size': 5_000_000 } });
      assert.equal(large.body.length, 5_000_000);
      agent.destroy();
    });

    test('resumes a session on another worker, with keys that were rotated meanwhile', async () => {
      for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
        const limits = { minVersion: version, maxVersion: version };
        const first = connect({ port, host: '127.0.0.1', servername: 'web.test', ca: root.certificate, ...limits });
        const [session] = (await once(first, 'session')) as [Buffer];
        first.destroy();
        await apply(withShared(changeOf([], []), ticketKeysOf(2, 1)));
        // The kernel spreads connections over the workers: with so many, both get some.
        for (let i = 0; i < 12; i++) {
          const socket = await handshake(port, { session, ...limits });
          assert.ok(socket.isSessionReused(), `${version}, connection ${i}`);
          socket.destroy();
        }
        await apply(withShared(changeOf([], []), ticketKeysOf(3)));
        const late = await handshake(port, { session, ...limits });
        assert.equal(late.isSessionReused(), false, 'the key is gone');
        late.destroy();
        await apply(withShared(changeOf([], []), ticketKeysOf(1)));
      }
    });

    test('agrees on http/1.1, and refuses clients that offer other protocols only', async () => {
      const socket = await handshake(port, { ALPNProtocols: ['h2', 'http/1.1'] });
      assert.equal(socket.alpnProtocol, 'http/1.1');
      socket.destroy();
      assert.equal(await refusal(port, { ALPNProtocols: ['h2'] }), 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL');
    });

    test('refuses what is no handshake, counts and logs it, and serves on', async () => {
      const before = reasons()['client-handshake'] ?? 0;
      const answer = await rawExchange(port, 'get me in');
      assert.deepEqual([...Buffer.from(answer, 'latin1')], [21, 3, 1, 0, 2, 2, 10], 'the alert unexpected_message');
      await rawExchange(port, '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00').catch(() => '');
      await counted('client-handshake', before + 2);
      const line = await logged('ssl_error', 'malformed ClientHello');
      assert.equal(line.reason, 'client-handshake');
      assert.equal((await send(port)).status, 200);
    });

    test('tells clients that speak HTTP without TLS what is wrong, counts and logs it', async () => {
      const before = reasons()['client-plain-http'] ?? 0;
      const answer = await rawExchange(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/);
      assert.match(answer, /\r\nDate: \w{3}, [\w :]+ GMT\r\n/);
      assert.match(answer, /\r\nConnection: close\r\n\r\n400 Bad Request\nThis port speaks HTTPS/);
      await counted('client-plain-http', before + 1);
      const line = await logged('reason', 'client-plain-http');
      assert.equal(line.ssl_error, 'plain HTTP came in place of TLS');
      assert.equal((await send(port)).status, 200);
    });

    test('ends a client that says nothing, and takes one that says it slowly', async () => {
      const own = await freePort();
      await apply(changeOf([], [httpsListener(own, {}, { id: 'hasty', headerTimeout: 1_000 })]));
      const silent = connectPlain({ port: own, host: '127.0.0.1' });
      const closed = new Promise((resolve) => silent.on('error', () => undefined).on('close', resolve));
      const slow = connectPlain({ port, host: '127.0.0.1' });
      const { port: relay, close } = await tcpOrigin((socket) => {
        socket.on('data', (bytes: Buffer) => {
          for (let at = 0; at < bytes.length; at += 50) slow.write(bytes.subarray(at, at + 50));
        });
        slow.setNoDelay(true).on('data', (bytes) => socket.write(bytes));
      });
      const socket = await handshake(relay);
      socket.destroy();
      slow.destroy();
      await close();
      await closed;
      await apply(changeOf([], [], { listeners: ['hasty'] }));
    });

    test('asks clients for certificates, and takes those that are good', async () => {
      const own = await freePort();
      const list = revocationList(root, { revoked: [revoked] });
      const clients = authorityOf('clients', root.certificate, list);
      for (const mode of ['required', 'optional'] as const) {
        const tls = { clientCertificates: { mode, authorityId: 'clients', depth: 1 } };
        await apply(withShared(changeOf([], [httpsListener(own, tls, { id: 'clients' })]), clients));
        assert.equal(await refusal(own, { cert: client.certificate, key: client.key }), 'accepted');
        assert.equal(
          await refusal(own),
          mode === 'optional' ? 'accepted' : 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
        );
        assert.match(await refusal(own, { cert: revoked.certificate, key: revoked.key }), /CERTIFICATE_REVOKED/);
        assert.match(await refusal(own, { cert: stranger.certificate, key: stranger.key }), /UNKNOWN_CA/);
      }
      await apply(changeOf([], [], { listeners: ['clients'] }));
    });

    test('takes certificates of clients with so many intermediates and no more', async () => {
      const own = await freePort();
      const one = issue({ commonName: 'one', ca: true, issuer: root });
      const two = issue({ commonName: 'two', ca: true, issuer: one });
      // Each with as many intermediates as its index.
      const clients = [root, one, two].map((issuer) => issue({ commonName: 'alice', issuer, use: 'client' }));
      const chains = [[], [one], [two, one]].map((chain, i) => [clients[i]!, ...chain]);
      for (const depth of [0, 1, 2]) {
        const tls = { clientCertificates: { mode: 'required', authorityId: 'clients', depth } } as const;
        const change = changeOf([], [httpsListener(own, tls, { id: 'depth' })]);
        await apply(withShared(change, authorityOf('clients', root.certificate)));
        for (const [intermediates, chain] of chains.entries()) {
          const cert = chain.map(({ certificate }) => certificate).join('');
          const answer = await refusal(own, { cert, key: clients[intermediates]!.key });
          const what = `${intermediates} intermediates, ${depth} allowed: ${answer}`;
          assert.equal(answer === 'accepted', intermediates <= depth, what);
        }
      }
      await apply(changeOf([], [], { listeners: ['depth'] }));
    });

    test('hands what it says of a client to targets, by headers of a rule', async () => {
      const own = await freePort();
      const echo = await httpOrigin((incoming, response) => {
        const { 'x-subject': subject, 'x-fingerprint': fingerprint, 'x-verify': verify } = incoming.headers;
        response.end(JSON.stringify([subject, fingerprint, verify]));
      });
      const headers = { 'X-Subject': 'client_certificate_subject', 'X-Fingerprint': 'client_certificate_fingerprint' };
      const rules = ruleSetting({ ...headers, 'X-Verify': 'client_certificate_verify' });
      const tls = { clientCertificates: { mode: 'optional', authorityId: 'clients', depth: 1 } } as const;
      const listener = httpsListener(own, tls, { id: 'told', serviceId: 'told', ruleGroupId: 'told' });
      const change = changeOf([serviceOf([echo.port], { id: 'told' })], [listener]);
      await apply(withShared(change, authorityOf('clients', root.certificate), rules));
      const agent = new Agent({ keepAlive: false });
      const shown = { agent, cert: client.certificate, key: client.key };
      const fingerprint = createHash('sha256').update(new X509Certificate(client.certificate).raw).digest('hex');
      const good = await send(own, { ...shown, headers: { 'x-subject': 'CN=somebody else' } });
      assert.deepEqual(JSON.parse(good.body.toString()), ['CN=alice', fingerprint, 'ok']);
      const none = await send(own, { agent, headers: { 'x-subject': 'CN=somebody else' } });
      assert.deepEqual(JSON.parse(none.body.toString()), ['', '', '']);
      await apply(changeOf([], [], { listeners: ['told'], services: ['told'] }));
      await echo.close();
    });

    test('a record that was changed on its way ends the connection', async () => {
      let spoil = false;
      const relay = await tcpOrigin((socket) => {
        const inner = connectPlain({ port, host: '127.0.0.1' });
        socket.on('data', (bytes: Buffer) => {
          if (spoil) bytes[bytes.length - 1]! ^= 1;
          inner.write(bytes);
        });
        inner.on('data', (bytes) => socket.write(bytes)).on('end', () => socket.end());
        inner.on('error', () => socket.destroy());
      });
      const socket = await handshake(relay.port);
      spoil = true;
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
      assert.equal(error.code, 'ERR_SSL_SSL/TLS_ALERT_BAD_RECORD_MAC');
      await relay.close();
    });

    test('a session is not taken up where clients are asked for other certificates', async () => {
      const own = await freePort();
      await apply(changeOf([], [httpsListener(own, {}, { id: 'scope' })]));
      const first = connect({ port: own, host: '127.0.0.1', servername: 'web.test', ca: root.certificate });
      const [session] = (await once(first, 'session')) as [Buffer];
      first.destroy();
      const tls = { clientCertificates: { mode: 'required', authorityId: 'clients', depth: 1 } } as const;
      const clients = authorityOf('clients', root.certificate);
      await apply(withShared(changeOf([], [httpsListener(own, tls, { id: 'scope' })]), clients));
      assert.equal(await refusal(own, { session }), 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
      await apply(changeOf([], [], { listeners: ['scope'] }));
    });

    test('a tunnel passes half-closed connections on', async () => {
      const echo = await tcpOrigin((socket) => {
        let text = '';
        socket.on('data', (chunk) => {
          text += chunk;
        });
        socket.on('end', () => socket.end(`you said ${text}`));
      });
      const own = await freePort();
      const listener = httpsListener(own, {}, { id: 'tunnel', protocol: 'tls', http: null, serviceId: 'echo' });
      await apply(changeOf([serviceOf([echo.port], { id: 'echo', protocol: 'tcp' })], [listener]));
      const socket = await handshake(own, { allowHalfOpen: true } as ConnectionOptions);
      socket.end('hello');
      assert.equal(await readAll(socket), 'you said hello');
      await apply(changeOf([], [], { listeners: ['tunnel'], services: ['echo'] }));
      await echo.close();
    });

    test('takes a ClientHello byte by byte', async () => {
      const raw = connectPlain({ port, host: '127.0.0.1', noDelay: true });
      await once(raw, 'connect');
      const slow = new Duplex({
        read: () => undefined,
        write: (chunk: Buffer, _encoding, done) => {
          for (let i = 0; i < chunk.length - 1; i++) raw.write(chunk.subarray(i, i + 1));
          raw.write(chunk.subarray(-1), done);
        },
      });
      raw.on('data', (chunk) => slow.push(chunk));
      raw.on('end', () => slow.push(null));
      const socket = connect({ socket: slow, servername: 'web.test', ca: root.certificate });
      await once(socket, 'secureConnect');
      socket.write('GET / HTTP/1.1\r\nHost: web.test\r\nConnection: close\r\n\r\n');
      assert.match(await readAll(socket), /^HTTP\/1.1 200 /);
      raw.destroy();
    });

    test('passes TLS through by server name, untouched', async () => {
      const own = await freePort();
      const targets = [await freePort(), await freePort()];
      const inner = [0, 1].map((i) =>
        httpsListener(targets[i]!, { defaultCertificates: [`inner${i}`] }, { id: `inner${i}`, serviceId: null }),
      );
      const certificates = [0, 1].map((i) => certificateOf(`inner${i}`, server(`inner${i}.test`)));
      const services = [0, 1].map((i) => serviceOf([targets[i]!], { id: `pass${i}`, protocol: 'tcp' }));
      const serverNames = [{ name: '*.one.test', serviceId: 'pass1' }];
      const plain = listenerOf(own, { id: 'pass', protocol: 'tcp', http: null, serviceId: 'pass0', serverNames });
      await apply(withShared(changeOf(services, [...inner, plain]), ...certificates));
      assert.equal(await shownName(own, 'a.one.test'), 'inner1.test');
      assert.equal(await shownName(own, 'other.test'), 'inner0.test');
      // What is no TLS goes the same way as what names nobody, and is refused there.
      assert.match(await rawExchange(own, 'GET / HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 400 /);
      await apply(changeOf([], [], { listeners: ['pass', 'inner0', 'inner1'], services: ['pass0', 'pass1'] }));
    });
  });
}
