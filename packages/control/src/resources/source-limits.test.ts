import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ListenerLimits } from '@evenkeel/model/resources/listener-limits.ts';
import { completed } from '@evenkeel/model/schema.ts';
import { planSourceLimits, planSynAlarm } from '../plan/source-limits.ts';
import { ProblemError } from '../problem.ts';
import { checkSourceLimits } from './source-limits.ts';

type Arguments = Parameters<typeof checkSourceLimits>;

const limits = (given: Partial<ListenerLimits>) => completed(ListenerLimits, given) as ListenerLimits;

for (const [what, type, protocol, given, before, field, reason] of [
  ['packets', 'application', 'tcp', { sourcePacketsPerSecond: 1 }, {}, 'sourcePacketsPerSecond', /network load/],
  ['an alarm', 'application', 'https', { synAlarm: 10 }, {}, 'synAlarm', /network load/],
  ['an alarm without TCP', 'network', 'udp', { synAlarm: 10 }, {}, 'synAlarm', /for TCP, not for udp/],
  ['a burst alone', 'application', 'http', { sourceRequestsBurst: 1 }, {}, 'sourceRequestsBurst', /without source/],
  ['calm alone', 'network', 'tcp', { synCalm: 1 }, { synAlarm: null }, 'synCalm', /without synAlarm/],
  ['calm above the alarm', 'network', 'tcp', { synCalm: 11 }, { synAlarm: 10 }, 'synCalm', /10 that ends below 11/],
  ['an alarm below calm', 'network', 'tcp', { synAlarm: 10 }, { synCalm: 11 }, 'synAlarm', /10 that ends below 11/],
] as readonly [string, Arguments[0], Arguments[1], Arguments[2], Arguments[3], string, RegExp][]) {
  test(`${what} is refused with the field, as it would do nothing`, () => {
    assert.throws(
      () => checkSourceLimits(type, protocol, given, before, '/listeners/0'),
      (error: unknown) => {
        assert.ok(error instanceof ProblemError);
        const [first] = error.particulars.errors!;
        assert.equal(first!.field, `/listeners/0/limits/${field}`);
        assert.match(first!.reason, reason);
        return true;
      },
    );
  });
}

test('what means something, and what an export says of it, is taken', () => {
  checkSourceLimits('application', 'https', { sourceConnectionsPerSecond: 1, sourceConnectionsBurst: 5 }, {}, '');
  checkSourceLimits('application', 'http', { sourceRequestsBurst: 5 }, { sourceRequestsPerSecond: 1 }, '');
  checkSourceLimits('network', 'tcp-udp', { sourcePacketsPerSecond: 1, synAlarm: 10, synCalm: 10 }, {}, '');
  checkSourceLimits('application', 'tcp', limits({}), {}, '');
  checkSourceLimits('network', 'tcp', { sourcePacketsPerSecond: null }, { sourcePacketsBurst: 9 }, '');
});

test('a plan says nothing of limits that there are none of, and has a burst for those that name none', () => {
  assert.deepEqual([planSourceLimits(limits({})), planSynAlarm(limits({}))], [{}, {}]);
  assert.deepEqual(planSourceLimits(limits({ sourceConnectionsPerSecond: 7, sourceRequestsBurst: 3 })), {
    sourceLimits: { connections: { perSecond: 7, burst: 7 }, requests: null, packets: null },
  });
  assert.deepEqual(planSourceLimits(limits({ sourcePacketsPerSecond: 7, sourcePacketsBurst: 3 })), {
    sourceLimits: { connections: null, requests: null, packets: { perSecond: 7, burst: 3 } },
  });
  assert.deepEqual(planSynAlarm(limits({ synAlarm: 11 })), { synAlarm: { alarm: 11, calm: 5 } });
  assert.deepEqual(planSynAlarm(limits({ synAlarm: 11, synCalm: 10 })), { synAlarm: { alarm: 11, calm: 10 } });
});
