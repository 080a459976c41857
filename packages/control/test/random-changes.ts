import { createIdSource } from '@evenkeel/model/identifiers.ts';
import { DEFAULT_QUOTAS } from '@evenkeel/model/limits.ts';
import { DESYNC_MODES } from '@evenkeel/model/plan/http.ts';
import { ALGORITHMS } from '@evenkeel/model/plan/objects.ts';
import { RULE_ORDERS } from '@evenkeel/model/plan/rules.ts';
import { TARGET_STATES } from '@evenkeel/model/plan/stickiness.ts';
import type { RuleInput } from '@evenkeel/model/resources/rule.ts';
import { PROXY_PROTOCOLS, STICKINESS_TYPES } from '@evenkeel/model/settings.ts';
import { createFromDocument } from '../src/configuration/apply.ts';
import { ProblemError } from '../src/problem.ts';
import { network } from '../src/resources/addresses.ts';
import { createBackendService, deleteBackendService, updateBackendService } from '../src/resources/backend-services.ts';
import {
  associateElasticIp,
  createElasticIp,
  deleteElasticIp,
  disassociateElasticIp,
  updateElasticIp,
} from '../src/resources/elastic-ips.ts';
import { createListener, deleteListener, updateListener } from '../src/resources/listeners.ts';
import { deleteLoadBalancer, updateLoadBalancer } from '../src/resources/load-balancers.ts';
import { createTargetGroup, deleteTargetGroup, updateTargetGroup } from '../src/resources/target-groups.ts';
import { deregisterTargets, registerTargets, updateTarget } from '../src/resources/targets.ts';
import { createRuleGroup, deleteRuleGroup, updateRuleGroup } from '../src/routing/rule-groups.ts';
import { createRule, deleteRule, replaceRules, updateRule } from '../src/routing/rules.ts';
import { Draft, type DraftContext } from '../src/state/draft.ts';
import type { LoadBalancerTree, State } from '../src/state/state.ts';
import { changeTlsAtRandom } from './random-tls.ts';

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function draftContext(random: () => number): DraftContext {
  let time = 1_700_000_000_000;
  const now = () => ++time;
  return {
    get now() {
      return now();
    },
    ids: createIdSource(now, random),
    secret: (bytes) => Buffer.alloc(bytes, Math.floor(random() * 256)),
    quotas: { ...DEFAULT_QUOTAS, loadBalancers: 6 },
    pools: { vip: network('127.77.0.0/24'), elasticIp: network('127.88.0.0/24') },
  };
}

/** Makes one random change on the draft. What the rules refuse, on purpose, is half made: false then. */
export function changeAtRandom(draft: Draft, random: () => number): boolean {
  try {
    change(draft, random);
    return true;
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return false;
  }
}

/** The state after one random change. */
export function nextState(state: State, context: DraftContext, random: () => number): State {
  const draft = new Draft(state, context);
  changeAtRandom(draft, random);
  return draft.finish();
}

function change(draft: Draft, random: () => number): void {
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = <T>(values: Iterable<T>): T | undefined => {
    const list = [...values];
    return list[below(list.length)];
  };
  if (below(4) === 0) {
    changeTlsAtRandom(draft, below, pick);
    return;
  }
  const tree = pick(draft.loadBalancers.values());
  if (tree === undefined || below(12) === 0) {
    createFromDocument(draft, {
      name: `lb-${below(12)}`,
      listeners: Array.from({ length: below(4) }, (_, i) => ({
        protocol: i % 2 === 0 ? 'http' : 'tcp',
        port: 80 + i,
        service: { targets: Array.from({ length: below(4) }, (_, k) => ({ address: `10.0.0.${k + 1}` })) },
      })),
    });
    return;
  }
  changeWithin(draft, tree, random, below, pick);
}

function changeWithin(
  draft: Draft,
  tree: LoadBalancerTree,
  random: () => number,
  below: (limit: number) => number,
  pick: <T>(values: Iterable<T>) => T | undefined,
): void {
  const { id } = tree.loadBalancer;
  const listener = pick(tree.listeners.values());
  const service = pick(tree.services.values());
  const group = pick(tree.groups.values());
  const target = group && pick(group.targets.values());
  const elasticIp = pick(draft.elasticIps.values());
  const rules = pick(tree.ruleGroups.values());
  const rule = rules && pick(rules.rules.values());
  switch (below(26)) {
    case 0:
      updateLoadBalancer(draft, tree.loadBalancer, { description: `${below(3)}`, name: `lb-${below(12)}` });
      break;
    case 1:
      if (below(3) === 0) deleteLoadBalancer(draft, tree.loadBalancer);
      break;
    case 2:
      createListener(draft, id, {
        protocol: random() < 0.5 ? 'http' : 'tcp',
        port: 1_000 + below(20),
        backendServiceId: service?.id ?? null,
      });
      break;
    case 3:
      if (listener) updateListener(draft, listener, { enabled: random() < 0.8, idleTimeout: 1 + below(3) });
      break;
    case 4:
      if (listener) updateListener(draft, listener, { backendServiceId: service?.id ?? null });
      break;
    case 5:
      if (listener) deleteListener(draft, listener);
      break;
    case 6:
      createBackendService(draft, id, {
        name: `svc-${below(20)}`,
        protocol: random() < 0.5 ? 'http' : 'tcp',
        port: 8_080,
        targetGroupId: group?.group.id ?? null,
      });
      break;
    case 7:
      if (service)
        updateBackendService(draft, service, { drainTimeout: below(3), healthCheck: { rise: 1 + below(3) } });
      break;
    case 8:
      if (service) updateBackendService(draft, service, { targetGroupId: group?.group.id ?? null });
      break;
    case 9:
      if (service) deleteBackendService(draft, service);
      break;
    case 10:
      createTargetGroup(draft, id, { name: `tg-${below(20)}` });
      break;
    case 11:
      if (group) updateTargetGroup(draft, group.group, { description: `${below(3)}` });
      break;
    case 12:
      if (group) deleteTargetGroup(draft, group.group);
      break;
    case 13:
      if (group) registerTargets(draft, group.group.id, [{ address: `10.0.1.${1 + below(30)}`, port: 80 + below(2) }]);
      break;
    case 14:
      if (target) updateTarget(draft, target, { weight: below(3) });
      break;
    case 16:
      if (target) updateTarget(draft, target, { state: TARGET_STATES[below(3)]! });
      break;
    case 17:
      if (listener) {
        updateListener(draft, listener, {
          desyncMode: DESYNC_MODES[below(3)]!,
          relativeRedirects: below(2) === 0,
          trustedProxies: ['10.0.0.0/8'].slice(below(2)),
          acceptProxyProtocol: random() < 0.5,
          forwarding: { port: random() < 0.5 },
        });
      }
      break;
    case 18:
      if (service) {
        updateBackendService(draft, service, {
          algorithm: ALGORITHMS[below(3)]!,
          stickiness: { type: STICKINESS_TYPES[below(4)]!, expiry: below(3) },
          proxyProtocol: PROXY_PROTOCOLS[below(3)]!,
        });
      }
      break;
    case 19:
      createRuleGroup(draft, id, { name: `rules-${below(4)}`, order: RULE_ORDERS[below(3)]! });
      break;
    case 20:
      if (listener) updateListener(draft, listener, { ruleGroupId: rules?.group.id ?? null });
      break;
    case 21:
      if (rules) createRule(draft, rules.group.id, randomRule(below, service?.id));
      break;
    case 22:
      if (rules && rule && below(3) === 0) deleteRule(draft, rule);
      else if (rule) updateRule(draft, rule, randomRule(below, service?.id));
      break;
    case 23:
      if (rules) {
        const list = Array.from({ length: below(5) }, () => randomRule(below, service?.id));
        replaceRules(draft, rules.group.id, list, '', below(2) === 0 ? 'keep' : 'reset');
      }
      break;
    case 24:
      if (rules && below(2) === 0) deleteRuleGroup(draft, rules.group);
      else if (rules) updateRuleGroup(draft, rules.group, { order: RULE_ORDERS[below(3)]! });
      break;
    case 15:
      if (group && target) deregisterTargets(draft, group.group.id, [target.id]);
      break;
    default:
      if (elasticIp === undefined || below(4) === 0) createElasticIp(draft, { name: `eip-${below(10)}` });
      else if (below(5) === 0) updateElasticIp(draft, elasticIp, { bandwidth: below(2) === 0 ? null : 1 + below(9) });
      else if (elasticIp.loadBalancerId === null && below(3) === 0) deleteElasticIp(draft, elasticIp);
      else if (elasticIp.loadBalancerId === null) associateElasticIp(draft, elasticIp, id);
      else disassociateElasticIp(draft, elasticIp);
  }
}

function randomRule(below: (limit: number) => number, serviceId: string | undefined): RuleInput {
  const does =
    serviceId === undefined || below(3) === 0
      ? { respond: { status: 503 } }
      : below(3) === 0
        ? { redirect: { path: `/${below(3)}` } }
        : { forward: [{ backendServiceId: serviceId, weight: below(3) }] };
  return {
    name: `rule-${below(8)}`,
    ...(below(2) === 0 && { priority: 1 + below(10) }),
    match: {
      hosts: [`h${below(3)}.example.com`],
      paths: [{ kind: 'prefix' as const, value: `/${below(4)}` }].slice(below(2)),
    },
    ...does,
  };
}
