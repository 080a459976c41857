import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draftContext, seeded } from '../../test/random-changes.ts';
import { ROOT, SITE, upload } from '../../test/tls.ts';
import { expiringFirst } from '../api/expiry.ts';
import { ProblemError } from '../problem.ts';
import { Draft } from '../state/draft.ts';
import type { CertificateRecord } from '../state/records.ts';
import { EMPTY_STATE, type State } from '../state/state.ts';
import { createAuthority } from './authorities.ts';
import { createCertificate } from './certificates.ts';

/** A state with so many certificates, each with a chain of `length` characters. */
function stateWith(count: number, length: number): State {
  const draft = new Draft(EMPTY_STATE, draftContext(seeded(1)));
  const one = createCertificate(draft, upload(SITE));
  const pem = 'x'.repeat(length);
  const certificates = new Map<string, CertificateRecord>();
  for (let i = 0; i < count; i++) {
    const notAfter = new Date(Date.UTC(2030, 0, 1 + ((i * 7) % count))).toISOString();
    certificates.set(`crt-${i}`, { ...one, id: `crt-${i}`, name: `c${i}`, pem, notAfter });
  }
  return { ...EMPTY_STATE, certificates };
}

test('certificates and authorities are refused beyond what one plan can carry', () => {
  const room = new Draft(stateWith(900, 100_000), draftContext(seeded(1)));
  createCertificate(room, upload(SITE));
  const full = new Draft(stateWith(1_000, 100_000), draftContext(seeded(1)));
  const refused = (error: unknown) =>
    error instanceof ProblemError &&
    error.code === 'quota-exceeded' &&
    error.particulars.quota?.name === 'certificateMaterial';
  assert.throws(() => createCertificate(full, upload(SITE)), refused);
  assert.throws(() => createAuthority(full, { certificates: ROOT.certificate }), refused);
});

test('the metric has the thousand that expire first', () => {
  const shown = expiringFirst(stateWith(1_500, 1));
  assert.equal(shown.length, 1_000);
  assert.equal(shown[0]!.at, Date.UTC(2030, 0, 1) / 1_000);
  assert.ok(shown.every(({ at }, i) => i === 0 || shown[i - 1]!.at <= at));
});
