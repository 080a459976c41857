import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Authority } from '@evenkeel/model/resources/authority.ts';
import type { BackendService } from '@evenkeel/model/resources/backend-service.ts';
import type { Certificate } from '@evenkeel/model/resources/certificate.ts';
import type { Listener } from '@evenkeel/model/resources/listener.ts';
import type { SecurityPolicy } from '@evenkeel/model/resources/security-policy.ts';
import { type Identity, issue, ocspResponse, revocationList } from '@evenkeel/testbed/certificates/issue.ts';
import { Installation } from './installation.ts';
import type { Ran, Surroundings } from './run.ts';

/** The commands of TLS against a control plane and a node as they are. The tests build on each other. */
let evenkeel: Installation;
const folder = mkdtempSync(join(tmpdir(), 'evenkeel-tls-'));
before(async () => {
  evenkeel = await Installation.start();
  await text('lb create web --listener http:8080');
});
after(async () => {
  await evenkeel?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const ROOT = issue({ commonName: 'Root', ca: true });
const WWW = issue({ names: ['www.test', '*.www.test'], issuer: ROOT });
const RSA = issue({ names: ['www.test'], issuer: ROOT, key: 'rsa-2048' });

function run(line: string, around?: Surroundings): Promise<Ran> {
  return evenkeel.run(line.split(' '), around);
}

/** What a command prints that must succeed. */
async function text(line: string, around?: Surroundings): Promise<string> {
  const { out, err, exitCode } = await run(line, around);
  assert.deepEqual([exitCode, err], [0, ''], line);
  return out;
}

async function json<T>(line: string): Promise<T> {
  return JSON.parse(await text(`${line} --json`)) as T;
}

/** The path of a new file. */
function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function files(name: string, { certificate, key }: Identity): string {
  return `--chain ${file(`${name}.pem`, certificate)} --key ${file(`${name}.key`, key)}`;
}

test('a certificate is uploaded, listed, shown, and its key is nowhere', async () => {
  const said = await text(`certificate create www ${files('www', WWW)} --tag team=web`);
  assert.match(
    said,
    /^Certificate www \(crt-\w+\) for www\.test, \*\.www\.test created: 89 days left\.\nApplied on 1 node\.\n$/,
  );
  const key = { input: RSA.key };
  await text(`cert create rsa --chain ${file('rsa.pem', RSA.certificate)} --key -`, key);
  assert.match(
    await text('certificate list'),
    /^NAME .*\nwww +crt-\w+ +www\.test, \*\.www\.test +ecdsa 256 +89 +valid +–\nrsa +/,
  );
  assert.equal((await json<Certificate[]>('certificate list --host a.www.test')).length, 1);
  assert.equal((await json<Certificate[]>('certificate list --status expiring')).length, 0);
  const shown = await json<Certificate>('certificate show www');
  assert.deepEqual([shown.tags, shown.chain.length], [{ team: 'web' }, 1]);
});

test('a load balancer is made with its certificate in one step', async () => {
  const said = await text('lb create shop --listener https:8443 --listener http:8080 --default-certificate www');
  assert.match(said, /^Load balancer shop .*\n {2}https:\/\/[\d.]+:8443\/\n {2}http:\/\/[\d.]+:8080\/\nApplied/);
  const { id } = await json<Certificate>('certificate show www');
  assert.deepEqual((await json<Listener>('listener show shop/https-8443')).defaultCertificateIds, [id]);
  assert.deepEqual((await json<Listener>('listener show shop/http-8080')).defaultCertificateIds, []);
  for (const [listeners, says] of [
    ['--listener https:8444', /https:8444 needs a certificate: --default-certificate/],
    [
      '--listener http:8081 --default-certificate www',
      /--default-certificate needs a --listener of protocol https or tls/,
    ],
    ['--default-certificate www', /--default-certificate needs a --listener that/],
  ] as const) {
    const { exitCode, err } = await run(`lb create other ${listeners}`);
    assert.equal(exitCode, 2);
    assert.match(err, says);
  }
  await text('lb delete shop --yes');
});

test('files that are missing, too large or wrong are told of', async () => {
  const chain = file('chain.pem', WWW.certificate);
  for (const [line, code, says] of [
    [`certificate create x --chain ${folder}/none --key ${chain}`, 2, /there is no file .*\/none\.\n$/],
    [`certificate create x --chain ${folder} --key ${chain}`, 2, /is a folder/],
    [`certificate create x --chain ${chain} --key ${file('long.key', 'x'.repeat(20_000))}`, 2, /more than 16384 bytes/],
    [`certificate create x --chain ${chain}`, 2, /required option '--key <file>'/],
    [
      `certificate create x --chain ${chain} --key ${file('rsa.key', RSA.key)}`,
      1,
      /privateKey: does not belong to the certificate of CN=test/,
    ],
    [`authority create x --certificates ${chain} --crl ${file('empty.pem', '')}`, 2, /is empty; "--crl none" takes/],
    ['certificate show none', 3, /there is no certificate "none"/],
    ['policy create x --versions 1.2', 2, /needs --versions and --ciphers/],
    ['policy update compatible --name x', 4, /is built in/],
  ] as const) {
    const { exitCode, err } = await run(line);
    assert.equal(exitCode, code, `${line}: ${err}`);
    assert.match(err, says);
  }
});

test('authorities and policies', async () => {
  const crl = file('crl.pem', revocationList(ROOT));
  await text(`authority create clients --certificates ${file('root.pem', ROOT.certificate)} --crl ${crl}`);
  assert.match(await text('ca list'), /^NAME .*\nclients +ca-\w+ +CN=Root +6 +expiring +–\n$/);
  await text('authority update clients --crl none');
  assert.deepEqual((await json<Authority>('authority show clients')).revocationLists, []);
  await text('policy create own --versions 1.3 --ciphers TLS_AES_128_GCM_SHA256');
  await text('policy update own --ciphers TLS_AES_256_GCM_SHA384,TLS_AES_128_GCM_SHA256');
  assert.deepEqual((await json<SecurityPolicy>('policy show own')).ciphers.length, 2);
  assert.match(await text('policy list'), /^tls-1-2-2025 +tls-1-2-2025 +1\.2, 1\.3 +9 +yes/m);
  assert.match(await text('policy ciphers'), /^ECDHE-ECDSA-AES128-GCM-SHA256 +1\.2 +ecdsa +yes$/m);
});

test('a listener takes certificates, a policy and an authority by name; a service TLS to its targets', async () => {
  const options = [
    '--service http-8080 --default-certificate www --default-certificate rsa',
    '--certificate www.test=www --certificate *.www.test=www',
    '--security-policy own --session-tickets off --hsts on --hsts-max-age 60',
    '--client-authority clients --client-certificates optional --verify-depth 2',
  ];
  const made = await json<Listener>(`listener create https:8443 --lb web ${options.join(' ')}`);
  assert.equal(made.defaultCertificateIds.length, 2);
  assert.deepEqual(
    made.certificates.map(({ name }) => name),
    ['www.test', '*.www.test'],
  );
  const { authorityId, ...clients } = made.clientCertificates;
  assert.deepEqual([clients, authorityId?.slice(0, 3)], [{ mode: 'optional', depth: 2 }, 'ca-']);
  assert.deepEqual([made.hsts.enabled, made.hsts.maxAge, made.sessionTickets], [true, 60, false]);

  await text(
    'listener update web/https-8443 --certificate none --security-policy tls-1-3-only --client-certificates off',
  );
  const changed = await json<Listener>('listener show web/https-8443');
  assert.deepEqual([changed.certificates, changed.securityPolicyId], [[], 'tls-1-3-only']);
  assert.equal(changed.clientCertificates.authorityId, authorityId);

  const tls = '--tls on --tls-authority clients --tls-server-name app.test --health-protocol tcp';
  await text(`service update web/http-8080 ${tls}`);
  const service = await json<BackendService>('service show web/http-8080');
  assert.deepEqual(service.tls, { enabled: true, verify: true, authorityId, serverName: 'app.test' });
  const own = await json<Listener>(`listener create tls:9443 --lb web --default-certificate www ${tls}`);
  assert.equal((await json<BackendService>(`service show ${own.backendServiceId}`)).tls.authorityId, authorityId);
  const passing = await json<Listener>('listener create tcp:9444 --lb web --server-name *.b.test=tls-9443');
  assert.deepEqual(passing.serverNames, [{ name: '*.b.test', backendServiceId: own.backendServiceId }]);
});

test('an export names everything, holds no key, and applies without a difference', async () => {
  const exported = await text('export web');
  assert.match(exported, /defaultCertificates:\n +- www\n +- rsa\n/);
  assert.match(exported, /securityPolicy: tls-1-3-only\n/);
  assert.match(exported, /authority: clients\n/);
  assert.match(exported, /- name: "\*\.b\.test"\n +backendService: tls-9443\n/);
  for (const output of [exported, await text('export --json'), await text('certificate list --json')]) {
    assert.doesNotMatch(output, /PRIVATE|privateKey/);
  }
  const document = file('web.yaml', exported);
  assert.match(await text(`apply -f ${document} --dry-run`), /^No difference/);
});

test('a certificate is replaced in place, gets an OCSP response, and is deleted when nothing shows it', async () => {
  const before = await json<Certificate>('certificate show www');
  const renewed = issue({ names: ['www.test', '*.www.test'], issuer: ROOT });
  assert.match(
    await text(`certificate replace www ${files('new', renewed)}`),
    /^Certificate www is replaced: 89 days left\./,
  );
  const response = file('ocsp.der', Buffer.from(ocspResponse(ROOT, renewed), 'base64'));
  await text(`certificate update www --ocsp ${response}`);
  const after = await json<Certificate>('certificate show www');
  assert.deepEqual([after.id, after.stapled], [before.id, true]);
  assert.notEqual(after.chain[0].fingerprint, before.chain[0].fingerprint);

  const used = await run('certificate delete www');
  assert.equal(used.exitCode, 4);
  assert.match(used.err, /used by listener https-8443/);
  await text('listener delete web/https-8443 web/tls-9443');
  await text('certificate delete www rsa');
  assert.deepEqual(await json<Certificate[]>('certificate list'), []);
});
