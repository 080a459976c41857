import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { issue } from '@evenkeel/testbed/certificates/issue.ts';
import { requiresReactor } from '@evenkeel/testbed/reactors.ts';
import { locate, requires } from '@evenkeel/testbed/requirements.ts';
import { Installation } from './product/installation.ts';
import { httpOrigin } from './product/origins.ts';

/** What testssl.sh finds on a listener as it is made when nothing is said but its certificates. */

interface Finding {
  readonly id: string;
  readonly severity: string;
  readonly finding: string;
}

/**
 * The parts that run at the same time: they mostly wait. `--fast` leaves it to the system's OpenSSL to look for RC4, which
 * no longer has it, so that part goes without.
 */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  attacks: [
    ...['--fast', '--protocols', '--server-defaults', '--fs', '--heartbleed', '--ccs-injection', '--ticketbleed'],
    ...['--robot', '--renegotiation', '--crime', '--breach', '--poodle', '--tls-fallback', '--sweet32', '--freak'],
    ...['--drown', '--logjam', '--beast', '--lucky13'],
  ],
  ciphers: ['--standard', '--rc4'],
};

/** Checks that must have been made, and found good. */
const GOOD = [
  ...['SSLv2', 'SSLv3', 'TLS1_2', 'TLS1_3', 'PFS', 'cert_chain_of_trust', 'cert_trust'],
  ...['cipherlist_NULL', 'cipherlist_aNULL', 'cipherlist_EXPORT', 'cipherlist_LOW', 'cipherlist_STRONG', 'RC4'],
  ...['heartbleed', 'CCS', 'ticketbleed', 'ROBOT', 'secure_renego', 'secure_client_renego', 'CRIME_TLS', 'BREACH'],
  ...['POODLE_SSL', 'fallback_SCSV', 'SWEET32', 'FREAK', 'DROWN', 'LOGJAM', 'BEAST', 'LUCKY13'],
];

/** Findings that say nothing against the listener, each with the reason. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  engine_problem: "the system's OpenSSL comes without GOST",
  cert_revocation: 'the certificates of tests name neither a revocation list nor an OCSP responder',
  sessionresumption_ticket:
    'its client hangs up at once and may miss the ticket of TLS 1.3; the tests of sessions ask for it',
};

/** Of the whole scan, in milliseconds. */
const MOST_TIME = 90_000;

const skip = requiresReactor('uring') || requires('testssl', 'openssl');

test('testssl.sh finds nothing against a listener with an ECDSA and an RSA certificate', { skip }, async () => {
  await using evenkeel = await Installation.start({ reactor: 'uring', workers: 1 });
  await using origin = await httpOrigin('plain');
  const { client } = evenkeel;
  const root = issue({ commonName: 'Root', ca: true });
  const ids: string[] = [];
  for (const key of ['p256', 'rsa-2048'] as const) {
    const { certificate: chain, key: privateKey } = issue({ names: ['www.test'], issuer: root, key });
    ids.push((await client.createCertificate({ body: { name: key, chain, privateKey } })).id);
  }
  const lb = await client.createLoadBalancer({ body: { name: 'a' } });
  const listener = await client.createListener({
    body: {
      loadBalancerId: lb.id,
      protocol: 'https',
      port: 8443,
      defaultCertificateIds: ids,
      service: { targets: [{ address: origin.address, port: origin.port }] },
    },
  });
  await evenkeel.applied(listener);

  const folder = await mkdtemp(join(tmpdir(), 'evenkeel-testssl-'));
  try {
    await writeFile(join(folder, 'root.pem'), root.certificate);
    const parts = Object.entries(PARTS).map(([name, sections]) => scan(lb.vip, folder, name, sections));
    const findings = (await Promise.all(parts)).flat();

    const harmless = (severity: string) => severity === 'OK' || severity === 'INFO';
    const held = findings.filter(
      ({ id, severity }) => !harmless(severity) && EXCEPTIONS[withoutPlace(id)] === undefined,
    );
    assert.deepEqual(held, []);
    const severities = new Map(findings.map(({ id, severity }) => [withoutPlace(id), severity]));
    assert.deepEqual(
      GOOD.map((id) => [id, severities.get(id)]),
      GOOD.map((id) => [id, 'OK']),
    );
    const keys = findings.filter(({ id }) => id.startsWith('cert_keySize')).map(({ finding }) => finding.split(' ')[0]);
    assert.deepEqual(keys.sort(), ['EC', 'RSA'], 'both certificates are looked at');
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** Findings about one of several certificates end with its place: `cert_trust <cert#1>`. */
const withoutPlace = (id: string) => id.replace(/ <cert#\d+>$/, '');

/** Its exit status counts what it does not like; what it has found is in its file, whose last finding is the time it took. */
async function scan(vip: string, folder: string, name: string, sections: readonly string[]): Promise<Finding[]> {
  const file = join(folder, `${name}.json`);
  const alone = ['--quiet', '--color', '0', '--warnings', 'batch', '--nodns', 'none', '--ip', vip];
  const files = ['--add-ca', join(folder, 'root.pem'), '--jsonfile', file];
  const child = spawn(locate('testssl') ?? 'testssl', [...alone, ...files, ...sections, 'https://www.test:8443'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: MOST_TIME,
    env: { ...process.env, TMPDIR: folder },
  });
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  const findings = await readFile(file, 'utf8').then(
    (json) => JSON.parse(json) as Finding[],
    () => [],
  );
  assert.equal(findings.at(-1)?.id, 'scanTime', `${name} did not come to its end:\n${output}`);
  return findings;
}
