import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connect } from 'node:tls';
import { issue } from '@evenkeel/testbed/certificates/issue.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { createEngine } from '../src/engine/create.ts';
import type { CertificateFailure } from '../src/tls/listener-tls.ts';
import { freePort } from './exchange.ts';
import { changeOf, serviceOf } from './plans.ts';
import { certificateOf, httpsListener, withShared } from './tls-plans.ts';

const web = issue({ names: ['web.test'] });
const named = issue({ names: ['named.test'] });

/** The name that the server shows, or why there is no handshake. */
function shownFor(port: number, servername: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().subjectaltname ?? '');
      socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

for (const reactor of ['uring', 'portable'] as const) {
  describe(`a certificate that cannot be used, on ${reactor}`, { skip: requiresReactor(reactor) }, () => {
    test('costs its own name alone, is told, and is mended by another one', async (t) => {
      const failures: CertificateFailure[] = [];
      const onCertificateFailure = (failure: CertificateFailure) => failures.push(failure);
      const engine = await createEngine({ workers: 1, reactor, onCertificateFailure });
      t.after(() => engine.stop(0));
      const port = await freePort();
      const listener = httpsListener(port, { certificates: [{ name: 'named.test', certificateId: 'named' }] });
      const mismatched = certificateOf('named', { certificate: named.certificate, key: web.key });
      const change = withShared(changeOf([serviceOf([])], [listener]), certificateOf('web', web), mismatched);
      assert.deepEqual(await engine.apply(change), [], 'nobody has asked for it');

      assert.equal(await shownFor(port, 'web.test'), 'DNS:web.test');
      for (let i = 0; i < 3; i++) {
        assert.equal(await shownFor(port, 'named.test'), 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR');
      }
      assert.equal(await shownFor(port, 'web.test'), 'DNS:web.test');
      const { reasons } = engine.counters().listeners[0]!;
      assert.equal(reasons['proxy-handshake'], 3);
      assert.equal(failures.length, 1);
      assert.deepEqual([failures[0]!.listenerId, failures[0]!.certificateIds], [listener.id, ['named']]);
      assert.match(failures[0]!.detail, /certificate named and its private key do not belong together/);

      assert.deepEqual(await engine.apply(withShared(changeOf([], []), certificateOf('named', named))), []);
      assert.equal(await shownFor(port, 'named.test'), 'DNS:named.test');
    });
  });
}
