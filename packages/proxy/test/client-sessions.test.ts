import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ConnectionOptions, connect } from 'node:tls';
import { issue, revocationList } from '@evenkeel/testbed/certificates/issue.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { freePort, httpOrigin, type Origin } from './exchange.ts';
import { changeOf, serviceOf } from './plans.ts';
import { authorityOf, certificateOf, httpsListener, ticketKeysOf, withShared } from './tls-plans.ts';

const root = issue({ commonName: 'root', ca: true });
const web = issue({ commonName: 'web.test', names: ['web.test'], issuer: root, use: 'server' });
const lasting = issue({ commonName: 'alice', issuer: root, use: 'client' });

/** How a connection began, and what became of a request on it. */
interface Visit {
  readonly resumed: boolean;
  /** Of the answer, or how the connection ended. */
  readonly outcome: string;
  /** The last that came with a ticket. */
  readonly session: Buffer | null;
}

async function visit(port: number, options: ConnectionOptions): Promise<Visit> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'web.test', ca: root.certificate, ...options });
  let session: Buffer | null = null;
  let resumed = false;
  let outcome = 'closed';
  socket.on('session', (bytes) => {
    session = bytes;
  });
  socket.on('secureConnect', () => {
    resumed = socket.isSessionReused();
    socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  });
  socket.on('data', (bytes: Buffer) => {
    outcome = bytes.toString('latin1', 0, 12);
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    outcome = error.code ?? error.message;
  });
  await new Promise((resolve) => socket.on('close', resolve));
  return { resumed, outcome, session };
}

for (const reactor of ['uring', 'portable'] as const) {
  describe(`sessions of clients with certificates on ${reactor}`, { skip: requiresReactor(reactor) }, () => {
    let engine: ProxyEngine;
    let origin: Origin;

    before(async () => {
      origin = await httpOrigin((_incoming, response) => response.end('ok'));
      engine = await createEngine({ workers: 2, reactor });
      const change = changeOf([serviceOf([origin.port])], []);
      assert.deepEqual(await engine.apply(withShared(change, certificateOf('web', web), ticketKeysOf(1))), []);
    });

    after(async () => {
      await engine.stop(100);
      await origin.close();
    });

    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      test(`are taken up again for as long as the certificate and its chain are good, in ${version}`, async () => {
        const tls = { minVersion: version, maxVersion: version };
        // What has run out is told by whole seconds; the visits before must all have been made by then.
        for (let seconds = 4; ; seconds *= 2) {
          const end = Math.floor(Date.now() / 1000 + seconds) * 1000;
          const short = issue({ commonName: 'bob', issuer: root, use: 'client', notAfter: new Date(end) });
          const clients = { mode: 'optional', depth: 2 } as const;
          const listed = await freePort();
          const plain = await freePort();
          const between = issue({ commonName: 'branch', ca: true, issuer: root, notAfter: new Date(end) });
          const branch = issue({ commonName: 'carol', issuer: between, use: 'client' });
          const list = revocationList(root, { nextUpdate: new Date(end) });
          const change = changeOf(
            [],
            [
              httpsListener(listed, { clientCertificates: { ...clients, authorityId: 'listed' } }, { id: 'listed' }),
              httpsListener(plain, { clientCertificates: { ...clients, authorityId: 'plain' } }, { id: 'plain' }),
            ],
          );
          const listedAuthority = authorityOf('listed', root.certificate, list);
          const plainAuthority = authorityOf('plain', root.certificate);
          assert.deepEqual(await engine.apply(withShared(change, listedAuthority, plainAuthority)), []);
          const known = [
            { port: plain, who: { cert: short.certificate, key: short.key }, later: /CERTIFICATE_EXPIRED/ },
            {
              port: plain,
              who: { cert: branch.certificate + between.certificate, key: branch.key },
              later: /CERTIFICATE_EXPIRED/,
            },
            { port: listed, who: { cert: lasting.certificate, key: lasting.key }, later: /CERTIFICATE_EXPIRED/ },
            { port: plain, who: { cert: lasting.certificate, key: lasting.key }, later: null },
            { port: listed, who: {}, later: null },
          ];
          const sessions: Buffer[] = [];
          const visits: Visit[] = [];
          for (const { port, who } of known) {
            const first = await visit(port, { ...tls, ...who });
            assert.ok(first.session !== null);
            const second = await visit(port, { ...tls, ...who, session: first.session });
            sessions.push(second.session ?? first.session);
            visits.push(first, second);
          }
          const inTime = Date.now() < end;
          if (inTime) {
            assert.deepEqual(
              visits.map(({ resumed, outcome }) => [resumed, outcome]),
              known.flatMap(() => [
                [false, 'HTTP/1.1 200'],
                [true, 'HTTP/1.1 200'],
              ]),
            );
            while (Date.now() <= end + 1000) await new Promise((resolve) => setTimeout(resolve, 50));
            for (const [i, { port, who, later }] of known.entries()) {
              const { resumed, outcome } = await visit(port, { ...tls, ...who, session: sessions[i]! });
              assert.match(outcome, later ?? /HTTP\/1.1 200/, String(i));
              assert.equal(resumed, later === null, String(i));
            }
          }
          await engine.apply(changeOf([], [], { listeners: ['listed', 'plain'] }));
          if (inTime) return;
        }
      });
    }
  });
}
