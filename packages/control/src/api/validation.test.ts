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
      listeners: [{ protocol: 'udp', port: 70_000 }, { port: 80 }],
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
  assert.deepEqual(byField['/listeners/0/protocol']!.allowed, ['http', 'https', 'tcp', 'tls']);
  assert.equal(byField['/listeners/1/protocol']!.reason, 'is missing');
  assert.equal(byField['/deletionProtection']!.reason, 'is not of type boolean');
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
