import { Id } from '../identifiers.ts';
import { BATCH_DELETION } from '../limits.ts';
import { Input, Nullable, Output, Ref, Timestamp, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { OperationId } from './attributes.ts';
import { ResourceRef } from './operation.ts';

export const IDLE_REASONS = ['no-listeners', 'no-targets', 'no-traffic'] as const;

export const IdleLoadBalancer = Output(
  'IdleLoadBalancer',
  {
    loadBalancerId: Id('loadBalancer', 'The load balancer.'),
    name: Type.String({ description: 'Its name.' }),
    reason: Words(
      IDLE_REASONS,
      '`no-listeners`: nobody can connect to it; `no-targets`: none of its target groups has a target, and none of its ' +
        'rules answers by itself; `no-traffic`: no node has counted a connection or a byte for the days that were asked ' +
        'for, one at least.',
    ),
    quietSince: Nullable(
      Timestamp('Since when no node has counted anything, or since somebody looks; null: not all have said so lately'),
    ),
    createdAt: Timestamp('Creation'),
    days: Type.Integer({ description: 'Whole days since its creation.' }),
    deletionProtection: Type.Boolean({ description: 'Whether its deletion is refused.' }),
  },
  'A load balancer that does nothing.',
);
export type IdleLoadBalancer = Static<typeof IdleLoadBalancer>;

/** Of a call that deletes; also in the query of one that deletes a single load balancer. */
export const Force = Type.Boolean({
  default: false,
  description: `Delete also what has ${BATCH_DELETION.guardedTargets} targets or more, or much traffic.`,
});

export const LoadBalancersDeletion = Input('LoadBalancersDeletion', {
  loadBalancerIds: Type.Array(Id('loadBalancer', 'A load balancer.'), {
    minItems: 1,
    maxItems: BATCH_DELETION.loadBalancers,
    uniqueItems: true,
    description: 'All of them are deleted, or none.',
  }),
  force: Type.Optional(Force),
});
export type LoadBalancersDeletion = Static<typeof LoadBalancersDeletion>;

export const LoadBalancersDeleted = Output('LoadBalancersDeleted', {
  deleted: Type.Array(Ref(ResourceRef), { description: 'The load balancers; what belonged to them is gone as well.' }),
  generation: Type.Integer({ description: 'The generation of the configuration that this write made.' }),
  operationId: OperationId,
});
