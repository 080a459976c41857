import type { RefusedListener, ReportedTraffic } from '@evenkeel/model/plan/stream.ts';
import { type Remedy, remedyOf } from '@evenkeel/model/refusals.ts';
import type { ControlPlane } from '@evenkeel/model/resources/control-plane.ts';
import type { Node } from '@evenkeel/model/resources/node.ts';
import type { Operation } from '@evenkeel/model/resources/operation.ts';
import type { ServiceHealth, TargetHealth } from '@evenkeel/model/resources/target-health.ts';
import type { TrafficStanding } from '@evenkeel/model/resources/traffic-standing.ts';
import type { ListedControlPlane } from '../leadership/control-planes.ts';
import type { NodeIdentities } from '../nodes/membership/node-identities.ts';
import type { Outcome } from '../nodes/operations.ts';
import { isReady, type NodeStatus } from '../nodes/registry.ts';
import { leastTraffic, type TargetHealthTable, worst, worstFlapping } from '../nodes/target-health.ts';
import { dutyOf } from '../placement/views.ts';
import { isStopped } from '../resources/load-balancers.ts';
import type { BackendServiceRecord, TargetRecord } from '../state/records.ts';
import type { LoadBalancerTree, State } from '../state/state.ts';
import type { OperationRecord } from '../store/history.ts';
import type { NodeIdentityRow } from '../store/schema.ts';
import { timestamp } from './views.ts';

/** How nodes, operations and the health of targets show in the API. */

/** `isOwn`: it is the one that answers, which is who leads. */
export function showControlPlane(plane: ListedControlPlane): ControlPlane {
  const { address, fingerprint, next_fingerprint, software, seen_at, isOwn } = plane;
  return {
    ...{ address, software, leads: isOwn, nextFingerprint: next_fingerprint },
    fingerprint: fingerprint === '' ? null : fingerprint,
    lastSeenAt: timestamp(seen_at),
  };
}

/** What nodes are known by, as far as they have joined. `now` in Unix milliseconds. */
export interface KnownNodes {
  readonly identities: Pick<NodeIdentities, 'get'>;
  readonly now: number;
}

export function showNode(
  node: NodeStatus,
  state: Pick<State, 'generation' | 'duties'>,
  { identities, now }: KnownNodes,
): Node {
  const {
    firstSeenAt,
    lastSeenAt,
    connectedAt,
    refused,
    overload,
    floods: _floods,
    portless: _portless,
    datapaths: _,
    beatAt: __,
    reported: ___,
    owesSince: ____,
    sharing,
    ...rest
  } = node;
  const identity = identities.get(node.id);
  const revokedAt = identity?.revoked_at ?? null;
  return {
    ...rest,
    status: connectedAt === null ? 'offline' : 'online',
    duty: dutyOf(state, node.id),
    state: revokedAt !== null ? 'revoked' : isReady(node, now) ? 'ready' : 'not-ready',
    revokedAt: revokedAt === null ? null : timestamp(revokedAt),
    certificate: identity === null || identity.identity === '' ? null : showCertificate(identity),
    behind: Math.max(0, state.generation - node.appliedGeneration),
    refused: refused.map(withRemedy),
    overload: [...overload],
    flowSharing: sharing && {
      ...sharing,
      peers: sharing.peers.map(({ since, ...peer }) => ({ ...peer, since: timestamp(since) })),
    },
    firstSeenAt: timestamp(firstSeenAt),
    lastSeenAt: timestamp(lastSeenAt),
    connectedAt: connectedAt === null ? null : timestamp(connectedAt),
  };
}

function showCertificate(identity: NodeIdentityRow): NonNullable<Node['certificate']> {
  return {
    serialNumber: identity.serial,
    joinTokenId: identity.join_token_id,
    joinedAt: timestamp(identity.joined_at),
    issuedAt: timestamp(identity.issued_at),
    expiresAt: timestamp(identity.not_after),
  };
}

export function showOperation(
  operation: OperationRecord,
  outcome: Outcome | null,
  nodes: readonly NodeStatus[],
): Operation {
  return {
    id: operation.id,
    generation: operation.generation,
    action: operation.action,
    resources: [...operation.resources],
    status: outcome?.outcome ?? 'pending',
    createdAt: timestamp(operation.createdAt),
    settledAt: outcome && timestamp(outcome.settledAt),
    cancelledBy: outcome?.cancelledBy ?? null,
    refused: outcome === null ? [] : outcome.refused.map(withRemedy),
    leftOut: [...(outcome?.leftOut ?? [])],
    nodes: nodes.map((node) => operationOnNode(operation, node)),
  };
}

function operationOnNode({ generation, listeners }: OperationRecord, node: NodeStatus): Operation['nodes'][number] {
  const { id, appliedGeneration, connectedAt } = node;
  if (appliedGeneration < generation) {
    return { node: id, state: connectedAt === null ? 'offline' : 'pending', appliedGeneration, refused: [] };
  }
  const refused = node.refused.filter(({ listenerId }) => listeners.includes(listenerId));
  return {
    node: id,
    state: refused.length > 0 ? 'refused' : 'applied',
    appliedGeneration,
    refused: refused.map(withRemedy),
  };
}

function withRemedy<T extends RefusedListener>(refusal: T): T & Remedy {
  return { ...refusal, ...remedyOf(refusal.code) };
}

/** A target as one service sees it. */
export interface CheckedTarget {
  readonly tree: LoadBalancerTree;
  readonly service: BackendServiceRecord;
  readonly target: TargetRecord;
}

/** Every target of every service, in order of load balancers, services and targets. */
export function* checkedTargets(state: State): Generator<CheckedTarget> {
  for (const tree of state.loadBalancers.values()) {
    for (const service of tree.services.values()) yield* targetsOf(tree, service);
  }
}

export function* targetsOf(tree: LoadBalancerTree, service: BackendServiceRecord): Generator<CheckedTarget> {
  if (service.targetGroupId === null) return;
  for (const target of tree.groups.get(service.targetGroupId)!.targets.values()) yield { tree, service, target };
}

export function showTargetHealth({ tree, service, target }: CheckedTarget, health: TargetHealthTable): TargetHealth {
  // Reports from before it was stopped say nothing any more.
  const reports = isStopped(tree) ? [] : health.of(service.id, target.id);
  const summary = worst(reports);
  return {
    loadBalancerId: tree.loadBalancer.id,
    backendServiceId: service.id,
    targetGroupId: target.targetGroupId,
    targetId: target.id,
    address: target.address,
    port: target.port ?? service.port,
    weight: target.weight,
    state: summary?.state ?? (service.healthCheck.enabled && !isStopped(tree) ? 'detecting' : 'unchecked'),
    reason: summary?.reason ?? '',
    since: summary && timestamp(summary.since),
    flapping: worstFlapping(reports),
    traffic: showTraffic(leastTraffic(reports)),
    nodes: reports.map(({ node, state, reason, since, flapping, traffic }) => ({
      node,
      state,
      reason,
      since: timestamp(since),
      flapping: flapping ?? null,
      traffic: showTraffic(traffic),
    })),
  };
}

/** `traffic`: absent when it takes what its weight gives it. */
function showTraffic(traffic: ReportedTraffic | undefined): TrafficStanding {
  if (traffic === undefined) return { ejected: null, share: 100, failOpen: false };
  const { ejected, share, failOpen } = traffic;
  return {
    ejected: ejected && { ...ejected, since: timestamp(ejected.since), until: timestamp(ejected.until) },
    share,
    failOpen,
  };
}

export function showServiceHealth(
  tree: LoadBalancerTree,
  service: BackendServiceRecord,
  health: TargetHealthTable,
): ServiceHealth {
  const targets = Array.from(targetsOf(tree, service), (checked) => showTargetHealth(checked, health));
  const counts = { healthy: 0, unhealthy: 0, detecting: 0, unchecked: 0 };
  for (const { state } of targets) counts[state]++;
  return { backendServiceId: service.id, total: targets.length, ...counts, targets };
}
