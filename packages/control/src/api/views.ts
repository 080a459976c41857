import type { BackendService } from '@evenkeel/model/resources/backend-service.ts';
import type { ElasticIp } from '@evenkeel/model/resources/elastic-ip.ts';
import type { Listener, ListenerOnNode } from '@evenkeel/model/resources/listener.ts';
import type { LoadBalancer } from '@evenkeel/model/resources/load-balancer.ts';
import type { Rule } from '@evenkeel/model/resources/rule.ts';
import type { RuleGroup } from '@evenkeel/model/resources/rule-group.ts';
import type { Target } from '@evenkeel/model/resources/target.ts';
import type { TargetGroup } from '@evenkeel/model/resources/target-group.ts';
import type { NodeStatus } from '../nodes/registry.ts';
import type {
  BackendServiceRecord,
  ElasticIpRecord,
  ListenerRecord,
  LoadBalancerRecord,
  RuleGroupRecord,
  RuleRecord,
  TargetGroupRecord,
  TargetRecord,
} from '../state/records.ts';
import type { LoadBalancerTree, State } from '../state/state.ts';

/** How records show in the API: with what is derived from others, and with what the nodes say. */
export class Views {
  readonly #state: State;
  readonly #nodes: readonly NodeStatus[];

  constructor(state: State, nodes: readonly NodeStatus[]) {
    this.#state = state;
    this.#nodes = nodes;
  }

  loadBalancer(record: LoadBalancerRecord): LoadBalancer {
    return { ...withTimes(record), status: this.#statusOf(this.#tree(record.id)) };
  }

  listener(record: ListenerRecord): Listener {
    const { loadBalancer } = this.#tree(record.loadBalancerId);
    const elasticIp = loadBalancer.elasticIpId && this.#state.elasticIps.get(loadBalancer.elasticIpId)!.address;
    return {
      ...withTimes(record),
      addresses: elasticIp ? [loadBalancer.vip, elasticIp] : [loadBalancer.vip],
      status: this.#listenerStatus(loadBalancer, record),
      nodes: record.enabled ? this.#nodes.map((node) => onNode(node, loadBalancer, record)) : [],
    };
  }

  service(record: BackendServiceRecord): BackendService {
    const { stickinessKey: _, ...shown } = record;
    return withTimes(shown);
  }

  group(record: TargetGroupRecord): TargetGroup {
    const { targets } = this.#tree(record.loadBalancerId).groups.get(record.id)!;
    return { ...withTimes(record), targetCount: targets.size };
  }

  target(record: TargetRecord): Target {
    return withTimes(record);
  }

  ruleGroup(record: RuleGroupRecord): RuleGroup {
    const { rules } = this.#tree(record.loadBalancerId).ruleGroups.get(record.id)!;
    return { ...withTimes(record), ruleCount: rules.size };
  }

  rule(record: RuleRecord): Rule {
    return withTimes(record);
  }

  elasticIp(record: ElasticIpRecord): ElasticIp {
    return withTimes(record);
  }

  #tree(id: string): LoadBalancerTree {
    return this.#state.loadBalancers.get(id)!;
  }

  #statusOf({ loadBalancer, listeners }: LoadBalancerTree): LoadBalancer['status'] {
    let pending = false;
    for (const listener of listeners.values()) {
      const status = this.#listenerStatus(loadBalancer, listener);
      if (status === 'refused') return 'degraded';
      pending ||= status === 'pending';
    }
    return pending ? 'pending' : 'active';
  }

  /** Nodes that are offline do not count, unless there is no other. */
  #listenerStatus(loadBalancer: LoadBalancerRecord, listener: ListenerRecord): Listener['status'] {
    if (!listener.enabled) return 'disabled';
    let active = false;
    let pending = false;
    for (const node of this.#nodes) {
      const { state } = onNode(node, loadBalancer, listener);
      if (state === 'refused') return 'refused';
      active ||= state === 'active';
      pending ||= state === 'pending';
    }
    return active && !pending ? 'active' : 'pending';
  }
}

function onNode(node: NodeStatus, loadBalancer: LoadBalancerRecord, listener: ListenerRecord): ListenerOnNode {
  const { id, appliedGeneration, refused, connectedAt } = node;
  const shown = { node: id, appliedGeneration, code: '', detail: '' };
  if (connectedAt === null) return { ...shown, state: 'offline' };
  if (appliedGeneration < Math.max(listener.generation, loadBalancer.generation)) return { ...shown, state: 'pending' };
  const refusal = refused.find(({ listenerId }) => listenerId === listener.id);
  if (refusal === undefined) return { ...shown, state: 'active' };
  return { ...shown, state: 'refused', code: refusal.code, detail: refusal.detail };
}

export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function withTimes<T extends { readonly createdAt: number; readonly updatedAt: number }>(
  record: T,
): Omit<T, 'createdAt' | 'updatedAt'> & { createdAt: string; updatedAt: string } {
  return { ...record, createdAt: timestamp(record.createdAt), updatedAt: timestamp(record.updatedAt) };
}
