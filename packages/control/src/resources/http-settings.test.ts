import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ListenerLimits } from '@evenkeel/model/resources/listener-limits.ts';
import { completed } from '@evenkeel/model/schema.ts';
import { ProblemError } from '../problem.ts';
import { checkHttpSettings, FORWARDING, HTTP_DEFAULTS } from './http-settings.ts';

type Given = Parameters<typeof checkHttpSettings>[1];

const page = { status: 503, contentType: 'text/html', body: 'x' };

for (const [field, given] of [
  ['bodyTimeout', { bodyTimeout: 5 }],
  ['sendTimeout', { sendTimeout: 5 }],
  ['keepAliveTimeout', { keepAliveTimeout: 0 }],
  ['requestId', { requestId: 'always' }],
  ['limits/requestsPerSecond', { limits: { requestsPerSecond: 1 } }],
  ['limits/sourceRequestsPerSecond', { limits: { sourceRequestsPerSecond: 1 } }],
  ['limits/sourceRequestsBurst', { limits: { sourceRequestsBurst: 1 } }],
  ['limits/requestsPerConnection', { limits: { requestsPerConnection: 1 } }],
  ['limits/bodySize', { limits: { connections: 5, bodySize: 10 } }],
  ['limits/headerSize', { limits: { headerSize: 1_024 } }],
  ['limits/headerCount', { limits: { headerCount: 10 } }],
  ['limits/targetLength', { limits: { targetLength: 100 } }],
  ['limits/minimumRate', { limits: { minimumRate: 9 } }],
  ['desyncMode', { desyncMode: 'strict' }],
  ['upgradeIdleTimeout', { upgradeIdleTimeout: 61 }],
  ['compression', { compression: true }],
  ['relativeRedirects', { relativeRedirects: true }],
  ['responseHeaders', { responseHeaders: [{ operation: 'remove', name: 'Server' }] }],
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
  checkHttpSettings(
    'tcp',
    { ...HTTP_DEFAULTS, responseHeaders: [], errorPages: [], forwarding: FORWARDING },
    HTTP_DEFAULTS,
    '',
  );
  checkHttpSettings('tcp', { forwarding: {} }, HTTP_DEFAULTS, '');
  checkHttpSettings('tls', { compression: true }, { ...HTTP_DEFAULTS, compression: true }, '');
  checkHttpSettings('tcp', { limits: completed(ListenerLimits, {}) }, HTTP_DEFAULTS, '');
  checkHttpSettings('tcp', { limits: { bodySize: null } }, HTTP_DEFAULTS, '');
  checkHttpSettings('tls', { limits: { bodySize: 7 } }, { ...HTTP_DEFAULTS, limits: { bodySize: 7 } }, '');
});

test('what ends connections is for all protocols', () => {
  checkHttpSettings('tcp', { limits: { connections: 1, connectionsPerSecond: 1 } }, HTTP_DEFAULTS, '');
});
