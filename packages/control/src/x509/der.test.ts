import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { issue, ocspResponse, revocationList } from '@evenkeel/testbed/certificates/issue.ts';
import { seeded } from '../../test/random-changes.ts';
import { ProblemError } from '../problem.ts';
import { linkOf } from './certificate.ts';
import { DER, DerError, DerReader, derOid, derTime } from './der.ts';
import { checkOcspResponse } from './ocsp-response.ts';
import { pemBlocks, pemBytes } from './pem.ts';
import { readRevocationLists } from './revocation-list.ts';

const time = (tag: number, text: string) =>
  derTime(new DerReader(Buffer.concat([Buffer.of(tag, text.length), Buffer.from(text)])).any());

test('times in both forms (RFC 5280 §4.1.2.5)', () => {
  assert.equal(time(DER.UTC_TIME, '491231235959Z'), Date.UTC(2049, 11, 31, 23, 59, 59));
  assert.equal(time(DER.UTC_TIME, '500101000000Z'), Date.UTC(1950, 0, 1));
  assert.equal(time(DER.GENERALIZED_TIME, '20500101000000Z'), Date.UTC(2050, 0, 1));
  for (const [tag, text] of [
    [DER.UTC_TIME, '20500101000000Z'],
    [DER.GENERALIZED_TIME, '500101000000Z'],
    [DER.UTC_TIME, '500101000000+0100'],
    [DER.INTEGER, '500101000000Z'],
  ] as const) {
    assert.throws(() => time(tag, text), DerError, text);
  }
});

test('object identifiers', () => {
  const of = (...bytes: number[]) => derOid(new DerReader(Buffer.of(DER.OID, bytes.length, ...bytes)).next(DER.OID));
  assert.equal(of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b), '1.2.840.113549.1.1.11');
  assert.equal(of(0x55, 0x1d, 0x11), '2.5.29.17');
});

test('lengths that lie, or that DER does not have, are errors', () => {
  for (const bytes of [
    [],
    [0x30],
    [0x30, 5, 0],
    [0x30, 0x80],
    [0x30, 0x85, 1, 1, 1, 1, 1],
    [0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
    [0x1f, 1, 0],
  ]) {
    assert.throws(() => new DerReader(Buffer.from(bytes)).any(), DerError, bytes.join());
  }
});

test('a damaged list or response is refused, and never anything worse', () => {
  const root = issue({ commonName: 'root', ca: true });
  const own = issue({ issuer: root });
  const certificates = [new X509Certificate(root.certificate)];
  const link = linkOf(new X509Certificate(own.certificate));
  const list = pemBytes(pemBlocks(revocationList(root, { revoked: [own] }))[0]!)!;
  const response = Buffer.from(ocspResponse(root, own), 'base64');
  const random = seeded(7);
  const now = Date.now();
  for (let i = 0; i < 2_000; i++) {
    for (const original of [list, response]) {
      const bytes = Buffer.from(
        original.subarray(0, random() < 0.3 ? Math.floor(random() * original.length) : original.length),
      );
      for (let n = 0; n < 1 + random() * 3 && bytes.length > 0; n++) {
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      }
      const base64 = bytes.toString('base64');
      try {
        if (original === response) checkOcspResponse(base64, link, now, '');
        else
          readRevocationLists(`-----BEGIN X509 CRL-----\n${base64}\n-----END X509 CRL-----\n`, certificates, now, '');
        if (original === list) assert.deepEqual(bytes, list, 'only the list as it was signed is accepted');
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
      }
    }
  }
});
