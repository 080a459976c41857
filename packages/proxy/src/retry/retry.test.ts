import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PLAIN_RETRY, type PlannedRetry } from '@evenkeel/model/plan/resilience.ts';
import { Closed } from '../reactor/reactor.ts';
import { Random } from '../reactor/simulated/random.ts';
import { AttemptFailure, connectFailure, failureOf } from './attempt-failure.ts';
import { MOST_SAVED, newRetryBudget, RetryBudget, refusedRetries } from './budget.ts';
import { RetryPolicy } from './policy.ts';

function policyOf(planned: Partial<PlannedRetry>): RetryPolicy {
  return new RetryPolicy({ ...PLAIN_RETRY, ...planned }, newRetryBudget());
}

describe('retry policy', () => {
  it('asks another target after connections that failed, whatever the method, and after nothing else by itself', () => {
    const policy = policyOf({ budgetMinimum: 100 });
    for (const failure of [AttemptFailure.refused, AttemptFailure.connectTimeout, AttemptFailure.handshake]) {
      assert.equal(policy.takes(failure, 1, false, 0), true, `failure ${failure}`);
    }
    for (const failure of [AttemptFailure.noResponse, AttemptFailure.timeout, AttemptFailure.invalid]) {
      assert.equal(policy.takes(failure, 1, true, 0), false, `failure ${failure}`);
    }
  });

  it('repeats what may have been carried out only when that is the same', () => {
    const policy = policyOf({ conditions: ['no-response', 'timeout'], statuses: [503], budgetMinimum: 100 });
    for (const failure of [AttemptFailure.noResponse, AttemptFailure.timeout, AttemptFailure.status]) {
      assert.equal(policy.takes(failure, 1, false, 0), false);
      assert.equal(policy.takes(failure, 1, true, 0), true);
    }
    assert.equal(policy.repeats(false), false);
    assert.equal(policyOf({ allMethods: true }).repeats(false), true);
  });

  it('ends with the attempts', () => {
    const policy = policyOf({ attempts: 2 });
    assert.equal(policy.takes(AttemptFailure.refused, 1, true, 0), true);
    assert.equal(policy.takes(AttemptFailure.refused, 2, true, 0), false);
    assert.equal(policyOf({ attempts: 1 }).takes(AttemptFailure.refused, 1, true, 0), false);
  });

  it('has no try timeout without the condition', () => {
    assert.equal(policyOf({ tryTimeout: 100 }).tryTimeout, 0);
    assert.equal(policyOf({ tryTimeout: 100, conditions: ['timeout'] }).tryTimeout, 100);
  });

  it('takes nothing out of the budget for what has reached nobody', () => {
    const policy = policyOf({ budget: 0, budgetMinimum: 0 });
    assert.equal(policy.takes(AttemptFailure.refused, 1, false, 0), true);
    assert.equal(policy.takes(AttemptFailure.connectTimeout, 1, false, 0), false);
  });

  it('tells failures apart', () => {
    const kept = { staleReuse: false, unread: false };
    const loss = { phase: 'response-head', cause: 'closed', reason: Closed.reset, ...kept } as const;
    assert.equal(failureOf({ ...loss, bytesSeen: false }), AttemptFailure.noResponse);
    assert.equal(failureOf({ ...loss, bytesSeen: true }), AttemptFailure.invalid);
    assert.equal(failureOf({ ...loss, cause: 'timeout', bytesSeen: false }), AttemptFailure.timeout);
    assert.equal(failureOf({ ...loss, phase: 'connect', bytesSeen: false }), AttemptFailure.connect);
    // The request has been carried out: only before it was sent does it cost nothing to ask on.
    assert.equal(failureOf({ ...loss, cause: 'exhausted', bytesSeen: true }), AttemptFailure.lost);
    assert.equal(policyOf({}).takes(AttemptFailure.lost, 1, true, 0), false);
    assert.equal(connectFailure(Closed.unreachable), AttemptFailure.refused);
    assert.equal(connectFailure(Closed.handshake), AttemptFailure.handshake);
  });
});

describe('retry budget', () => {
  it('is a share of the requests, of all workers together', () => {
    const memory = newRetryBudget();
    const workers = [new RetryBudget(memory, 20, 0), new RetryBudget(memory, 20, 0)];
    for (let i = 0; i < 640; i++) workers[i & 1]!.onRequest();
    let taken = 0;
    while (workers[taken & 1]!.take(0)) taken++;
    assert.equal(taken, Math.min(MOST_SAVED, 128));
    assert.equal(refusedRetries(memory), 1);
  });

  it('has a floor for services with few requests, which is not on top of the share', () => {
    const budget = new RetryBudget(newRetryBudget(), 20, 3);
    const take = (now: number) => Array.from({ length: 5 }, () => budget.take(now)).filter(Boolean).length;
    assert.equal(take(0), 3);
    assert.equal(take(999), 0);
    assert.equal(take(1_000), 3);
    for (let i = 0; i < 10; i++) budget.onRequest();
    assert.equal(take(2_000), 3, 'two of them are those of the share');
  });

  it('is not exceeded for its floor by a service with requests enough', () => {
    const budget = new RetryBudget(newRetryBudget(), 20, 3);
    let retries = 0;
    for (let request = 1; request <= 2_000; request++) {
      budget.onRequest();
      if (budget.take(request * 12)) retries++;
      assert.ok(retries <= 0.2 * request + 3, `${retries} retries for ${request} requests`);
    }
    assert.ok(retries >= 0.19 * 2_000, `${retries} of 400 that may be`);
  });

  it('is paid back what the floor borrows, so that many requests never get more than their share', () => {
    const budget = new RetryBudget(newRetryBudget(), 20, 3);
    let retries = 0;
    const seconds = 100;
    for (let tick = 0; tick < 10 * seconds; tick++) {
      for (let i = 0; i < 15; i++) {
        budget.onRequest();
        if (budget.take(tick * 100)) retries++;
      }
    }
    assert.ok(retries <= 0.2 * 150 * seconds + 3, `${retries}`);
    assert.ok(retries >= 0.19 * 150 * seconds, `${retries}`);
  });

  it('is never exceeded, whatever comes in whatever order', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const random = new Random(seed);
      const memory = newRetryBudget();
      const percent = Math.floor(random.fraction() * 101);
      const minimum = Math.floor(random.fraction() * 6);
      const workers = [0, 1, 2].map(() => new RetryBudget(memory, percent, minimum));
      let requests = 0;
      let retries = 0;
      let now = 0;
      for (let step = 0; step < 400; step++) {
        const worker = workers[Math.floor(random.fraction() * 3)]!;
        const dice = random.fraction();
        if (dice < 0.5) {
          const burst = Math.floor(random.fraction() * 30);
          for (let i = 0; i < burst; i++) worker.onRequest();
          requests += burst;
        } else if (dice < 0.95) {
          if (worker.take(now)) retries++;
        } else now += Math.floor(random.fraction() * 2_000);
        const seconds = Math.floor(now / 1_000) + 1;
        const most = (requests * percent) / 100 + seconds * minimum;
        assert.ok(retries <= most, `seed ${seed}: ${retries} retries, ${most} may be`);
      }
    }
  });

  it('saves no more than a limit', () => {
    const budget = new RetryBudget(newRetryBudget(), 100, 0);
    for (let i = 0; i < 10_000; i++) budget.onRequest();
    let taken = 0;
    while (budget.take(0)) taken++;
    assert.equal(taken, MOST_SAVED);
  });
});
