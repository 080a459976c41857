import { Id } from '../identifiers.ts';
import { DOCUMENT } from '../limits.ts';
import { Input, Output, optional, Patch, Ref, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { Description, Name, resource, Tags, Written } from './attributes.ts';
import { TargetInput } from './target.ts';

export const TARGET_GROUP_TYPES = ['ip'] as const;

export const TargetGroupType = Words(
  TARGET_GROUP_TYPES,
  'What its targets are named by: `ip`, addresses. Fixed after creation. Default: ip.',
);

export const targetGroupSettings = { description: Description, tags: Tags };

const properties = resource(Id('targetGroup', 'Identifier of the target group.'), {
  loadBalancerId: Id('loadBalancer', 'The load balancer that it belongs to.'),
  type: TargetGroupType,
  ...targetGroupSettings,
  targetCount: Type.Integer({
    description: 'How many targets it has. A change of its targets does not change its ETag.',
  }),
});

export const TargetGroup = Output('TargetGroup', properties);
export type TargetGroup = Static<typeof TargetGroup>;

export const TargetGroupWritten = Written('TargetGroupWritten', properties);

export const TargetGroupPatch = Patch('TargetGroupPatch', { name: Name, ...targetGroupSettings });
export type TargetGroupPatch = Static<typeof TargetGroupPatch>;

const creation = {
  type: Type.Optional(TargetGroupType),
  ...optional(targetGroupSettings),
  targets: Type.Optional(
    Type.Array(Ref(TargetInput), {
      maxItems: DOCUMENT.targets,
      description: 'Its targets. In a configuration document the list is complete: targets that it lacks are removed.',
    }),
  ),
};

export const TargetGroupCreate = Input('TargetGroupCreate', {
  loadBalancerId: properties.loadBalancerId,
  name: Name,
  ...creation,
});
export type TargetGroupCreate = Static<typeof TargetGroupCreate>;

/** A target group in a configuration document. */
export const TargetGroupDocument = Input('TargetGroupDocument', { name: Name, ...creation });
export type TargetGroupDocument = Static<typeof TargetGroupDocument>;
