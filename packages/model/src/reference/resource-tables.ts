import { contract } from '../contract/contract.ts';
import { type Route, roleFor } from '../contract/route.ts';
import { namedSchemas } from '../contract/schemas.ts';
import { DEFAULT_QUOTAS } from '../limits.ts';

/** Resources in the order of the page, with the operations that list what can be done with them. */
const RESOURCES = [
  'LoadBalancer',
  'Listener',
  'Forwarding',
  'NamedCertificate',
  'ClientCertificates',
  'Hsts',
  'ServerName',
  'ErrorPage',
  'BackendService',
  'Stickiness',
  'TargetTls',
  'HealthCheck',
  'TargetGroup',
  'Target',
  'TargetHealth',
  'RuleGroup',
  'Rule',
  'RuleMatch',
  'PathMatch',
  'FieldMatch',
  'ForwardTo',
  'Redirect',
  'Respond',
  'Mirror',
  'Rewrite',
  'PathRewrite',
  'HeaderEdit',
  'Jwt',
  'ClaimHeader',
  'ElasticIp',
  'Vpc',
  'Subnet',
  'SubnetUsage',
  'SubnetAddress',
  'Specification',
  'IdleLoadBalancer',
  'Certificate',
  'CertificateLink',
  'Authority',
  'RevocationList',
  'SecurityPolicy',
  'Cipher',
  'SecurityGroup',
  'SecurityRule',
  'BlockList',
  'BlockedSource',
  'DenyList',
  'DenyEntry',
  'Tenant',
  'Quota',
  'User',
  'Token',
  'AccessKey',
  'AccessPolicy',
  'AccessStatement',
  'AccessDecision',
  'Session',
  'Identity',
  'Operation',
  'ChangeSet',
  'PlannedChange',
  'Revision',
  'Impact',
  'TouchedListener',
  'Node',
];

interface Field {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly items?: Field;
  readonly $ref?: string;
  readonly anyOf?: readonly Field[];
}

/** The generated part of the page of resources: calls, fields and quotas, as Markdown. */
export function resourceTables(): string {
  return [callTable(), ...RESOURCES.map(fieldTable), quotaTable()].join('\n\n');
}

function callTable(): string {
  const rows = Object.entries<Route>(contract).map(([name, route]) => {
    const { method, path, summary, reach } = route;
    const role = reach === 'all' ? `${roleFor(route)} of all tenants` : roleFor(route);
    return `| \`${method} ${path}\` | \`${name}\` | ${role} | ${summary} |`;
  });
  return ['### Calls', '', '| Call | operationId | Least role | |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function fieldTable(name: string): string {
  const { properties, description } = namedSchemas.get(name) as unknown as {
    properties: Record<string, Field>;
    description?: string;
  };
  const { [`${name}Patch`]: patch } = Object.fromEntries(namedSchemas);
  const changeable = (patch as { properties?: object } | undefined)?.properties ?? {};
  const rows = Object.entries(properties).map(([field, schema]) => {
    const change = Object.hasOwn(changeable, field) ? 'yes' : '';
    return `| \`${field}\` | ${typeOf(schema)} | ${defaultOf(schema)} | ${change} | ${cell(schema.description ?? '')} |`;
  });
  const head = ['| Field | Type | Default | Can be changed | |', '| --- | --- | --- | --- | --- |'];
  return [`### ${name}`, '', ...(description ? [description, ''] : []), ...head, ...rows].join('\n');
}

function quotaTable(): string {
  const rows = Object.entries(DEFAULT_QUOTAS).map(([name, limit]) => `| \`${name}\` | ${limit} |`);
  return ['### Quotas', '', '| Quota | Default |', '| --- | --- |', ...rows].join('\n');
}

function typeOf(field: Field): string {
  if (field.anyOf) return field.anyOf.map(typeOf).join(' or ');
  if (field.$ref) return field.$ref.slice(0, -1);
  if (field.enum) return field.enum.map((word) => `\`${word}\``).join(', ');
  const type = [field.type ?? 'any'].flat().join(' or ');
  if (field.items) return `list of ${typeOf(field.items)}`;
  if (field.minimum !== undefined && field.maximum !== undefined) return `${type}, ${field.minimum}–${field.maximum}`;
  if (field.minimum !== undefined && field.minimum > 0) return `${type}, from ${field.minimum}`;
  return field.maxLength === undefined ? type : `${type}, up to ${field.maxLength}`;
}

function defaultOf({ default: value }: Field): string {
  return value === undefined ? '' : `\`${JSON.stringify(value)}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
