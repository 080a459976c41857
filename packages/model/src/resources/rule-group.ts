import { Id } from '../identifiers.ts';
import { RULE } from '../limits.ts';
import { RULE_ORDERS } from '../plan/rules.ts';
import { Input, Output, optional, Patch, Ref, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { Description, Name, resource, Tags, Written } from './attributes.ts';
import { RuleDocument, RuleInput } from './rule.ts';

/** What several listeners of a load balancer may do with requests. */

const settings = {
  description: Description,
  tags: Tags,
  order: Words(
    RULE_ORDERS,
    'Which rule wins of those that match. `priority`: the smallest number; `fall-through`: the best host, in it the ' +
      'best path, and if none of its paths match the next best host; `stay-in-host`: the same, but in the best ' +
      'host alone. Default: priority.',
  ),
};

const properties = resource(Id('ruleGroup', 'Identifier of the rule group.'), {
  loadBalancerId: Id('loadBalancer', 'The load balancer that it belongs to.'),
  ...settings,
  ruleCount: Type.Integer({ description: 'How many rules it has. A change of its rules does not change its ETag.' }),
});

export const RuleGroup = Output('RuleGroup', properties);
export type RuleGroup = Static<typeof RuleGroup>;

export const RuleGroupWritten = Written('RuleGroupWritten', properties);

export const RuleGroupPatch = Patch('RuleGroupPatch', { name: Name, ...settings });
export type RuleGroupPatch = Static<typeof RuleGroupPatch>;

export const RuleGroupCreate = Input('RuleGroupCreate', {
  loadBalancerId: properties.loadBalancerId,
  name: Name,
  ...optional(settings),
  rules: Type.Optional(Type.Array(Ref(RuleInput), { maxItems: RULE.batch, description: 'Its rules, in order.' })),
});
export type RuleGroupCreate = Static<typeof RuleGroupCreate>;

/** A rule group in a configuration document. */
export const RuleGroupDocument = Input('RuleGroupDocument', {
  name: Name,
  ...optional(settings),
  rules: Type.Optional(
    Type.Array(Ref(RuleDocument), {
      maxItems: RULE.batch,
      description: 'Its rules, in order. The list is complete: rules that it lacks are deleted.',
    }),
  ),
});
export type RuleGroupDocument = Static<typeof RuleGroupDocument>;
