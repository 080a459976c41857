import assert from 'node:assert/strict';
import { test } from 'node:test';
import { issue, revocationList } from '@evenkeel/testbed/certificates/issue.ts';
import { seeded } from '../../test/random-changes.ts';
import { ProblemError } from '../problem.ts';
import { Secret } from '../secrets/secret.ts';
import { readAuthority } from './authority.ts';
import { readCertificate } from './certificate.ts';
import { pemBlocks, pemBytes } from './pem.ts';

const ROUNDS = 1_500;

const pem = (label: string, bytes: Buffer) =>
  `-----BEGIN ${label}-----\n${bytes.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`;

test('whatever is uploaded is accepted or refused, and nothing worse happens', () => {
  const root = issue({ commonName: 'root', ca: true });
  const identities = [issue({ names: ['a.test'], issuer: root }), issue({ names: ['a.test'], key: 'rsa-2048' })];
  const lists = [root, issue({ commonName: 'root', ca: true, key: 'ed25519' })].map((issuer) => revocationList(issuer));
  const bytesOf = (text: string) => pemBytes(pemBlocks(text)[0]!)!;
  const random = seeded(3);
  const altered = (bytes: Buffer) => {
    const copy = Buffer.from(bytes);
    for (let n = 0; n < 1 + random() * 3; n++) copy[Math.floor(random() * copy.length)] = Math.floor(random() * 256);
    return copy;
  };
  const outcomes = { accepted: 0, refused: 0 };
  for (let i = 0; i < ROUNDS; i++) {
    const { certificate, key } = identities[i % identities.length]!;
    const chain = random() < 0.8 ? pem('CERTIFICATE', altered(bytesOf(certificate))) : certificate;
    const privateKey = random() < 0.3 ? pem('PRIVATE KEY', altered(bytesOf(key))) : key;
    try {
      readCertificate(chain + root.certificate.repeat(i % 2), new Secret(privateKey), Date.now(), '');
      readAuthority(chain, i % 3 === 0 ? lists[i % lists.length]! : '', Date.now(), '');
      outcomes.accepted++;
    } catch (error) {
      assert.ok(error instanceof ProblemError, `round ${i}: ${error instanceof Error ? error.stack : error}`);
      outcomes.refused++;
    }
  }
  assert.ok(outcomes.refused > ROUNDS / 2, JSON.stringify(outcomes));
});
