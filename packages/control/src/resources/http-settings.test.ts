import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProblemError } from '../problem.ts';
import { checkHttpSettings, FORWARDING, HTTP_DEFAULTS } from './http-settings.ts';

type Given = Parameters<typeof checkHttpSettings>[1];

const page = { status: 503, contentType: 'text/html', body: 'x' };

for (const [field, given] of [
  ['desyncMode', { desyncMode: 'strict' }],
  ['upgradeIdleTimeout', { upgradeIdleTimeout: 61 }],
  ['compression', { compression: true }],
  ['errorPages', { errorPages: [page] }],
  ['forwarding', { forwarding: { port: true } }],
] as [string, Given][]) {
  test(`${field} is refused where no HTTP is understood`, () => {
    for (const protocol of ['tcp', 'tls'] as const) {
      assert.throws(
        () => checkHttpSettings(protocol, given, HTTP_DEFAULTS, '/listeners/0'),
        (error: unknown) => {
          assert.ok(error instanceof ProblemError);
          const [first] = error.particulars.errors!;
          assert.equal(first!.field, `/listeners/0/${field}`);
          assert.equal(first!.reason, `is for listeners of protocol http and https, not ${protocol}`);
          return true;
        },
      );
    }
    for (const protocol of ['http', 'https'] as const) checkHttpSettings(protocol, given, HTTP_DEFAULTS, '');
  });
}

test('what an export says of a listener is taken, and so is what it has already', () => {
  checkHttpSettings('tcp', { ...HTTP_DEFAULTS, errorPages: [], forwarding: FORWARDING }, HTTP_DEFAULTS, '');
  checkHttpSettings('tcp', { forwarding: {} }, HTTP_DEFAULTS, '');
  checkHttpSettings('tls', { compression: true }, { ...HTTP_DEFAULTS, compression: true }, '');
});
