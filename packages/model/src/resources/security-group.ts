import { Id } from '../identifiers.ts';
import { SECURITY_GROUP } from '../limits.ts';
import { SOURCE_PROTOCOLS, type SourceProtocol } from '../plan/sources.ts';
import { Input, Network, Nullable, Output, optional, Part, Patch, Ref, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { Description, Name, resource, Tags, TenantId, Written } from './attributes.ts';
import { ResourceRef } from './operation.ts';

const portOrNull = (description: string) =>
  Nullable(Type.Integer({ minimum: 1, maximum: 65_535, default: null as unknown as number, description }));

export const [SecurityRule, SecurityRuleInput] = Part(
  'SecurityRule',
  {
    action: Words(['allow', 'deny'], 'What is done with connections that the rule is for.'),
    source: Network('Where they come from: an address, or a CIDR block such as 10.0.0.0/8, 0.0.0.0/0 or ::/0.'),
  },
  {
    priority: Type.Integer({
      minimum: SECURITY_GROUP.priority.minimum,
      maximum: SECURITY_GROUP.priority.maximum,
      default: SECURITY_GROUP.priority.default,
      description: 'The rule with the smallest number decides; of several with the same, one that denies.',
    }),
    protocol: Type.Unsafe<SourceProtocol>({
      ...Words(SOURCE_PROTOCOLS, 'What they speak, below TLS and HTTP. Default: all.'),
      default: 'all',
    }),
    port: portOrNull('The port of the load balancer that they ask for. null: any. Default: any.'),
    lastPort: portOrNull('The last of a range that begins with `port`. null: that port alone. Default: null.'),
    description: Description,
  },
);
export type SecurityRule = Static<typeof SecurityRule>;
export type SecurityRuleInput = Static<typeof SecurityRuleInput>;

const bounds = { minItems: 1, maxItems: SECURITY_GROUP.rules };
const rulesSaid =
  'The order does not matter. Whoever no rule of all groups of a load balancer allows is refused. A change replaces all of them.';

const settings = { description: Description, tags: Tags };

const properties = resource(Id('securityGroup', 'Identifier of the security group.'), {
  tenantId: TenantId,
  rules: Type.Array(Ref(SecurityRule), { ...bounds, description: rulesSaid }),
  ...settings,
  usedBy: Type.Array(Ref(ResourceRef), { description: 'The load balancers that use it.' }),
});

export const SecurityGroup = Output(
  'SecurityGroup',
  properties,
  'Which sources may connect to the listeners of load balancers.',
);
export type SecurityGroup = Static<typeof SecurityGroup>;

const rules = Type.Array(Ref(SecurityRuleInput), { ...bounds, description: rulesSaid });

export const SecurityGroupCreate = Input('SecurityGroupCreate', { name: Name, rules, ...optional(settings) });
export type SecurityGroupCreate = Static<typeof SecurityGroupCreate>;

export const SecurityGroupPatch = Patch('SecurityGroupPatch', { name: Name, rules, ...settings });
export type SecurityGroupPatch = Static<typeof SecurityGroupPatch>;

export const SecurityGroupWritten = Written('SecurityGroupWritten', properties);

/** A security group in a configuration document: made so, when there is one with the name or not. */
export const SecurityGroupDocument = Input('SecurityGroupDocument', { name: Name, rules, ...optional(settings) });
export type SecurityGroupDocument = Static<typeof SecurityGroupDocument>;
