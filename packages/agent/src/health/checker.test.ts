import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlannedHealthCheck, PlannedService, PlannedTarget } from '@evenkeel/model/plan/objects.ts';
import { plannedCheck, plannedService, plannedTarget } from '../../test/planned.ts';
import { seededRandom, VirtualClock } from '../../test/virtual-clock.ts';
import type { Timer } from '../clock/clock.ts';
import { type HealthChange, HealthChecker } from './checker.ts';
import { LocalWatch } from './local-watch.ts';
import type { ProbeOutcome } from './outcome.ts';
import type { Probe, Prober, ProbeTarget } from './prober.ts';

const good: ProbeOutcome = { kind: 'success', detail: 'status 200' };
const refused: ProbeOutcome = { kind: 'failure', reason: 'CONNECT_FAILED', detail: 'ECONNREFUSED' };

/** Answers each probe after `delay` of virtual time with what the test has set for its address. */
class ScriptedProber implements Prober {
  readonly #clock: VirtualClock;
  readonly outcomes = new Map<string, ProbeOutcome>();
  readonly probes: { readonly address: string; readonly port: number; readonly at: number }[] = [];
  delay = 1;
  cancelled = 0;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  prepare(target: ProbeTarget): Probe {
    let timer: Timer | null = null;
    return {
      request: Buffer.from('GET'),
      start: (_history, done) => {
        this.probes.push({ address: target.address, port: target.port, at: this.#clock.now() });
        timer = this.#clock.setTimer(this.delay, () => done(this.outcomes.get(target.address) ?? good));
      },
      cancel: () => {
        this.cancelled++;
        timer?.cancel();
      },
    };
  }

  setAuthority(): void {}

  times(address: string): number[] {
    return this.probes.filter((probe) => probe.address === address).map((probe) => probe.at);
  }
}

interface World {
  readonly clock: VirtualClock;
  readonly prober: ScriptedProber;
  readonly checker: HealthChecker;
  readonly changes: HealthChange[];
}

function world(slots = 256): World {
  const clock = new VirtualClock();
  const prober = new ScriptedProber(clock);
  const changes: HealthChange[] = [];
  const checker = new HealthChecker({
    clock,
    watch: new LocalWatch({ clock, prober, slots, random: seededRandom(7) }),
    onChange: (change) => changes.push(change),
  });
  return { clock, prober, checker, changes };
}

function service(id: string, check: Partial<PlannedHealthCheck> | null = {}): PlannedService {
  return plannedService({ id, healthCheck: check === null ? null : plannedCheck(check) });
}

function target(id: string, address: string, extra: Partial<PlannedTarget> = {}): PlannedTarget {
  return plannedTarget({ id, address, ...extra });
}

test('a good target is probed at once and healthy within 300 ms of its registration', () => {
  const { clock, checker, changes, prober } = world();
  checker.setService(service('s'), [target('t', '127.0.0.2')]);
  assert.equal(checker.state('s', 't')?.kind, 'detecting');
  clock.advance(0);
  assert.deepEqual(prober.times('127.0.0.2'), [0]);
  clock.advance(300);
  assert.equal(checker.state('s', 't')?.kind, 'healthy');
  assert.deepEqual(
    changes.map((change) => [change.before?.kind, change.after.kind]),
    [
      [undefined, 'detecting'],
      ['detecting', 'healthy'],
    ],
  );
});

test('a dead target is unhealthy within half a second, with the reason, and found soon after it comes up', () => {
  const { clock, checker, prober } = world();
  prober.outcomes.set('127.0.0.2', refused);
  checker.setService(service('s'), [target('t', '127.0.0.2')]);
  clock.advance(500);
  assert.equal(checker.state('s', 't')?.kind, 'unhealthy');
  assert.equal(checker.state('s', 't')?.reason, 'CONNECT_FAILED');
  clock.advance(500);
  prober.outcomes.set('127.0.0.2', good);
  clock.advance(1200);
  assert.equal(checker.state('s', 't')?.kind, 'healthy');
});

test('a target that was healthy falls after `fall` and rises after `rise` probes at the interval', () => {
  const { clock, checker, prober } = world();
  checker.setService(service('s', { interval: 5000, rise: 2, fall: 3 }), [target('t', '127.0.0.2')]);
  clock.advance(20_000);
  prober.outcomes.set('127.0.0.2', refused);
  clock.advance(9_000);
  assert.equal(checker.state('s', 't')?.kind, 'healthy', 'three probes take at least two intervals');
  clock.advance(8_000);
  assert.equal(checker.state('s', 't')?.kind, 'unhealthy');
  prober.outcomes.set('127.0.0.2', good);
  clock.advance(4_000);
  assert.equal(checker.state('s', 't')?.kind, 'unhealthy');
  clock.advance(8_000);
  assert.equal(checker.state('s', 't')?.kind, 'healthy');
});

test('targets registered together are probed spread over the interval afterwards', () => {
  const { clock, checker, prober } = world();
  const targets = Array.from({ length: 1000 }, (_, index) => target(`t${index}`, `127.1.${index >> 8}.${index & 255}`));
  checker.setService(service('s', { interval: 5000 }), targets);
  clock.advance(10_000);
  const perSlice = new Map<number, number>();
  for (const { at } of prober.probes) {
    if (at < 5000) continue;
    const slice = Math.floor(at / 100);
    perSlice.set(slice, (perSlice.get(slice) ?? 0) + 1);
  }
  assert.ok(Math.max(...perSlice.values()) < 60, `at most ${Math.max(...perSlice.values())} of 1000 in one fiftieth`);
  const total = [...perSlice.values()].reduce((sum, count) => sum + count, 0);
  assert.ok(total > 950 && total < 1050, `${total} probes in one interval`);
});

test('targets of weight 0 are probed as well', () => {
  const { clock, checker } = world();
  checker.setService(service('s'), [target('t', '127.0.0.2', { weight: 0 })]);
  clock.advance(300);
  assert.equal(checker.state('s', 't')?.kind, 'healthy');
});

test('without a health check targets are unchecked, eligible and never probed', () => {
  const { clock, checker, prober } = world();
  checker.setService(service('s', null), [target('t', '127.0.0.2')]);
  clock.advance(20_000);
  assert.equal(checker.state('s', 't')?.kind, 'unchecked');
  assert.equal(checker.isEligible('s', 't'), true);
  assert.equal(prober.probes.length, 0);
});

test('what did not change keeps its state and its place in the schedule', () => {
  const { clock, checker, prober } = world();
  const kept = target('kept', '127.0.0.2');
  checker.setService(service('s'), [kept, target('gone', '127.0.0.3')]);
  clock.advance(12_000);
  const before = checker.state('s', 'kept');
  const probesBefore = prober.times('127.0.0.2').length;
  checker.setService(service('s'), [{ ...kept, weight: 50 }, target('new', '127.0.0.4')]);
  clock.advance(100);
  assert.equal(checker.state('s', 'kept'), before);
  assert.equal(prober.times('127.0.0.2').length, probesBefore);
  assert.equal(checker.state('s', 'gone'), undefined);
  clock.advance(20_000);
  assert.ok(prober.times('127.0.0.3').every((at) => at <= 12_000));
});

test('a target with another address is a new target; one with another check keeps its state and is probed at once', () => {
  const { clock, checker, prober } = world();
  checker.setService(service('s'), [target('t', '127.0.0.2')]);
  clock.advance(1000);
  checker.setService(service('s', { path: '/other' }), [target('t', '127.0.0.2')]);
  assert.equal(checker.state('s', 't')?.kind, 'healthy');
  const probes = prober.probes.length;
  clock.advance(0);
  assert.equal(prober.probes.length, probes + 1);
  checker.setService(service('s', { path: '/other' }), [target('t', '127.0.0.9')]);
  assert.equal(checker.state('s', 't')?.kind, 'detecting');
});

test('services that ask the same of the same endpoint share one probe and judge for themselves', () => {
  const { clock, checker, prober } = world();
  checker.setService(service('one', { rise: 1 }), [target('t', '127.0.0.2')]);
  checker.setService(service('two', { rise: 5 }), [target('u', '127.0.0.2')]);
  checker.setService(service('other', { path: '/else' }), [target('v', '127.0.0.2')]);
  assert.equal(checker.load.endpoints, 2);
  clock.advance(250);
  assert.equal(checker.state('one', 't')?.kind, 'healthy');
  assert.equal(checker.state('two', 'u')?.kind, 'detecting');
  clock.advance(400);
  assert.equal(checker.state('two', 'u')?.kind, 'healthy');
  checker.removeService('one');
  assert.equal(checker.load.endpoints, 2);
  checker.removeService('two');
  checker.removeService('other');
  assert.equal(checker.load.endpoints, 0);
  const probes = prober.probes.length;
  clock.advance(20_000);
  assert.equal(prober.probes.length, probes);
});

test('the quick probes of a newcomer do not bring down an older service that shares them', () => {
  const { clock, checker, prober } = world();
  checker.setService(service('old', { interval: 60_000, fall: 2 }), [target('t', '127.0.0.2')]);
  clock.advance(1000);
  prober.outcomes.set('127.0.0.2', refused);
  checker.setService(service('new', { interval: 60_000, fall: 2 }), [target('t', '127.0.0.2')]);
  clock.advance(1000);
  assert.equal(checker.state('new', 't')?.kind, 'unhealthy');
  assert.equal(checker.state('old', 't')?.kind, 'healthy');
  clock.advance(130_000);
  assert.equal(checker.state('old', 't')?.kind, 'unhealthy');
});

test("the port is the check's, else the target's, else the service's", () => {
  const { clock, checker, prober } = world();
  checker.setService({ ...service('a'), port: 1000 }, [target('t', '127.0.0.2', { port: 0 })]);
  checker.setService({ ...service('b'), port: 1000 }, [target('t', '127.0.0.3', { port: 2000 })]);
  checker.setService({ ...service('c', { port: 3000 }), port: 1000 }, [target('t', '127.0.0.4', { port: 2000 })]);
  clock.advance(0);
  assert.deepEqual(prober.probes.map((probe) => probe.port).sort(), [1000, 2000, 3000]);
});

test('more silent targets than slots do not keep live ones from being judged', () => {
  const { clock, checker, prober } = world(8);
  prober.delay = 3000;
  const silent = Array.from({ length: 100 }, (_, index) => target(`s${index}`, `127.2.0.${index}`));
  for (const { address } of silent) {
    prober.outcomes.set(address, { kind: 'failure', reason: 'CONNECT_TIMEOUT', detail: '' });
  }
  checker.setService(service('silent'), silent);
  clock.advance(60_000);
  assert.ok(checker.load.lag > 0);
  prober.delay = 1;
  checker.setService(service('live'), [target('t', '127.0.0.2')]);
  clock.advance(4000);
  assert.equal(checker.state('live', 't')?.kind, 'healthy');
});

test('a service that is removed while its probe runs has it cancelled, and the slot is free again', () => {
  const { clock, checker, prober } = world(1);
  prober.delay = 3000;
  checker.setService(service('a'), [target('t', '127.0.0.2')]);
  clock.advance(10);
  assert.equal(checker.load.inFlight, 1);
  checker.removeService('a');
  assert.equal(prober.cancelled, 1);
  assert.equal(checker.load.inFlight, 0);
});

test('the report names every target once', () => {
  const { clock, checker } = world();
  checker.setService(service('a'), [target('t', '127.0.0.2'), target('u', '127.0.0.3')]);
  checker.setService(service('b', null), [target('t', '127.0.0.2')]);
  clock.advance(1000);
  assert.deepEqual(
    [...checker.report()].map((entry) => `${entry.serviceId}/${entry.targetId} ${entry.state}${entry.reason}`),
    ['a/t healthy', 'a/u healthy', 'b/t unchecked'],
  );
  assert.equal([...checker.report('b')].length, 1);
});

test('targets that are well in silence delay nobody: their probes have slots of their own', () => {
  const { clock, prober, checker } = world();
  const silent: ProbeOutcome = { kind: 'success', detail: 'no error came back' };
  const datagram = service('datagrams', { protocol: 'udp', interval: 5_000, timeout: 3_000 });
  const many = Array.from({ length: 2_000 }, (_, n) => target(`tgt-${n}`, `127.2.${n >> 8}.${n & 255}`));
  for (const { address } of many) prober.outcomes.set(address, silent);
  prober.delay = 3_000;
  checker.setService(datagram, many);
  clock.advance(1_000);
  assert.equal(checker.load.inFlight, 2_000);
  prober.delay = 1;
  checker.setService(service('svc-1'), [target('tgt-1', '127.0.0.1')]);
  clock.advance(300);
  assert.equal(checker.state('svc-1', 'tgt-1')?.kind, 'healthy');
});
