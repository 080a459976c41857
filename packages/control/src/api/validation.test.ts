import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contract } from '@evenkeel/model/contract/contract.ts';
import { ProblemError } from '../problem.ts';
import { Validators } from './validation.ts';

const validators = new Validators();
const body = validators.for(contract.createLoadBalancer.body, 'body');
const query = validators.for(contract.listListeners.query, 'query');

function errorsOf(run: () => unknown) {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof ProblemError && error.code === 'validation-failed');
    return error.particulars.errors!;
  }
  return assert.fail('was accepted');
}

test('every wrong field is named at once, by JSON pointer, with what is allowed', () => {
  const errors = errorsOf(() =>
    body({
      name: 'a b',
      'x/y~z': 1,
      listeners: [{ protocol: 'sctp', port: 70_000 }, { port: 80 }],
      deletionProtection: 'yes',
    }),
  );
  const byField = Object.fromEntries(errors.map(({ field, ...rest }) => [field, rest]));
  assert.deepEqual(Object.keys(byField).toSorted(), [
    '/deletionProtection',
    '/listeners/0/port',
    '/listeners/0/protocol',
    '/listeners/1/protocol',
    '/name',
    '/x~1y~0z',
  ]);
  assert.deepEqual(byField['/listeners/0/port']!.allowed, { minimum: 1, maximum: 65_535 });
  assert.deepEqual(byField['/listeners/0/protocol']!.allowed, ['http', 'https', 'tcp', 'tls', 'udp', 'tcp-udp']);
  assert.equal(byField['/listeners/1/protocol']!.reason, 'is missing');
  assert.equal(byField['/deletionProtection']!.reason, 'is not of type boolean');
});

test('addresses and blocks are told in words, and null only where the type is wrong', () => {
  const listener = validators.for(contract.createListener.body, 'body');
  const errors = errorsOf(() =>
    listener({
      loadBalancerId: 'lb-000000000000000000',
      protocol: 'http',
      port: 80,
      trustedProxies: ['10.0.0.1/8'],
      ruleGroupId: 'www',
      backendServiceId: 5,
      service: { targets: [{ address: 'localhost', port: 80 }] },
    }),
  );
  const reasons = Object.fromEntries(errors.map(({ field, reason }) => [field, reason]));
  assert.equal(errors.length, Object.keys(reasons).length);
  assert.equal(
    reasons['/trustedProxies/0'],
    'is not an address or a CIDR block without bits beyond its length, such as 10.0.0.0/8',
  );
  assert.equal(reasons['/service/targets/0/address'], 'is not an IPv4 or IPv6 address; names are not looked up');
  assert.match(reasons['/ruleGroupId']!, /^must be an identifier: rg- .*, such as rg-/);
  assert.equal(reasons['/backendServiceId'], 'is not of type string or null');
});

test('sizes are told in words', () => {
  const listener = validators.for(contract.updateListener.body, 'body');
  const targets = validators.for(contract.registerTargets.body, 'body');
  const told = (run: () => unknown) => errorsOf(run).map(({ field, reason }) => `${field} ${reason}`);
  assert.deepEqual(
    told(() => listener({ accessLogFormat: '' })),
    ['/accessLogFormat is empty'],
  );
  assert.deepEqual(
    told(() => listener({ description: 'x'.repeat(257) })),
    ['/description has more than 256 characters'],
  );
  assert.deepEqual(
    told(() => targets({ targets: [] })),
    ['/targets is empty'],
  );
});

test('a part that may be null is told of by what is wrong within it', () => {
  const rule = validators.for(contract.createRule.body, 'body');
  const reasons = (redirect: unknown) =>
    errorsOf(() => rule({ name: 'www', redirect })).map(({ field, reason }) => `${field} ${reason}`);
  assert.deepEqual(reasons({ status: 999 }), ['/redirect/status is not one of the allowed values']);
  assert.deepEqual(reasons(5), ['/redirect is not of type object or null']);
});

test('text is a number in a query, and nowhere else', () => {
  assert.deepEqual(query({ limit: '5' }), { limit: 5 });
  assert.deepEqual(
    errorsOf(() => query({ limit: '5x', cursor: ['a', 'b'] })).map(({ field }) => field),
    ['query limit', 'query cursor'],
  );
  assert.equal(errorsOf(() => body({ listeners: [{ protocol: 'http', port: '80' }] }))[0]!.field, '/listeners/0/port');
});

test('a large body full of errors costs one error, and a middling one a hundred', () => {
  const listeners = (count: number) => ({ listeners: new Array(count).fill(1) });
  assert.equal(errorsOf(() => body(listeners(900))).length, 100);
  assert.equal(errorsOf(() => body(listeners(900_000), 2_000_000)).length, 1);
});

test('a missing body says so', () => {
  assert.deepEqual(
    errorsOf(() => body(undefined)),
    [{ field: '', reason: 'the body is missing' }],
  );
});
