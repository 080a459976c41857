import { CERTIFICATE } from '@evenkeel/model/limits.ts';
import type { ReportedDatapath } from '@evenkeel/model/plan/stream.ts';
import type { Authority } from '@evenkeel/model/resources/authority.ts';
import type { BackendService } from '@evenkeel/model/resources/backend-service.ts';
import type { Certificate, CertificateStatus } from '@evenkeel/model/resources/certificate.ts';
import type { ElasticIp } from '@evenkeel/model/resources/elastic-ip.ts';
import type { Listener, ListenerOnNode } from '@evenkeel/model/resources/listener.ts';
import type { LoadBalancer } from '@evenkeel/model/resources/load-balancer.ts';
import type { ResourceRef } from '@evenkeel/model/resources/operation.ts';
import type { Rule } from '@evenkeel/model/resources/rule.ts';
import type { RuleGroup } from '@evenkeel/model/resources/rule-group.ts';
import type { SecurityGroup } from '@evenkeel/model/resources/security-group.ts';
import type { SecurityPolicy } from '@evenkeel/model/resources/security-policy.ts';
import type { Target } from '@evenkeel/model/resources/target.ts';
import type { TargetGroup } from '@evenkeel/model/resources/target-group.ts';
import type { BuiltInPolicy } from '@evenkeel/model/tls-ciphers.ts';
import type { NodeRegistry, NodeStatus } from '../nodes/registry.ts';
import { hasOrKeeps } from '../placement/place.ts';
import { isStopped } from '../resources/load-balancers.ts';
import { type Usage, usageOf } from '../resources/usage.ts';
import type {
  AuthorityRecord,
  BackendServiceRecord,
  CertificateRecord,
  ElasticIpRecord,
  ListenerRecord,
  LoadBalancerRecord,
  RuleGroupRecord,
  RuleRecord,
  SecurityGroupRecord,
  SecurityPolicyRecord,
  TargetGroupRecord,
  TargetRecord,
} from '../state/records.ts';
import type { LoadBalancerTree, State } from '../state/state.ts';

/** Milliseconds. */
const DAY = 86_400_000;

/** How records show in the API: with what is derived from others, and with what the nodes say. */
export class Views {
  readonly #state: State;
  readonly #nodes: readonly NodeStatus[];
  /** Since when nodes could have come. */
  readonly #since: number;
  readonly #now: number;
  #usage: Usage | null = null;

  /** `now` in Unix milliseconds. */
  constructor(state: State, nodes: Pick<NodeRegistry, 'list' | 'since'>, now: number) {
    this.#state = state;
    this.#nodes = nodes.list();
    this.#since = nodes.since;
    this.#now = now;
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
      nodes: record.enabled ? this.#nodesOf(loadBalancer).map((node) => this.#onNode(node, loadBalancer, record)) : [],
    };
  }

  service(record: BackendServiceRecord): BackendService {
    const { stickinessKeys: _, ...shown } = record;
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
    const { jwtSecrets: _, ...shown } = record;
    return withTimes(shown);
  }

  elasticIp(record: ElasticIpRecord): ElasticIp {
    return withTimes(record);
  }

  certificate(record: CertificateRecord): Certificate {
    const { pem: _, privateKey: __, ocspResponse, ...shown } = record;
    const { stapledUntil } = record;
    return {
      ...withTimes(shown),
      ...lifetime(record.notAfter, record.chain, this.#now),
      stapled: ocspResponse !== null && !(stapledUntil !== null && Date.parse(stapledUntil) <= this.#now),
      usedBy: this.#usedBy(record.id),
    };
  }

  authority(record: AuthorityRecord): Authority {
    const { certificatesPem: _, revocationListsPem: __, ...shown } = record;
    return {
      ...withTimes(shown),
      ...lifetime(record.notAfter, record.certificates, this.#now),
      usedBy: this.#usedBy(record.id),
    };
  }

  securityGroup(record: SecurityGroupRecord): SecurityGroup {
    return { ...withTimes(record), usedBy: this.#usedBy(record.id) };
  }

  securityPolicy(record: SecurityPolicyRecord): SecurityPolicy {
    return { ...withTimes(record), builtIn: false, usedBy: this.#usedBy(record.id) };
  }

  builtInPolicy({ id, description, versions, ciphers }: BuiltInPolicy): SecurityPolicy {
    return {
      id,
      name: id,
      tenantId: null,
      builtIn: true,
      versions: [...versions],
      ciphers: [...ciphers],
      description,
      tags: {},
      usedBy: this.#usedBy(id),
      generation: 0,
      createdAt: null,
      updatedAt: null,
    };
  }

  #usedBy(id: string): ResourceRef[] {
    this.#usage ??= usageOf(this.#state);
    return [...(this.#usage.get(id) ?? [])];
  }

  #tree(id: string): LoadBalancerTree {
    return this.#state.loadBalancers.get(id)!;
  }

  #nodesOf(loadBalancer: LoadBalancerRecord): readonly NodeStatus[] {
    return this.#nodes.filter((node) => hasOrKeeps(this.#state, loadBalancer, node));
  }

  #statusOf(tree: LoadBalancerTree): LoadBalancer['status'] {
    const { loadBalancer, listeners } = tree;
    const stopped = isStopped(tree);
    const found = new Set<Listener['status']>();
    for (const listener of listeners.values()) found.add(this.#listenerStatus(loadBalancer, listener));
    if (stopped) return found.has('disabling') ? 'stopping' : 'stopped';
    if (found.has('refused')) return 'degraded';
    if (found.has('pending')) return 'pending';
    return found.has('offline') ? 'offline' : 'active';
  }

  /** Whether no node accepts for it any more. Nodes that are offline do not count, unless there is no other. */
  #isLeft(loadBalancer: LoadBalancerRecord, { generation }: ListenerRecord): boolean {
    const all = this.#nodesOf(loadBalancer);
    const online = all.filter(({ connectedAt }) => connectedAt !== null);
    return (online.length > 0 ? online : all).every(({ appliedGeneration }) => appliedGeneration >= generation);
  }

  /** Nodes that are offline do not count, unless there is no other. */
  #listenerStatus(loadBalancer: LoadBalancerRecord, listener: ListenerRecord): Listener['status'] {
    if (!listener.enabled) return this.#isLeft(loadBalancer, listener) ? 'disabled' : 'disabling';
    const found = new Set<ListenerOnNode['state']>();
    for (const node of this.#nodesOf(loadBalancer)) found.add(this.#onNode(node, loadBalancer, listener).state);
    if (found.has('refused')) return 'refused';
    if (found.has('pending')) return 'pending';
    if (found.has('active')) return 'active';
    return found.has('offline') ? 'offline' : 'pending';
  }

  #onNode(node: NodeStatus, loadBalancer: LoadBalancerRecord, listener: ListenerRecord): ListenerOnNode {
    const { id, appliedGeneration, refused, connectedAt, lastSeenAt, datapaths } = node;
    const carried = datapaths.find(({ listenerId }) => listenerId === listener.id);
    const shown = { node: id, appliedGeneration, offlineSince: null, code: '', detail: '', ...datapathOf(carried) };
    // Of the time before this control plane led, no more is known than that the node has not come since.
    const offlineSince = timestamp(Math.max(lastSeenAt, this.#since));
    if (connectedAt === null) return { ...shown, state: 'offline', offlineSince };
    const changed = Math.max(listener.generation, loadBalancer.generation);
    if (appliedGeneration < changed) return { ...shown, state: 'pending' };
    const refusal = refused.find(({ listenerId }) => listenerId === listener.id);
    if (refusal === undefined) return { ...shown, state: 'active' };
    return { ...shown, state: 'refused', code: refusal.code, detail: refusal.detail };
  }
}

/** What carries it there, in the words of the API. */
function datapathOf(carried: ReportedDatapath | undefined): Pick<ListenerOnNode, 'datapath' | 'datapathReason'> {
  if (carried === undefined) return { datapath: '', datapathReason: '' };
  const { datapath, detail } = carried;
  if (datapath === 'userspace') return { datapath, datapathReason: detail };
  return { datapath: detail === '' ? datapath : `${datapath} (${detail})`, datapathReason: '' };
}

/** How long something is good for that ends at `notAfter` and is made of `parts`. */
export function lifetime(
  notAfter: string,
  parts: readonly { readonly notBefore: string }[],
  now: number,
): { daysLeft: number; status: CertificateStatus } {
  const left = Date.parse(notAfter) - now;
  return { daysLeft: Math.floor(left / DAY), status: statusOf(left, parts, now) };
}

function statusOf(left: number, parts: readonly { readonly notBefore: string }[], now: number): CertificateStatus {
  if (left <= 0) return 'expired';
  if (parts.some(({ notBefore }) => Date.parse(notBefore) > now)) return 'not-yet-valid';
  return left < CERTIFICATE.expiringDays * DAY ? 'expiring' : 'valid';
}

export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

export function withTimes<T extends { readonly createdAt: number; readonly updatedAt: number }>(
  record: T,
): Omit<T, 'createdAt' | 'updatedAt'> & { createdAt: string; updatedAt: string } {
  return { ...record, createdAt: timestamp(record.createdAt), updatedAt: timestamp(record.updatedAt) };
}
