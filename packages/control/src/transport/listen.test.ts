import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { ApiCertificate } from './api-certificate.ts';
import { followCertificate } from './listen.ts';
import { makeSelfSigned } from './self-signed.ts';

test('a server shows what is in the files, without a restart; what is no good changes nothing', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-follow-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const tls = { kind: 'files', certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') } as const;
  let time = 1_000;
  const put = ({ certificate, key }: ReturnType<typeof makeSelfSigned>): string => {
    writeFileSync(tls.certificate, certificate);
    writeFileSync(tls.key, key);
    utimesSync(tls.certificate, ++time, time);
    return new X509Certificate(certificate).fingerprint256;
  };
  const first = put(makeSelfSigned(['a'], Date.now()));
  const certificate = new ApiCertificate({ tls, home: folder, host: '127.0.0.1', now: Date.now });
  const server = createServer({ cert: certificate.shown.certificate, key: certificate.shown.key });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());

  t.mock.timers.enable({ apis: ['setInterval'] });
  let changes = 0;
  const faults: unknown[] = [];
  const end = followCertificate(server as never, certificate, {
    contextOf: ({ certificate: cert, key }) => ({ cert, key }),
    changed: () => changes++,
    failed: (error) => faults.push(error),
  });
  t.after(end);
  const shown = async (): Promise<string> => {
    const { port } = server.address() as AddressInfo;
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256;
  };
  assert.equal(await shown(), first);
  const second = put(makeSelfSigned(['b'], Date.now()));
  assert.equal(await shown(), first);
  t.mock.timers.tick(10_000);
  assert.equal(await shown(), second);
  put({ ...makeSelfSigned(['c'], Date.now()), key: 'nonsense' });
  t.mock.timers.tick(20_000);
  assert.equal(await shown(), second);
  assert.deepEqual([changes, faults.length], [1, 1]);
});
