import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, ConnectionError } from '@evenkeel/client/errors.ts';
import { ERRORS, type ErrorCode } from '@evenkeel/model/errors.ts';
import type { Problem } from '@evenkeel/model/problem.ts';
import { EXIT } from './exit-codes.ts';
import { explain, fieldName } from './explain.ts';
import { CliFailure } from './failure.ts';

function apiError(code: ErrorCode, more: Partial<Problem> = {}): ApiError {
  const { status, title } = ERRORS[code];
  return new ApiError({
    type: `urn:evenkeel:error:${code}`,
    title,
    status,
    code,
    detail: `detail of ${code}`,
    ...more,
  });
}

test('an error about one field is one line, with what is allowed', () => {
  const errors = [{ field: '/listeners/0/port', reason: 'is out of range', allowed: { minimum: 1, maximum: 65535 } }];
  assert.deepEqual(explain(apiError('validation-failed', { errors })), {
    text: 'evenkeel: listeners[0].port: is out of range (allowed: 1 to 65535)\n',
    exitCode: EXIT.usage,
  });
});

test('a field that an option sets is told with the option, a parameter of a question by it alone', () => {
  const about = (field: string) => {
    const errors = [{ field, reason: 'is out of range' }];
    return explain(apiError('validation-failed', { errors }), (name) => (name.endsWith('limit') ? '--limit' : null))
      .text;
  };
  assert.equal(about('/queue/limit'), 'evenkeel: --limit (queue.limit): is out of range\n');
  assert.equal(about('query limit'), 'evenkeel: --limit: is out of range\n');
  assert.equal(about('/port'), 'evenkeel: port: is out of range\n');
});

test('several fields are a line each', () => {
  const errors = [
    { field: '/name', reason: 'is missing' },
    { field: 'query limit', reason: 'is not of type integer' },
    { field: '/algorithm', reason: 'is not one of the allowed values', allowed: ['round-robin', 'source-ip'] },
  ];
  assert.equal(
    explain(apiError('validation-failed', { errors })).text,
    'evenkeel: Validation failed: 3 fields\n' +
      '  name: is missing\n' +
      '  query limit: is not of type integer\n' +
      '  algorithm: is not one of the allowed values (allowed: round-robin, source-ip)\n',
  );
});

test('what uses an object is named', () => {
  const usedBy = [{ kind: 'backendService' as const, id: 'svc-1', name: 'blue' }];
  assert.deepEqual(explain(apiError('resource-in-use', { usedBy })), {
    text: 'evenkeel: detail of resource-in-use\n  used by backend service blue (svc-1)\n',
    exitCode: EXIT.conflict,
  });
});

test('a failure of the control plane has the number that its log knows it by', () => {
  const { text, exitCode } = explain(apiError('internal', { requestId: 'req-7' }));
  assert.equal(text, 'evenkeel: detail of internal (request req-7)\n');
  assert.equal(exitCode, EXIT.failed);
});

test('exit codes', () => {
  const codes: Partial<Record<ErrorCode, number>> = {
    'resource-not-found': EXIT.notFound,
    'reference-not-found': EXIT.notFound,
    'name-taken': EXIT.conflict,
    'precondition-failed': EXIT.conflict,
    'quota-exceeded': EXIT.conflict,
    'protocol-mismatch': EXIT.failed,
    unauthenticated: EXIT.failed,
    'storage-full': EXIT.failed,
  };
  for (const [code, expected] of Object.entries(codes)) {
    assert.equal(explain(apiError(code as ErrorCode)).exitCode, expected, code);
  }
  assert.equal(explain(new ConnectionError('http://127.0.0.1:1/v1', new Error('x'))).exitCode, EXIT.unreachable);
  assert.equal(explain(new CliFailure(EXIT.timeout, 'late', ['node 1'])).text, 'evenkeel: late\n  node 1\n');
});

test('a defect shows its stack', () => {
  assert.match(explain(new TypeError('oops')).text, /^evenkeel: this is a defect of evenkeel: TypeError: oops\n +at /);
});

test('names of fields', () => {
  assert.equal(fieldName('/loadBalancers/0/tags/a~1b~0c'), 'loadBalancers[0].tags.a/b~c');
  assert.equal(fieldName('header If-Match'), 'header If-Match');
});
