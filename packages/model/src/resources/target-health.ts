import { Id, NodeId } from '../identifiers.ts';
import { TARGET_HEALTH_STATES } from '../plan/stream.ts';
import { Address, Nullable, Output, Port, Ref, Timestamp, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { TrafficStanding } from './traffic-standing.ts';

const State = Words(
  TARGET_HEALTH_STATES,
  '`detecting`: not yet judged, takes no traffic; `unchecked`: no health check, takes traffic.',
);

const Reason = Type.String({ description: 'Empty, or why the last probe failed, for example CONNECT_FAILED.' });

export const TargetFlapping = Output(
  'TargetFlapping',
  {
    changes: Type.Integer({ minimum: 0, description: 'Changes within the last ten minutes; 64 stand for more.' }),
    diagnosis: Type.String({ description: 'What the last probes say about the reason.' }),
  },
  'A target that has changed between healthy and unhealthy four times or more within ten minutes.',
);
export type TargetFlapping = Static<typeof TargetFlapping>;

const flapping = Nullable(Ref(TargetFlapping));

export const TargetHealthOnNode = Output('TargetHealthOnNode', {
  node: NodeId('The node that probes.'),
  state: State,
  reason: Reason,
  since: Timestamp('Last change of state'),
  flapping,
  traffic: Ref(TrafficStanding),
});

/** A target as one backend service sees it; a target of a shared group appears once per service. */
export const TargetHealth = Output('TargetHealth', {
  loadBalancerId: Id('loadBalancer', 'The load balancer.'),
  backendServiceId: Id('backendService', 'The backend service that checks the target.'),
  targetGroupId: Id('targetGroup', 'The target group.'),
  targetId: Id('target', 'The target.'),
  address: Address('Its address.'),
  port: Port('The port that traffic goes to.'),
  weight: Type.Integer({ description: 'Its weight.' }),
  state: Words(
    TARGET_HEALTH_STATES,
    'The worst that a node reports: `unhealthy`, `detecting`, `healthy`; `detecting` while no node has reported.',
  ),
  reason: Reason,
  since: Nullable(Timestamp('Last change of state; null while no node has reported')),
  flapping,
  traffic: Ref(TrafficStanding),
  nodes: Type.Array(Ref(TargetHealthOnNode)),
});
export type TargetHealth = Static<typeof TargetHealth>;

const count = (description: string) => Type.Integer({ minimum: 0, description });

export const ServiceHealth = Output('ServiceHealth', {
  backendServiceId: Id('backendService', 'The backend service.'),
  total: count('Targets.'),
  healthy: count('Targets that are healthy.'),
  unhealthy: count('Targets that are unhealthy.'),
  detecting: count('Targets that are not yet judged.'),
  unchecked: count('Targets without a health check.'),
  targets: Type.Array(Ref(TargetHealth)),
});
export type ServiceHealth = Static<typeof ServiceHealth>;
