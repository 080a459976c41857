import { Id } from '../identifiers.ts';
import { BATCH_DELETION, CHANGE_SET } from '../limits.ts';
import { Input, Output, Ref, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { OperationId } from './attributes.ts';
import { ObjectChange } from './document.ts';
import { Impact } from './impact.ts';
import { ResourceRef } from './operation.ts';

/** Of a call that deletes; also in the query of one that deletes a single load balancer. */
export const Force = Type.Boolean({
  default: false,
  description: `Delete also what has ${BATCH_DELETION.guardedTargets} targets or more, or much traffic.`,
});

export const ReleaseElasticIp = Type.Boolean({
  default: false,
  description: 'Delete the elastic IP as well, if there is one. Otherwise it is kept, and can be associated anew.',
});

export const LoadBalancersDeletion = Input('LoadBalancersDeletion', {
  loadBalancerIds: Type.Array(Id('loadBalancer', 'A load balancer.'), {
    minItems: 1,
    maxItems: BATCH_DELETION.loadBalancers,
    uniqueItems: true,
    description: 'All of them are deleted, or none.',
  }),
  force: Type.Optional(Force),
  releaseElasticIp: Type.Optional(ReleaseElasticIp),
});
export type LoadBalancersDeletion = Static<typeof LoadBalancersDeletion>;

export const LoadBalancersDeleted = Output('LoadBalancersDeleted', {
  deleted: Type.Array(Ref(ResourceRef), { description: 'The load balancers; what belonged to them is gone as well.' }),
  generation: Type.Integer({ description: 'The generation of the configuration that this write made.' }),
  operationId: OperationId,
});

/** What stands in the way of a deletion. */
export const DELETION_HINDRANCES = [
  'deletion-protected',
  'deletion-guarded',
  'deletions-limited',
  'quota-exceeded',
] as const;

export const DeletionHindrance = Output('DeletionHindrance', {
  code: Words(DELETION_HINDRANCES, 'The code of the error that the deletion would end with.'),
  detail: Type.String({ description: 'The same in words.' }),
});
export type DeletionHindrance = Static<typeof DeletionHindrance>;

const number = Type.Integer({ minimum: 0 });

export const LoadBalancerDeletion = Output(
  'LoadBalancerDeletion',
  {
    loadBalancerId: Id('loadBalancer', 'The load balancer.'),
    name: Type.String({ description: 'Its name.' }),
    summary: Type.Object({ created: number, updated: number, deleted: number }),
    changes: Type.Array(Ref(ObjectChange), {
      description:
        'All that would be deleted with it, and what would be kept and changed; by kind, ' +
        `the first ${CHANGE_SET.shown} objects. Fields of what would be deleted are left out.`,
    }),
    hindrances: Type.Array(Ref(DeletionHindrance), {
      description: 'Why it would be refused as it was asked for; empty: it would not.',
    }),
    impact: Ref(Impact),
  },
  'What the deletion of a load balancer would mean.',
);
export type LoadBalancerDeletion = Static<typeof LoadBalancerDeletion>;
