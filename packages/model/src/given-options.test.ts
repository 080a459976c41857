import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complaintAsGiven } from './given-options.ts';

test('a complaint names what was given: the option, or the variable in its place', () => {
  const of = (complaint: string, environment: Record<string, string>, ...options: string[]) =>
    complaintAsGiven(complaint, (option) => options.includes(option), environment);
  const wrong = '--metrics-port x is not a port';
  assert.equal(of(wrong, { EVENKEEL_METRICS_PORT: 'x' }), 'EVENKEEL_METRICS_PORT x is not a port');
  assert.equal(of(wrong, { EVENKEEL_METRICS_PORT: '1' }, 'metrics-port'), wrong, 'the option wins');
  assert.equal(of(wrong, { EVENKEEL_PORT: '1' }), wrong, 'a default');
  assert.equal(of('--database: no host', { EVENKEEL_DATABASE: 'x' }), 'EVENKEEL_DATABASE: no host');
  assert.equal(of('--vpc-network x', { EVENKEEL_VPC_NETWORKS: 'x' }), 'EVENKEEL_VPC_NETWORKS x');
  assert.equal(of('nothing of the kind', { EVENKEEL_PORT: '1' }), 'nothing of the kind');
});
