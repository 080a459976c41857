import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ProbeExchange } from '@evenkeel/model/plan/evidence.ts';
import type { Flapping } from '@evenkeel/model/plan/stream.ts';
import { plannedCheck } from '../../test/planned.ts';
import { seededRandom, VirtualClock } from '../../test/virtual-clock.ts';
import { diagnose, FLAP_CHANGES, FLAP_WINDOW } from './flapping.ts';
import { LocalWatch } from './local-watch.ts';
import type { ProbeOutcome } from './outcome.ts';
import type { Prober } from './prober.ts';
import { detecting } from './state.ts';

const GOOD: ProbeOutcome = { kind: 'success', detail: 'status 200 is one of 200–399' };
const SILENT: ProbeOutcome = {
  kind: 'failure',
  reason: 'RECEIVE_RESPONSE_TIMEOUT',
  detail: 'answer not complete after 3000 ms',
};
const LIMITS = { rise: 1, fall: 1 };

/** A target whose answers take so long, and are of this kind. */
class Target implements Prober {
  readonly #clock: VirtualClock;
  outcome: ProbeOutcome = GOOD;
  delay = 2_800;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  prepare() {
    let timer = { cancel: () => {} };
    return {
      request: Buffer.from('GET'),
      start: (_history: unknown, done: (outcome: ProbeOutcome) => void) => {
        timer = this.#clock.setTimer(this.outcome === GOOD ? this.delay : 3_000, () => done(this.outcome));
      },
      cancel: () => timer.cancel(),
    };
  }

  setAuthority(): void {}
}

function watched() {
  const clock = new VirtualClock();
  const target = new Target(clock);
  const watch = new LocalWatch({ clock, prober: target, random: seededRandom(3) });
  const told: { readonly kind: string; readonly flapping: Flapping | null }[] = [];
  watch.onChange = (_id, { kind }, flapping) => told.push({ kind, flapping });
  const check = plannedCheck({ ...LIMITS, interval: 5_000 });
  watch.begin(1, { address: '127.0.0.1', port: 80, check, proxyProtocol: 0 }, LIMITS, detecting(clock.wallTime()));
  return { clock, target, told };
}

test('a target that changes to and fro is said to flap, with the reason, until it has been quiet for a while', () => {
  const { clock, target, told } = watched();
  clock.advance(10_000);
  assert.equal(told.at(-1)?.kind, 'healthy');
  for (let change = 1; change <= FLAP_CHANGES; change++) {
    assert.equal(told.at(-1)?.flapping, null, `after ${change - 1} changes`);
    target.outcome = target.outcome === GOOD ? SILENT : GOOD;
    clock.advance(20_000);
  }
  const flapping = told.at(-1)?.flapping;
  assert.equal(flapping?.changes, FLAP_CHANGES);
  assert.match(
    flapping?.diagnosis ?? '',
    /^4 changes in 10 min; of the last 10 probes failed \d by RECEIVE_RESPONSE_TIMEOUT after 3\.0 s; /,
  );
  assert.match(
    flapping?.diagnosis ?? '',
    /median good answer 2\.8 s: the timeout of 3\.0 s is too tight; one failure is enough/,
  );
  const before = told.length;
  clock.advance(FLAP_WINDOW);
  assert.equal(told.at(-1)?.flapping, null);
  assert.equal(told.length, before + 1, 'told once that it is over');
});

test('few changes in a long time are no flapping', () => {
  const { clock, target, told } = watched();
  clock.advance(10_000);
  for (let change = 0; change < 12; change++) {
    target.outcome = target.outcome === GOOD ? SILENT : GOOD;
    clock.advance(FLAP_WINDOW / 3 + 20_000);
  }
  assert.ok(told.every(({ flapping }) => flapping === null));
});

describe('what the last probes say', () => {
  const exchange = (given: Partial<ProbeExchange>): ProbeExchange => ({
    at: 0,
    verdict: 'success',
    reason: '',
    rule: 'status 200 is one of 200–399',
    connection: 'new',
    connect: 0.1,
    firstByte: 5,
    total: 5,
    sent: '',
    sentBytes: 0,
    received: '',
    receivedBytes: 0,
    ...given,
  });
  const failure = (reason: string, rule: string, total = 1) => exchange({ verdict: 'failure', reason, rule, total });

  test('quick answers beside timeouts: the target stalls', () => {
    const exchanges = [exchange({}), failure('RECEIVE_RESPONSE_TIMEOUT', 'answer not complete', 3_000)];
    assert.match(
      diagnose(5, plannedCheck(), exchanges).diagnosis,
      /good answers are far quicker than the timeout of 3\.0 s/,
    );
  });

  test('other failures: the last of the commonest is shown', () => {
    const exchanges = [
      failure('CONNECT_FAILED', 'ECONNREFUSED'),
      failure('HTTP_CODE_MISMATCH', 'status 500 is not one of 200–399'),
      failure('HTTP_CODE_MISMATCH', 'status 503 is not one of 200–399'),
      exchange({}),
    ];
    const { diagnosis } = diagnose(5, plannedCheck(), exchanges);
    assert.match(diagnosis, /failed 2 by HTTP_CODE_MISMATCH after 1 ms, 1 by CONNECT_FAILED after 1 ms/);
    assert.match(diagnosis, /: the last such failure: status 503 is not one of 200–399$/);
  });

  test('it is never longer than the control plane takes', () => {
    const long = failure('RESPONSE_MISMATCH', 'x'.repeat(2_000));
    assert.equal(diagnose(64, plannedCheck(), [long]).diagnosis.length, 500);
    assert.match(diagnose(4, plannedCheck(), []).diagnosis, /^4 changes in 10 min; none of the last 0 probes failed/);
  });
});
