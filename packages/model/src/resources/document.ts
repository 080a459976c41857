import { DOCUMENT, SECURITY_GROUP } from '../limits.ts';
import { Address, Input, Nullable, Output, optional, Ref, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { Name, OperationId, Written } from './attributes.ts';
import { AuthorityDocument } from './authority.ts';
import { BackendServiceDocument } from './backend-service.ts';
import { CertificateDocument } from './certificate.ts';
import { ElasticIpDocument } from './elastic-ip.ts';
import { ListenerDocument } from './listener.ts';
import { LoadBalancer, LoadBalancerRegion, LoadBalancerType, loadBalancerSettings } from './load-balancer.ts';
import { RESOURCE_KINDS, ResourceRef } from './operation.ts';
import { RuleGroupDocument } from './rule-group.ts';
import { SecurityGroupDocument } from './security-group.ts';
import { SecurityPolicyDocument } from './security-policy.ts';
import { TargetGroupDocument } from './target-group.ts';
import { VpcDocument } from './vpc.ts';

/**
 * A load balancer with everything in it, as one document. Creation takes one; `apply` takes several and makes the
 * configuration match. The order of creation is target groups, backend services, rule groups, listeners; each may name those
 * before.
 */
const content = {
  type: Type.Optional(LoadBalancerType),
  region: Type.Optional(LoadBalancerRegion),
  subnet: Type.Optional(
    Type.String({
      description: 'Name or identifier of the subnet that its VIP is of. Fixed after creation. Default: `default`.',
    }),
  ),
  vip: Type.Optional(
    Address(
      'A free address of the subnet; without it, one is chosen. Of a load balancer that is there: see its change.',
    ),
  ),
  elasticIp: Type.Optional(
    Nullable(Type.String({ description: 'Name or identifier of an elastic IP to associate; null: none.' })),
  ),
  securityGroups: Type.Optional(
    Type.Array(Type.String({ description: 'Name or identifier of a security group.' }), {
      maxItems: SECURITY_GROUP.ofLoadBalancer,
      description: 'Who may connect to its listeners. Empty: everybody.',
    }),
  ),
  ...optional(loadBalancerSettings),
  targetGroups: Type.Optional(Type.Array(Ref(TargetGroupDocument), { maxItems: DOCUMENT.objects })),
  backendServices: Type.Optional(Type.Array(Ref(BackendServiceDocument), { maxItems: DOCUMENT.objects })),
  ruleGroups: Type.Optional(Type.Array(Ref(RuleGroupDocument), { maxItems: DOCUMENT.objects })),
  listeners: Type.Optional(Type.Array(Ref(ListenerDocument), { maxItems: DOCUMENT.objects })),
};

export const LoadBalancerCreate = Input(
  'LoadBalancerCreate',
  { name: Type.Optional(Type.String({ ...Name, description: 'Default: the identifier.' })), ...content },
  'A load balancer, alone or with listeners, rules, backend services, target groups and targets. All is created, or nothing.',
);
export type LoadBalancerCreate = Static<typeof LoadBalancerCreate>;

/** The answer to the creation of something that may bring other objects with it. */
export const Created = Type.Array(Ref(ResourceRef), {
  description: 'Everything that this call created, in the order of creation; targets and rules are not listed.',
});

export const LoadBalancerCreated = Written('LoadBalancerCreated', { ...LoadBalancer.properties, created: Created });
export type LoadBalancerCreated = Static<typeof LoadBalancerCreated>;

export const LoadBalancerDocument = Input('LoadBalancerDocument', {
  name: Name,
  prune: Type.Optional(
    Type.Boolean({
      default: false,
      description:
        'Delete listeners, rule groups, backend services and target groups of this load balancer that are not named here.',
    }),
  ),
  ...content,
});
export type LoadBalancerDocument = Static<typeof LoadBalancerDocument>;

const shared = (what: string, maxItems: number = DOCUMENT.shared) => ({
  maxItems,
  description: `${what} Made before the load balancers, which may name them. Those that are not named here stay as they are.`,
});

/** What documents say: objects that several load balancers may draw on, and these. */
export const configuration = {
  certificates: Type.Optional(
    Type.Array(
      Ref(CertificateDocument),
      shared('Public parts: a certificate that is not there yet needs a private key as well.'),
    ),
  ),
  authorities: Type.Optional(Type.Array(Ref(AuthorityDocument), shared('Authorities.'))),
  securityPolicies: Type.Optional(Type.Array(Ref(SecurityPolicyDocument), shared('Security policies of your own.'))),
  securityGroups: Type.Optional(Type.Array(Ref(SecurityGroupDocument), shared('Security groups.'))),
  elasticIps: Type.Optional(Type.Array(Ref(ElasticIpDocument), shared('Elastic IPs.'))),
  vpcs: Type.Optional(Type.Array(Ref(VpcDocument), shared('VPCs with their subnets.', DOCUMENT.vpcs))),
  loadBalancers: Type.Optional(Type.Array(Ref(LoadBalancerDocument), { maxItems: DOCUMENT.loadBalancers })),
};

export const ConfigurationDocument = Input('ConfigurationDocument', {
  dryRun: Type.Optional(
    Type.Boolean({ default: false, description: 'Answer with the difference and change nothing.' }),
  ),
  ...configuration,
});
export type ConfigurationDocument = Static<typeof ConfigurationDocument>;

export const CHANGE_ACTIONS = ['created', 'updated', 'deleted', 'unchanged'] as const;

export const FieldChange = Output('FieldChange', {
  field: Type.String({ description: 'Name of the field; fields of objects inside as `healthCheck.path`.' }),
  before: Type.Unknown({ description: 'Value until now; null for an object that is created.' }),
  after: Type.Unknown({ description: 'New value; null for an object that is deleted.' }),
  isDefault: Type.Optional(
    Type.Boolean({ description: 'True: an object that is created has this where nothing is said of the field.' }),
  ),
});
export type FieldChange = Static<typeof FieldChange>;

export const ObjectChange = Output('ObjectChange', {
  action: Words(CHANGE_ACTIONS, 'What happens to the object.'),
  kind: Words(RESOURCE_KINDS, 'Kind of resource.'),
  id: Nullable(Type.String({ description: 'Identifier; null in a dry run for an object that would be created.' })),
  name: Type.String({ description: 'Name; for a target its address and port.' }),
  loadBalancer: Type.String({ description: 'Name of the load balancer that it belongs to.' }),
  parent: Nullable(
    Type.String({
      description: 'Name of the target group of a target, of the rule group of a rule; null for other kinds.',
    }),
  ),
  fields: Type.Array(Ref(FieldChange), { description: 'The fields that differ.' }),
});
export type ObjectChange = Static<typeof ObjectChange>;

const count = Type.Integer({ minimum: 0 });

export const ConfigurationResult = Output('ConfigurationResult', {
  dryRun: Type.Boolean(),
  generation: Type.Integer({ description: 'The generation of the configuration after this call.' }),
  operationId: Nullable(OperationId),
  summary: Type.Object({ created: count, updated: count, deleted: count, unchanged: count }),
  changes: Type.Array(Ref(ObjectChange), { description: 'Every object that the document names or that is pruned.' }),
});
export type ConfigurationResult = Static<typeof ConfigurationResult>;
