import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyDelta, diffPlans, isIntact, planOf } from '@evenkeel/model/plan/delta.ts';
import type { NodePlan, PlanEntry } from '@evenkeel/model/plan/plan.ts';
import type { PlannedRuleGroup } from '@evenkeel/model/plan/rules.ts';
import { draftContext, nextState, seeded } from '../../test/random-changes.ts';
import { createFromDocument } from '../configuration/apply.ts';
import { associateElasticIp, createElasticIp, updateElasticIp } from '../resources/elastic-ips.ts';
import { Draft } from '../state/draft.ts';
import { EMPTY_STATE, type State } from '../state/state.ts';
import { type CompiledPlan, compile } from './compile.ts';
import { diffParts } from './parts.ts';

const SEEDS = 40;
const CHANGES = 120;

/** Runs through random states, each with the plan that was compiled from the one before. */
interface Step {
  readonly state: State;
  /** The state before. */
  readonly last: State;
  readonly plan: CompiledPlan;
  readonly before: CompiledPlan;
  readonly name: string;
}

function everyStep(check: (step: Step) => void) {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = seeded(seed);
    const context = draftContext(random);
    let state = EMPTY_STATE;
    let before = compile(state, null);
    for (let i = 0; i < CHANGES; i++) {
      const last = state;
      state = nextState(state, context, random);
      const plan = compile(state, before, last);
      check({ state, last, plan, before, name: `seed ${seed}, change ${i}` });
      before = plan;
    }
  }
}

function servicesOf({ rules }: PlannedRuleGroup): string[] {
  return rules.flatMap(({ action, mirror }) => [
    ...(action.type === 'forward' ? action.services.map(({ serviceId }) => serviceId) : []),
    ...(mirror === null ? [] : [mirror.serviceId]),
  ]);
}

const sorted = (plan: NodePlan) => [...plan.entries].sort(([a], [b]) => (a < b ? -1 : 1));

test('a plan that was compiled step by step is the plan that is compiled at once', () => {
  everyStep(({ state, plan, name }) => {
    const fresh = compile(state, null);
    assert.equal(plan.hash, fresh.hash, name);
    assert.equal(plan.version, state.generation);
    assert.deepEqual(sorted(plan), sorted(fresh), name);
  });
});

test('what did not change is in the next plan as the same object', () => {
  everyStep(({ plan, before, name }) => {
    for (const [key, entry] of before.entries) {
      const next = plan.entries.get(key);
      if (next?.hash === entry.hash) assert.equal(next, entry, `${name}: ${key}`);
    }
  });
});

test('a change of one load balancer leaves the parts of the others alone', () => {
  everyStep(({ state, last, plan, before, name }) => {
    for (const [id, part] of before.entries.parts) {
      const sameOthers = state.securityPolicies === last.securityPolicies && state.elasticIps === last.elasticIps;
      if (state.loadBalancers.get(id) === part.source && sameOthers) {
        assert.equal(plan.entries.parts.get(id), part, name);
      }
    }
    const { certificates, authorities, ticketKeys } = state;
    const same = [last.certificates === certificates, last.authorities === authorities, last.ticketKeys === ticketKeys];
    const { shared } = plan.entries;
    if (!same.includes(false) && shared.hash === before.entries.shared.hash) {
      assert.equal(shared, before.entries.shared, name);
    }
  });
});

test('the hash does not depend on the order of entries', () => {
  everyStep(({ plan, name }) => {
    const shuffled = [...plan.entries.values()].reverse();
    assert.equal(planOf(plan.version, shuffled).hash, plan.hash, name);
  });
});

test('no entry refers to one that is not in the plan', () => {
  everyStep(({ plan, name }) => {
    for (const entry of plan.entries.values()) {
      if (entry.kind === 'listener' && entry.value.serviceId !== null) {
        assert.ok(plan.entries.has(`service/${entry.value.serviceId}`), name);
      }
      if (entry.kind === 'listener' && entry.value.ruleGroupId !== null) {
        assert.ok(plan.entries.has(`rule-group/${entry.value.ruleGroupId}`), name);
      }
      if (entry.kind === 'rule-group') {
        for (const service of servicesOf(entry.value)) assert.ok(plan.entries.has(`service/${service}`), name);
      }
      if (entry.kind === 'service' && entry.value.groupId !== null) {
        assert.ok(plan.entries.has(`group/${entry.value.groupId}`), name);
      }
    }
  });
});

test('certificates, authorities and ticket keys are in the plan exactly when something in it uses them', () => {
  const seen = new Set<string>();
  everyStep(({ plan, name }) => {
    const used = new Set<string>();
    for (const entry of plan.entries.values()) for (const key of sharedBy(entry)) used.add(key);
    const present = [...plan.entries.values()].filter(({ kind }) => SHARED.includes(kind)).map(({ key }) => key);
    assert.deepEqual(new Set(present), used, name);
    assert.equal(present.length, used.size, name);
    for (const key of used) seen.add(key.split('/')[0]!);
  });
  assert.deepEqual([...seen].toSorted(), ['authority', 'certificate', 'ticket-keys'], 'the changes make all of them');
});

const SHARED = ['certificate', 'authority', 'ticket-keys'];

function sharedBy(entry: PlanEntry): string[] {
  if (entry.kind === 'service') return entry.value.tls?.authorityId ? [`authority/${entry.value.tls.authorityId}`] : [];
  if (entry.kind !== 'listener' || entry.value.tls === null) return [];
  const { defaultCertificates, certificates, clientCertificates, sessionTickets } = entry.value.tls;
  return [
    ...[...defaultCertificates, ...certificates.map(({ certificateId }) => certificateId)].map(
      (id) => `certificate/${id}`,
    ),
    ...(clientCertificates === null ? [] : [`authority/${clientCertificates.authorityId}`]),
    ...(sessionTickets ? ['ticket-keys/current'] : []),
  ];
}

test('the delta of two plans is their difference, and applying it gives the plan', () => {
  everyStep(({ plan, before, name }) => {
    const delta = diffParts(before, plan);
    const whole = diffPlans(before, plan);
    assert.deepEqual(new Set(delta.upserts), new Set(whole.upserts), name);
    assert.deepEqual(new Set(delta.removes), new Set(whole.removes), name);
    const applied = applyDelta(planOf(before.version, before.entries.values()), delta);
    assert.ok(applied, name);
    assert.deepEqual(sorted(applied), sorted(plan), name);
    assert.ok(isIntact(applied));
  });
});

test('a change that no node sees makes no entries', () => {
  const context = draftContext(seeded(1));
  const first = new Draft(EMPTY_STATE, context);
  const { id } = createFromDocument(first, { name: 'a', listeners: [{ protocol: 'http', port: 80, service: {} }] });
  const before = compile(first.finish(), null);
  const second = new Draft(first.finish(), context);
  second.update('loadBalancer', second.loadBalancers.get(id)!.loadBalancer, { description: 'other' });
  const delta = diffParts(before, compile(second.finish(), before));
  assert.deepEqual([delta.upserts, delta.removes], [[], []]);
  assert.equal(delta.hash, before.hash);
  assert.equal(delta.version, before.version + 1);
});

test('times are in milliseconds, defaults are filled in, a disabled listener is not in the plan', () => {
  const context = draftContext(seeded(1));
  const draft = new Draft(EMPTY_STATE, context);
  createFromDocument(draft, {
    name: 'a',
    listeners: [
      {
        protocol: 'http',
        port: 80,
        service: { targets: [{ address: '10.0.0.1' }], healthCheck: { codes: ['204', '2xx'] } },
      },
      { protocol: 'tcp', port: 81, enabled: false },
      { protocol: 'tcp', port: 82, service: { healthCheck: { enabled: false } } },
    ],
  });
  const plan = compile(draft.finish(), null);
  const of = (kind: string) =>
    [...plan.entries.values()].flatMap((entry) =>
      entry.kind === kind ? [{ ...entry.value } as Record<string, unknown>] : [],
    );
  const [http, tcp] = of('listener');
  assert.equal(of('listener').length, 2);
  assert.deepEqual(
    [http!['idleTimeout'], http!['headerTimeout'], tcp!['idleTimeout'], http!['addresses']],
    [60_000, 60_000, 1_800_000, ['127.77.0.1']],
  );
  const [checked, unchecked] = of('service');
  const [group] = of('group');
  assert.deepEqual(checked!['healthCheck'], {
    protocol: 'http',
    port: 0,
    interval: 5_000,
    timeout: 3_000,
    rise: 3,
    fall: 3,
    method: 'GET',
    path: '/',
    host: '',
    httpVersion: '1.0',
    statusRanges: [
      [204, 204],
      [200, 299],
    ],
    send: '',
    expect: '',
    grpcService: '',
    checksPerConnection: 1,
    tls: null,
  });
  assert.equal(unchecked!['healthCheck'], null);
  const [target] = group!['targets'] as { id: string }[];
  assert.deepEqual(group, {
    id: checked!['groupId'],
    name: 'http-80',
    targets: [{ id: target!.id, address: '10.0.0.1', port: 0, weight: 10, zone: '', state: 'active' }],
  });
});

test('the bandwidth of an elastic IP is that of all listeners of its load balancer, from each change on', () => {
  const context = draftContext(seeded(1));
  let state = EMPTY_STATE;
  let plan = compile(state, null);
  const change = (act: (draft: Draft) => unknown): (number | undefined)[] => {
    const draft = new Draft(state, context);
    act(draft);
    const last = state;
    state = draft.finish();
    plan = compile(state, plan, last);
    assert.equal(plan.hash, compile(state, null).hash);
    return [...plan.entries.values()].flatMap(({ kind, value }) => (kind === 'listener' ? [value.bandwidth] : []));
  };
  const listeners = [
    { protocol: 'http', port: 80 },
    { protocol: 'tcp', port: 90 },
  ] as const;
  assert.deepEqual(
    change((draft) => createFromDocument(draft, { name: 'web', listeners: [...listeners] })),
    [undefined, undefined],
  );
  const [id] = [...state.loadBalancers.keys()];
  change((draft) => createElasticIp(draft, { name: 'public', bandwidth: 10 }));
  const eip = () => [...state.elasticIps.values()][0]!;
  assert.deepEqual(
    change((draft) => associateElasticIp(draft, eip(), id!)),
    [1_250_000, 1_250_000],
  );
  assert.deepEqual(
    change((draft) => updateElasticIp(draft, eip(), { bandwidth: 2_048 })),
    [256_000_000, 256_000_000],
  );
  assert.deepEqual(
    change((draft) => updateElasticIp(draft, eip(), { bandwidth: null })),
    [undefined, undefined],
  );
});
