import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLAIN_HTTP } from '@evenkeel/model/plan/http.ts';
import { withTransportSecurity } from './transport-security.ts';

test('the line is there when it is asked for, and in front of others', () => {
  const hsts = { ...PLAIN_HTTP, hstsMaxAge: 600 };
  const line = 'Strict-Transport-Security: max-age=600\r\n';
  assert.equal(withTransportSecurity(hsts, null), line);
  assert.equal(withTransportSecurity(hsts, 'A: b\r\n'), `${line}A: b\r\n`);
  const wide = { ...hsts, hstsIncludeSubDomains: true };
  assert.equal(withTransportSecurity(wide, null), 'Strict-Transport-Security: max-age=600; includeSubDomains\r\n');
  assert.equal(withTransportSecurity(PLAIN_HTTP, 'A: b\r\n'), 'A: b\r\n');
  assert.equal(withTransportSecurity({ ...PLAIN_HTTP, hstsIncludeSubDomains: true }, null), null);
  assert.equal(withTransportSecurity(null, null), null);
});
