import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fate, FlowForecast } from '@evenkeel/flow/datapath/flow-forecast.ts';
import type { PlannedListener, PlannedTarget } from '@evenkeel/model/plan/objects.ts';
import type { NodePlan } from '@evenkeel/model/plan/plan.ts';
import type { ExplainQuestion } from '@evenkeel/model/plan/query.ts';
import { plannedListener, plannedService } from '../../test/planned.ts';
import { type ExplainingNode, explainOn } from './explain.ts';

const TARGETS: readonly PlannedTarget[] = ['tgt-1', 'tgt-2'].map((id, index) => ({
  id,
  address: `10.0.0.${index + 1}`,
  port: 0, // that of the service
  weight: 10,
  zone: '',
  state: 'active',
}));

/** A node whose kernel says this of every flow of `lsn-1`. */
function node(
  opening: Fate,
  changes: Partial<FlowForecast> = {},
  settings: Partial<PlannedListener> = {},
): ExplainingNode {
  const addresses = ['192.0.2.1', '2001:db8::1'];
  const listener = plannedListener({ id: 'lsn-1', addresses, isNetwork: true, ...settings });
  const entries = new Map<string, unknown>([
    ['listener/lsn-1', { kind: 'listener', value: listener }],
    ['service/svc-1', { kind: 'service', value: plannedService({ id: 'svc-1', groupId: 'tg-1', port: 8_080 }) }],
    ['group/tg-1', { kind: 'group', value: { id: 'tg-1', targets: TARGETS } }],
  ]);
  const forecast: FlowForecast = {
    listener: 1,
    service: 1,
    slot: { number: 7, current: 2, previous: 1, remembers: true },
    written: null,
    kept: 0,
    opening,
    following: { target: 1, outcome: 'forwarded' },
    ...changes,
  };
  return {
    engine: { explain: () => null },
    plan: { entries } as unknown as NodePlan,
    generation: 12,
    health: [],
    sight: {
      forecast: (listenerId) =>
        listenerId === 'lsn-1'
          ? {
              forecast,
              points: [
                { point: 'tcx', devices: ['eth1', 'eth2'], opening, following: forecast.following },
                {
                  ...{ point: 'xdp', devices: ['eth0'], following: forecast.following },
                  opening: { target: 2, outcome: 'no_next_hop' },
                },
              ],
              serviceId: 'svc-1',
              targets: new Map([
                [1, 'tgt-1'],
                [2, 'tgt-2'],
              ]),
              takers: new Set([2]),
              activeFlows: (number) => number * 10,
              seenAs: (number) => (number === 2 ? { address: '10.0.0.250', port: 2_000 } : null),
            }
          : null,
    },
  };
}

const question = (changes: Partial<ExplainQuestion> = {}): ExplainQuestion => ({
  ...{ listenerId: 'lsn-1', method: 'GET', host: '', path: '/', headers: [], cookies: [], serverName: '' },
  source: '198.51.100.7',
  flow: { protocol: 'tcp', sourcePort: 40_000, port: 80 },
  ...changes,
});

test('a flow in a changed slot: who gets it when it begins, who when it goes on, and which targets there are', () => {
  const answer = explainOn(node({ target: 2, outcome: 'forwarded' }), question());
  assert.deepEqual([answer.outcome, answer.reason, answer.generation], ['forward', 'none', 12]);
  const { kernel, service } = answer;
  assert.deepEqual(
    [kernel?.slot, kernel?.currentTargetId, kernel?.previousTargetId, kernel?.vip, kernel?.clientPort],
    [7, 'tgt-2', 'tgt-1', '192.0.2.1', 40_000],
  );
  assert.deepEqual([kernel?.opening.targetId, kernel?.following.targetId], ['tgt-2', 'tgt-1']);
  assert.deepEqual([kernel?.nodeAddress, kernel?.nodePort], ['10.0.0.250', 2_000]);
  const opening = kernel?.points?.map(({ point, devices, opening }) => [
    point,
    devices,
    opening.outcome,
    opening.reason,
  ]);
  assert.deepEqual(opening, [
    ['tcx', ['eth1', 'eth2'], 'forward', ''],
    ['xdp', ['eth0'], 'drop', 'no_next_hop'],
  ]);
  const told = service?.targets.map(({ targetId, port, underWay, candidate, chosen }) => {
    return [targetId, port, underWay, candidate, chosen];
  });
  assert.deepEqual(told, [
    ['tgt-1', 8_080, 10, false, false],
    ['tgt-2', 8_080, 20, true, true],
  ]);
  assert.match(service?.because ?? '', /^slot 7 of the table names it, since the table has changed$/);
});

test('targets of a range hear on the port that was asked for', () => {
  const range = node({ target: 2, outcome: 'forwarded' }, {}, { port: 9_000, lastPort: 9_009 });
  const { service } = explainOn(range, question({ flow: { protocol: 'tcp', sourcePort: 40_000, port: 9_005 } }));
  assert.deepEqual(
    service?.targets.map(({ port }) => port),
    [9_005, 9_005],
  );
});

test('a packet that is dropped, with the reason of the counters and in words', () => {
  const answer = explainOn(node({ target: 0, outcome: 'security_group' }), question());
  assert.deepEqual([answer.outcome, answer.reason], ['refuse', 'security_group']);
  assert.match(answer.why, /drops a connection that begins: no rule of the security group lets its source in/);
  assert.deepEqual(answer.kernel?.opening, { outcome: 'drop', targetId: null, reason: 'security_group' });
  assert.equal(answer.kernel?.nodePort, null);
  assert.equal(
    answer.service?.targets.some(({ chosen }) => chosen),
    false,
  );
});

test('by the family of the source; what the kernel does not carry, or is not asked of, is for the proxy', () => {
  const runs = node({ target: 2, outcome: 'forwarded' });
  assert.equal(explainOn(runs, question({ source: '2001:db8::9' })).kernel?.vip, '2001:db8::1');
  const { flow: _, ...older } = question();
  for (const asked of [question({ listenerId: 'lsn-2' }), older]) {
    assert.throws(() => explainOn(runs, asked), /the listener does not run here/);
  }
  assert.throws(() => explainOn({ ...runs, sight: null }, question()), /the listener does not run here/);
});
