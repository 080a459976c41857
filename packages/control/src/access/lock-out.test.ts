import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProblemError } from '../problem.ts';
import { type Attempt, LockOut } from './lock-out.ts';

const stranger = (name: string, source: string): Attempt => ({ kind: 'stranger', name, source });

/** Seconds that the attempt has to wait. */
function waits(lock: LockOut, attempt: Attempt): number {
  try {
    lock.check(attempt);
    return 0;
  } catch (error) {
    assert.ok(error instanceof ProblemError && error.code === 'rate-limited');
    return error.particulars.retryAfter!;
  }
}

test('five failures are free, then each doubles the wait; an hour without any ends it', () => {
  let now = 1_000_000_000;
  const lock = new LockOut(() => now);
  const attempt = stranger('default/ann', '192.0.2.1');
  const seen: number[] = [];
  for (let i = 0; i < 20; i++) {
    lock.failed(attempt);
    const seconds = waits(lock, attempt);
    seen.push(seconds);
    now += seconds * 1_000;
    assert.equal(waits(lock, attempt), 0, 'when the time is over, it is over');
  }
  assert.deepEqual(seen.slice(0, 9), [0, 0, 0, 0, 0, 1, 2, 4, 8]);
  assert.equal(seen.at(-1), 900, 'a source waits a quarter of an hour at most');
  assert.ok(waits(lock, stranger('default/ann', '192.0.2.2')) <= 60, 'a name a minute');
  now += 3_600_001;
  lock.failed(attempt);
  assert.equal(waits(lock, attempt), 0);
});

test('names and sources are counted each by itself; IPv6 by its network', () => {
  const now = 1_000_000_000;
  const lock = new LockOut(() => now);
  for (let i = 0; i < 8; i++) lock.failed(stranger(`default/user-${i}`, '2001:db8:1:2::1'));
  assert.ok(waits(lock, stranger('default/another', '2001:db8:1:2:ffff::9')) > 0);
  assert.equal(waits(lock, stranger('default/another', '2001:db8:1:3::1')), 0);
});

test('nobody locks a user out: attempts before their time count nothing, and known devices do not wait', () => {
  let now = 1_000_000_000;
  const lock = new LockOut(() => now);
  const victim = 'default/ann';
  // From everywhere, all night.
  for (let i = 0; i < 5_000; i++) {
    const attempt = stranger(victim, `10.${i >> 8}.${i & 255}.1`);
    if (waits(lock, attempt) === 0) lock.failed(attempt);
    now += 5_000;
  }
  const device: Attempt = { kind: 'device', device: 'browser' };
  assert.equal(waits(lock, device), 0);
  assert.ok(waits(lock, stranger(victim, '198.51.100.1')) <= 60);
  for (let i = 0; i < 6; i++) lock.failed(device);
  assert.equal(waits(lock, device), 1, 'a stolen device has its own delay');
  lock.succeeded(device);
  assert.equal(waits(lock, device), 0);
});

test('logging in costs a source nothing, and forgives nothing that it guessed', () => {
  const lock = new LockOut(() => 1_000_000_000);
  const office = '192.0.2.1';
  for (let i = 0; i < 20; i++) {
    const attempt = stranger(`default/user-${i}`, office);
    assert.equal(waits(lock, attempt), 0);
    lock.failed(attempt);
    lock.succeeded(attempt);
  }
  for (let i = 0; i < 5; i++) lock.failed(stranger(`default/guess-${i}`, office));
  lock.failed(stranger('default/mallory', office));
  lock.succeeded(stranger('default/mallory', office));
  assert.equal(waits(lock, stranger('default/ann', office)), 0);
  lock.failed(stranger('default/another', office));
  assert.equal(waits(lock, stranger('default/ann', office)), 1);
});
