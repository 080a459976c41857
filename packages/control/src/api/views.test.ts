import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ocspResponse } from '@evenkeel/testbed/certificates/issue.ts';
import { draftContext, seeded } from '../../test/random-changes.ts';
import { ROOT, SITE, upload } from '../../test/tls.ts';
import { createCertificate } from '../resources/certificates.ts';
import { Draft } from '../state/draft.ts';
import { EMPTY_STATE } from '../state/state.ts';
import { Views } from './views.ts';

test('a certificate is stapled as long as its OCSP response is good', () => {
  const until = Date.UTC(2100, 0, 1);
  const response = ocspResponse(ROOT, SITE, { thisUpdate: new Date(0), nextUpdate: new Date(until) });
  const draft = new Draft(EMPTY_STATE, draftContext(seeded(1)));
  const made = createCertificate(draft, upload(SITE, { ocspResponse: response }));
  const stapledAt = (now: number) => new Views(draft, { list: () => [], since: 0 }, now).certificate(made).stapled;
  assert.deepEqual([stapledAt(until - 1), stapledAt(until)], [true, false]);
});
