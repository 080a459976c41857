import { Id } from '../identifiers.ts';
import { CONNECT_TIMEOUT, DOCUMENT, DRAIN_TIMEOUT, READ_TIMEOUT, TARGET_SEND_TIMEOUT } from '../limits.ts';
import { FORWARDING_MODES, TARGET_FAILURE_ACTIONS } from '../plan/network.ts';
import { ALGORITHMS, SERVICE_PROTOCOLS } from '../plan/objects.ts';
import { Input, Nullable, Output, optional, Patch, Port, Ref, Seconds, Words } from '../schema.ts';
import { PROXY_PROTOCOLS } from '../settings.ts';
import { type Static, Type } from '../type.ts';
import { Description, Name, resource, Tags, Written } from './attributes.ts';
import {
  Hash,
  HashPatch,
  Rebalance,
  RebalancePatch,
  TargetLimits,
  TargetLimitsPatch,
  ZonePolicy,
  ZonePolicyPatch,
} from './balancing.ts';
import { HealthCheck, HealthCheckPatch } from './health-check.ts';
import {
  FailOpen,
  FailOpenPatch,
  OutlierDetection,
  OutlierDetectionPatch,
  Retry,
  RetryPatch,
  SlowStart,
  SlowStartPatch,
} from './resilience.ts';
import { Stickiness, StickinessPatch } from './stickiness.ts';
import { TargetInput } from './target.ts';
import { TargetTls, TargetTlsDocument, TargetTlsPatch } from './target-tls.ts';

export { SERVICE_PROTOCOLS };

export const backendServiceIdentity = {
  protocol: Words(SERVICE_PROTOCOLS, 'Must match that of the listener. Fixed after creation.'),
  port: Port('The port of targets that name none. Fixed after creation.'),
};

export const backendServiceSettings = {
  description: Description,
  tags: Tags,
  algorithm: Words(
    ALGORITHMS,
    'How a target is chosen: in turns, by the least under way, by the source address, by a key of the ' +
      'request (`hash`), or the better of two drawn at random: by what is under way (`power-of-two`) or by how fast ' +
      'targets answer (`peak-ewma`). Default: round-robin.',
  ),
  forwardingMode: Words(
    FORWARDING_MODES,
    'How packets reach the targets where the kernel carries them: by address translation (`nat`), by the hardware ' +
      'address (`l2`) or in a tunnel (`ipip`, `gue`); with the last three, targets answer clients directly and hear on ' +
      'the port of the listener. For network load balancers. Default: nat.',
  ),
  sourceNat: Type.Boolean({
    default: false,
    description:
      'Whether targets see an address of the node in place of the client’s where the kernel carries packets by `nat`, ' +
      'so that answers come back whatever routes the targets have. In the proxy they do anyway, with or without. For ' +
      'network load balancers with forwarding mode `nat`.',
  }),
  onTargetFailure: Words(
    TARGET_FAILURE_ACTIONS,
    'What becomes of TCP connections to a target that is found unhealthy while others are healthy. `reset`: they are ' +
      'reset. `move`: where the kernel carries them, their packets go to another target, which as a rule resets what ' +
      'it does not know; in the proxy they go on as long as the target lets them. For network load balancers. ' +
      'Default: move.',
  ),
  drainTimeout: Seconds(DRAIN_TIMEOUT, 'How long connections to a deregistered target may go on; 0 cuts them.'),
  connectTimeout: Seconds(CONNECT_TIMEOUT, 'How long a connection to a target may take to open.'),
  readTimeout: Seconds(READ_TIMEOUT, 'Longest silence of a target within a request before 504. Not used by tcp.'),
  sendTimeout: Seconds(
    TARGET_SEND_TIMEOUT,
    'Longest wait for a target to take more of a request body before 504. Not used by tcp.',
  ),
  proxyProtocol: Words(
    PROXY_PROTOCOLS,
    'The version of the PROXY protocol by which targets learn of the client; they must understand it. ' +
      'Default: none.',
  ),
  transparent: Type.Boolean({
    default: false,
    description:
      "Whether targets see the client's own address as the source of connections. Their way back must lead " +
      'through the node, and the node needs the privilege for it.',
  }),
};

const properties = resource(Id('backendService', 'Identifier of the backend service.'), {
  loadBalancerId: Id('loadBalancer', 'The load balancer that it belongs to.'),
  ...backendServiceIdentity,
  targetGroupId: Nullable(Id('targetGroup', 'Where its targets come from; null: none yet.')),
  ...backendServiceSettings,
  hash: Ref(Hash),
  targetLimits: Ref(TargetLimits),
  zone: Ref(ZonePolicy),
  rebalance: Ref(Rebalance),
  outlierDetection: Ref(OutlierDetection),
  slowStart: Ref(SlowStart),
  failOpen: Ref(FailOpen),
  retry: Ref(Retry),
  tls: Ref(TargetTls),
  stickiness: Ref(Stickiness),
  healthCheck: Ref(HealthCheck),
});

export const BackendService = Output('BackendService', properties);
export type BackendService = Static<typeof BackendService>;

export const BackendServiceWritten = Written('BackendServiceWritten', properties);

const balancing = {
  hash: Ref(HashPatch),
  targetLimits: Ref(TargetLimitsPatch),
  zone: Ref(ZonePolicyPatch),
  rebalance: Ref(RebalancePatch),
};

const resilience = {
  outlierDetection: Ref(OutlierDetectionPatch),
  slowStart: Ref(SlowStartPatch),
  failOpen: Ref(FailOpenPatch),
  retry: Ref(RetryPatch),
};

export const BackendServicePatch = Patch('BackendServicePatch', {
  name: Name,
  targetGroupId: properties.targetGroupId,
  ...backendServiceSettings,
  ...balancing,
  ...resilience,
  tls: Ref(TargetTlsPatch),
  stickiness: Ref(StickinessPatch),
  healthCheck: Ref(HealthCheckPatch),
});
export type BackendServicePatch = Static<typeof BackendServicePatch>;

const creation = {
  ...optional(backendServiceSettings),
  ...optional(balancing),
  ...optional(resilience),
  stickiness: Type.Optional(Ref(StickinessPatch)),
  healthCheck: Type.Optional(Ref(HealthCheckPatch)),
  targets: Type.Optional(
    Type.Array(Ref(TargetInput), {
      maxItems: DOCUMENT.targets,
      description:
        'Targets of a target group with the name of the service, which is created; in a configuration document, it may exist.',
    }),
  ),
};

export const BackendServiceCreate = Input('BackendServiceCreate', {
  loadBalancerId: properties.loadBalancerId,
  name: Name,
  ...backendServiceIdentity,
  targetGroupId: Type.Optional(properties.targetGroupId),
  tls: Type.Optional(Ref(TargetTlsPatch)),
  ...creation,
});
export type BackendServiceCreate = Static<typeof BackendServiceCreate>;

const targetGroup = Type.Optional(
  Nullable(Type.String({ description: 'Name or identifier of a target group of this load balancer.' })),
);

const tls = Type.Optional(Ref(TargetTlsDocument));

/** A backend service that its listener carries. */
export const InlineService = Input('InlineService', {
  name: Type.Optional(Type.String({ ...Name, description: 'Default: the name of the listener.' })),
  port: Type.Optional(Port('The port of targets that name none. Default: the port of the listener.')),
  targetGroup,
  tls,
  ...creation,
});
export type InlineService = Static<typeof InlineService>;

/** A backend service in a configuration document. */
export const BackendServiceDocument = Input('BackendServiceDocument', {
  name: Name,
  ...backendServiceIdentity,
  targetGroup,
  tls,
  ...creation,
});
export type BackendServiceDocument = Static<typeof BackendServiceDocument>;
