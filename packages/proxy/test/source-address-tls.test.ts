import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { connect } from 'node:tls';
import { PLAIN_HTTP } from '@evenkeel/model/plan/http.ts';
import type { PlannedListener, PlannedService } from '@evenkeel/model/plan/objects.ts';
import { PLAIN_TCP_LISTENER } from '@evenkeel/model/plan/plain.ts';
import { issue } from '@evenkeel/testbed/certificates/issue.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { composeV2, type TlsFacts } from '../src/source-address/proxy-protocol/compose.ts';
import { type Origin, tcpOrigin } from './exchange.ts';
import { Front } from './front.ts';
import { changeOf, serviceOf } from './plans.ts';
import { authorityOf, certificateOf, httpsListener, ticketKeysOf, tlsOf, withShared } from './tls-plans.ts';

const root = issue({ commonName: 'root', ca: true });
const web = issue({ commonName: 'web.test', names: ['web.test'], issuer: root, use: 'server' });
const alice = issue({ commonName: 'Zoë', issuer: root, use: 'client' });

const FORWARDING = {
  clientAddress: 'append',
  protocol: true,
  port: false,
  host: false,
  loadBalancerAddress: false,
  clientPort: false,
  standard: true,
} as const;

const ENDS = { remoteAddress: '192.0.2.7', remotePort: 40_123, localAddress: '198.51.100.80', localPort: 443 };

/** What a client with a certificate settles with the listeners of this test. */
const FACTS: TlsFacts = {
  version: 'TLSv1.3',
  cipher: 'TLS_AES_128_GCM_SHA256',
  serverName: 'web.test',
  protocol: 'http/1.1',
  clientCertificate: true,
  resumed: false,
  commonName: 'Zoë',
};

for (const reactor of ['uring', 'portable'] as const) {
  describe(`source addresses behind TLS on ${reactor}`, { skip: requiresReactor(reactor), timeout: 60_000 }, () => {
    let front: Front;
    let target: Origin;
    const got: Buffer[] = [];

    before(async () => {
      front = await Front.open(reactor);
      target = await tcpOrigin((socket) => {
        socket.on('data', (bytes: Buffer) => {
          got.push(bytes);
          if (bytes.includes('\r\n\r\n')) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        });
      });
    });

    after(async () => {
      await front.engine.stop(1_000);
      await target.close();
    });

    async function plan(listener: PlannedListener, service: Partial<PlannedService>): Promise<void> {
      got.length = 0;
      const change = changeOf([serviceOf([target.port], service)], [listener]);
      const shared = [certificateOf('web', web), authorityOf('clients', root.certificate), ticketKeysOf(1)];
      assert.deepEqual(await front.engine.apply(withShared(change, ...shared)), []);
      while (front.engine.readAccessLog() !== null);
    }

    /** Asks once over TLS, behind `header`; `protocols`: for ALPN. Returns the client's own port. */
    async function ask(from: string, header: Uint8Array, protocols: string[]): Promise<number> {
      const raw = connectPlain({ port: front.port, host: '127.0.0.1', localAddress: from });
      await once(raw, 'connect');
      const own = raw.localPort ?? 0;
      if (header.length > 0) raw.write(header);
      const socket = connect({
        socket: raw,
        servername: 'web.test',
        ca: root.certificate,
        cert: alice.certificate,
        key: alice.key,
        ALPNProtocols: protocols,
      });
      socket.write('GET /x HTTP/1.1\r\nHost: web.test\r\nConnection: close\r\n\r\n');
      let text = '';
      for await (const chunk of socket) text += String(chunk);
      assert.match(text, /^HTTP\/1\.1 200 /);
      return own;
    }

    const clientCertificates = { mode: 'required', authorityId: 'clients', depth: 1 } as const;
    const NOTHING = new Uint8Array(0);

    it('https: targets are told of https, and by PROXY protocol of what was settled', async () => {
      const http = { ...PLAIN_HTTP, forwarding: FORWARDING };
      await plan(httpsListener(front.port, { clientCertificates }, { http }), { proxyProtocol: 2 });
      const own = await ask('127.8.0.4', NOTHING, ['http/1.1']);
      const told = Buffer.concat(got);
      const ends = { remoteAddress: '127.8.0.4', remotePort: own, localAddress: '127.0.0.1', localPort: front.port };
      const header = Buffer.from(composeV2(ends, FACTS));
      assert.equal(told.subarray(0, header.length).toString('latin1'), header.toString('latin1'));
      const head = told.subarray(header.length).toString('latin1');
      assert.match(head, /\r\nX-Forwarded-Proto: https\r\n/);
      assert.match(head, /\r\nForwarded: for=127\.8\.0\.4;proto=https;host="web\.test"\r\n/);
      const [line] = await front.lines(1);
      assert.deepEqual(
        [line?.['scheme'], line?.['client_ip'], line?.['ssl_protocol'], line?.['server_name']],
        ['https', '127.8.0.4', 'TLSv1.3', 'web.test'],
      );
    });

    it('https: a PROXY header comes before TLS', async () => {
      const changes = { trustedProxies: ['127.9.0.0/16'], acceptProxyProtocol: true };
      await plan(httpsListener(front.port, {}, changes), {});
      await ask('127.9.0.1', composeV2(ENDS, null), []);
      assert.match(Buffer.concat(got).toString('latin1'), /\r\nX-Forwarded-For: 192\.0\.2\.7\r\n/);
      const [line] = await front.lines(1);
      assert.deepEqual(
        [line?.['client_ip'], line?.['client_port'], line?.['vip']],
        ['192.0.2.7', 40_123, '198.51.100.80'],
      );
    });

    it('tls: a tunnel begins with the header, TLVs included', async () => {
      const tls = tlsOf(['web'], { clientCertificates });
      const listener = { ...httpsListener(front.port), ...PLAIN_TCP_LISTENER, protocol: 'tls', tls } as const;
      await plan(listener, { protocol: 'tcp', proxyProtocol: 2 });
      const own = await ask('127.8.0.5', NOTHING, []);
      const ends = { remoteAddress: '127.8.0.5', remotePort: own, localAddress: '127.0.0.1', localPort: front.port };
      const header = Buffer.from(composeV2(ends, { ...FACTS, protocol: '' }));
      const told = Buffer.concat(got);
      assert.equal(told.subarray(0, header.length).toString('latin1'), header.toString('latin1'));
      assert.match(told.subarray(header.length).toString('latin1'), /^GET \/x HTTP\/1\.1\r\n/);
    });
  });
}
