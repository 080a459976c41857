import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namedSchemas } from '@evenkeel/model/contract/schemas.ts';
import type { Field } from './fields.ts';
import {
  authorityFields,
  certificateFields,
  elasticIpFields,
  listenerFields,
  loadBalancerFields,
  nameField,
  ruleGroupFields,
  securityGroupFields,
  securityPolicyFields,
  serviceFields,
  subnetFields,
  targetFields,
  targetGroupFields,
  vpcFields,
} from './resource-fields.ts';

/** The fields of each patch that commands set in ways of their own. */
const OTHERWISE: Readonly<Record<string, readonly string[]>> = {
  ListenerPatch: [
    'backendServiceId',
    'ruleGroupId',
    'defaultCertificateIds',
    'certificates',
    'securityPolicyId',
    'clientCertificates.authorityId',
    'serverNames',
  ],
  BackendServicePatch: ['targetGroupId', 'tls.authorityId'],
  LoadBalancerPatch: ['securityGroupIds', 'vip'],
  VpcPatch: ['cidrs'],
  SecurityGroupPatch: ['rules'],
  CertificatePatch: ['chain', 'privateKey', 'ocspResponse'],
  AuthorityPatch: ['certificates', 'revocationLists'],
};

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly (string | null)[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

for (const [name, fields] of [
  ['LoadBalancerPatch', loadBalancerFields],
  ['ListenerPatch', listenerFields],
  ['BackendServicePatch', serviceFields],
  ['TargetGroupPatch', targetGroupFields],
  ['RuleGroupPatch', ruleGroupFields],
  ['TargetPatch', targetFields],
  ['ElasticIpPatch', elasticIpFields],
  ['CertificatePatch', certificateFields],
  ['AuthorityPatch', authorityFields],
  ['SecurityPolicyPatch', securityPolicyFields],
  ['SecurityGroupPatch', securityGroupFields],
  ['VpcPatch', vpcFields],
  ['SubnetPatch', subnetFields],
] as const) {
  const schemas = leavesOf(name);
  const all = [nameField, ...fields];

  test(`${name}: there is an option for every field of the API, and no other`, () => {
    const covered = [...all.map(({ field }) => field), ...(OTHERWISE[name] ?? [])].sort();
    assert.deepEqual(covered, [...schemas.keys()].sort());
  });

  test(`${name}: options take what the schemas take`, () => {
    for (const field of all) assert.ok(fits(field, schemas.get(field.field)), field.field);
  });
}

/** The properties of a named schema; those of an object inside with its name in front. */
function leavesOf(name: string): Map<string, Schema> {
  const leaves = new Map<string, Schema>();
  for (const [field, schema] of Object.entries(propertiesOf(name))) {
    const inner = schema.$ref === undefined ? {} : propertiesOf(schema.$ref.slice(0, -1));
    if (schema.$ref?.endsWith('Patch#')) {
      for (const [part, own] of Object.entries(inner)) leaves.set(`${field}.${part}`, own);
    } else leaves.set(field, schema);
  }
  return leaves;
}

function propertiesOf(name: string): Readonly<Record<string, Schema>> {
  const schema = namedSchemas.get(name) as Schema | undefined;
  assert.ok(schema?.properties, name);
  return schema.properties;
}

function fits({ value }: Field, schema: Schema | undefined): boolean {
  const types = [schema?.type].flat();
  switch (value.kind) {
    case 'word':
      return JSON.stringify(schema?.enum) === JSON.stringify(value.allowed);
    case 'text':
      return types.includes('string') && schema?.enum === undefined;
    case 'text-or-none':
      return types.includes('string') && types.includes('null');
    case 'integer':
      return types.includes('integer') && !types.includes('null');
    case 'on-off':
      return types.includes('boolean');
    case 'tags':
      return types.includes('object');
    case 'words':
    case 'words-or-none':
    case 'integers-or-none':
    case 'error-page':
    case 'header-edit':
      return types.includes('array');
    case 'port-or-none':
    case 'integer-or-none':
      return types.includes('integer') && types.includes('null');
  }
}
