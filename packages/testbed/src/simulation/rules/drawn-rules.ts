import { planEntry } from '@evenkeel/model/plan/hash.ts';
import type { SharedEntry } from '@evenkeel/model/plan/plan.ts';
import type { PlannedHeaderEdit, PlannedRule } from '@evenkeel/model/plan/rules.ts';
import type { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';

/**
 * Rules that change a lot and nothing that clients and origins look at: heads grow beyond their headroom, paths are
 * rewritten to what they were, requests are copied, and of two services both are the same.
 */
export function drawRules(random: Random, id: string, serviceId: string, mirrorId: string): SharedEntry {
  const rules = Array.from({ length: random.between(1, 3) }, (_, index) => {
    const last = index === 2 || random.chance(0.3);
    return drawRule(random, index, last, serviceId, mirrorId);
  });
  const order = random.pick(['priority', 'fall-through', 'stay-in-host'] as const);
  const entry = planEntry('rule-group', { id, name: id, order, rules });
  if (entry.kind !== 'rule-group') throw new Error('a rule group is a rule group');
  return entry;
}

function drawRule(random: Random, index: number, any: boolean, serviceId: string, mirrorId: string): PlannedRule {
  const services = random.pick([
    [{ serviceId, weight: 1 }],
    [
      { serviceId, weight: 30 },
      { serviceId, weight: 70 },
    ],
  ]);
  return {
    id: `rule-${index}`,
    name: `rule ${index}`,
    priority: index + 1,
    match: {
      hosts: random.chance(0.5) ? [] : [{ kind: 'prefix-wildcard', value: 'example' }],
      paths: any ? [] : [random.pick([PREFIX, REGEX])],
      methods: random.chance(0.7) ? [] : ['GET', 'POST'],
      headers: [],
      cookies: random.chance(0.8) ? [] : [{ name: 'session', kind: 'present', values: [] }],
      query: random.chance(0.8) ? [] : [{ name: 'for', kind: 'regex', values: ['^c[0-9]'] }],
      sources: random.chance(0.8) ? [] : ['10.1.0.0/16'],
    },
    jwt: null,
    rewrite: random.pick([null, null, SAME_PATH]),
    mirror: random.chance(0.5) ? null : { serviceId: mirrorId, percent: random.pick([30, 100]) },
    requestHeaders: drawEdits(random),
    responseHeaders: drawEdits(random),
    action: { type: 'forward', services },
  };
}

const PREFIX = { kind: 'prefix', value: '/c', ignoreCase: false } as const;
const REGEX = { kind: 'regex', value: '-[0-3](-ghost)?$', ignoreCase: false } as const;
const SAME_PATH = { host: null, path: { kind: 'regex', pattern: '^/(c[0-9]+)(.*)$', replacement: '/$1$2' } } as const;

function drawEdits(random: Random): PlannedHeaderEdit[] {
  if (random.chance(0.3)) return [];
  return [
    { operation: 'set', name: 'X-Added', value: '${client_address} ${host} ${path} ${method}' },
    { operation: 'add', name: 'X-Filler', value: 'f'.repeat(random.pick([1, 500, 2_000])) },
    { operation: 'set', name: 'X-Request-Id', value: '${request_id}' },
  ];
}
