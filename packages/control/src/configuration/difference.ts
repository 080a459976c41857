import type { FieldChange, ObjectChange } from '@evenkeel/model/resources/document.ts';
import { RESOURCE_KINDS, type ResourceKind } from '@evenkeel/model/resources/operation.ts';
import { DEFAULT_SUBNET } from '@evenkeel/model/resources/subnet.ts';
import type { Change } from '../state/draft.ts';
import { equal } from '../state/equal.ts';
import type { AnyRecord, RecordOf } from '../state/records.ts';
import { findGroup, findRuleGroup, findService, type State } from '../state/state.ts';
import { defaultFields } from './default-fields.ts';
import { type Fields, flattened } from './flat-fields.ts';
import { showListenerReferences } from './listener-references.ts';

/** Fields that tell nothing about what is configured, or that show under another name. */
const HIDDEN = new Set([
  'id',
  'name',
  'generation',
  'createdAt',
  'updatedAt',
  'tenantId',
  'userId',
  'loadBalancerId',
  'targetGroupId',
  'backendServiceId',
  'elasticIpId',
  'stickinessKeys',
  'ruleGroupId',
  'subnetId',
  'vpcId',
  'privateKey',
  'pem',
  'certificatesPem',
  'revocationListsPem',
  'jwtSecrets',
  'defaultCertificateIds',
  'certificates',
  'securityPolicyId',
  'securityGroupIds',
  'clientCertificates',
  'serverNames',
]);

export type Mentioned = { readonly kind: ResourceKind; readonly record: AnyRecord };

/**
 * What the changes between two states are, and which of the mentioned objects they leave as they are: by kind, then by
 * creation. Objects that refer to each other are shown by name.
 */
export function difference(
  before: State,
  now: State,
  changes: readonly Change[],
  mentioned: Iterable<Mentioned>,
  showNewIds: boolean,
): ObjectChange[] {
  const rows = new Map<string, ObjectChange>();
  for (const { kind, record } of mentioned) {
    rows.set(record.id, rowOf('unchanged', kind, record.id, record, now, []));
  }
  for (const { kind, id, before: old, after } of changes) {
    const fields = fieldChanges(old && fieldsOf(kind, old, before), after && fieldsOf(kind, after, now));
    if (old === null) {
      const marked = withDefaultsMarked(fields, defaultFields(kind, after!));
      rows.set(id, rowOf('created', kind, showNewIds ? id : null, after!, now, marked));
    } else if (after === null) rows.set(id, rowOf('deleted', kind, id, old, before, fields));
    else if (fields.length > 0) rows.set(id, rowOf('updated', kind, id, after, now, fields));
  }
  const order = (row: [string, ObjectChange]) => RESOURCE_KINDS.indexOf(row[1].kind);
  return [...rows].sort((a, b) => order(a) - order(b) || (a[0] < b[0] ? -1 : 1)).map(([, row]) => row);
}

function rowOf(
  action: ObjectChange['action'],
  kind: ResourceKind,
  id: string | null,
  record: AnyRecord,
  state: State,
  fields: FieldChange[],
): ObjectChange {
  return {
    action,
    kind,
    id,
    name: record.name,
    loadBalancer: ownerOf(kind, record, state),
    parent: parentOf(kind, record, state)?.group.name ?? null,
    fields,
  };
}

/** The target group of a target, the rule group of a rule. */
function parentOf(kind: ResourceKind, record: AnyRecord, state: State) {
  if (kind === 'target') return findGroup(state, (record as RecordOf['target']).targetGroupId);
  return kind === 'rule' ? findRuleGroup(state, (record as RecordOf['rule']).ruleGroupId) : null;
}

function ownerOf(kind: ResourceKind, record: AnyRecord, state: State): string {
  switch (kind) {
    case 'loadBalancer':
      return record.name;
    case 'target':
    case 'rule':
      return parentOf(kind, record, state)?.tree.loadBalancer.name ?? '';
    case 'listener':
    case 'backendService':
    case 'targetGroup':
    case 'ruleGroup':
    case 'elasticIp': {
      const { loadBalancerId } = record as RecordOf['listener' | 'elasticIp'];
      return loadBalancerId === null ? '' : (state.loadBalancers.get(loadBalancerId)?.loadBalancer.name ?? '');
    }
    case 'certificate':
    case 'authority':
    case 'securityPolicy':
    case 'securityGroup':
    case 'vpc':
    case 'subnet':
    case 'specification':
    case 'tenant':
    case 'user':
    case 'token':
    case 'accessKey':
    case 'webhook':
    case 'region':
    case 'zone':
    case 'node':
    case 'accessPolicy':
      return '';
    default:
      return kind satisfies never;
  }
}

/** What is configured of an object, flat: the fields of objects inside with their path. */
function fieldsOf(kind: ResourceKind, record: AnyRecord, state: State): Fields {
  const fields = flattened(record, HIDDEN);
  switch (kind) {
    case 'loadBalancer': {
      const { elasticIpId, securityGroupIds, subnetId } = record as RecordOf['loadBalancer'];
      fields['subnet'] = state.subnets.get(subnetId)?.name ?? DEFAULT_SUBNET.name;
      fields['securityGroups'] = securityGroupIds.map((id) => state.securityGroups.get(id)?.name ?? id);
      fields['elasticIp'] = elasticIpId === null ? null : (state.elasticIps.get(elasticIpId)?.name ?? null);
      break;
    }
    case 'listener': {
      const { backendServiceId, ruleGroupId } = record as RecordOf['listener'];
      fields['backendService'] = backendServiceId && serviceName(state, backendServiceId);
      fields['ruleGroup'] = ruleGroupId && (findRuleGroup(state, ruleGroupId)?.group.name ?? null);
      Object.assign(fields, showListenerReferences(state, record as RecordOf['listener']));
      break;
    }
    case 'rule': {
      const { forward, mirror, jwtSecrets } = record as RecordOf['rule'];
      const named = ({ backendServiceId, ...rest }: { readonly backendServiceId: string }) => {
        return { backendService: serviceName(state, backendServiceId), ...rest };
      };
      fields['forward'] = forward?.map(named) ?? null;
      fields['mirror'] = mirror && named(mirror);
      // That they change is told, and not to what.
      if (jwtSecrets !== null) fields['jwt.secrets'] = jwtSecrets;
      break;
    }
    case 'backendService': {
      const { targetGroupId } = record as RecordOf['backendService'];
      fields['targetGroup'] = targetGroupId && (findGroup(state, targetGroupId)?.group.name ?? null);
      break;
    }
    case 'elasticIp': {
      const { loadBalancerId } = record as RecordOf['elasticIp'];
      fields['loadBalancer'] = loadBalancerId && (state.loadBalancers.get(loadBalancerId)?.loadBalancer.name ?? null);
      break;
    }
    case 'subnet': {
      const { vpcId } = record as RecordOf['subnet'];
      fields['vpc'] = state.vpcs.get(vpcId)?.name ?? vpcId;
      break;
    }
    case 'authority': {
      const { certificates } = record as RecordOf['authority'];
      fields['certificates'] = certificates.map(({ subject, fingerprint }) => `${subject} ${fingerprint}`);
      break;
    }
    case 'vpc':
    case 'specification':
    case 'targetGroup':
    case 'target':
    case 'certificate':
    case 'securityPolicy':
    case 'securityGroup':
    case 'ruleGroup':
    case 'tenant':
    case 'user':
    case 'token':
    case 'accessKey':
    case 'webhook':
    case 'region':
    case 'zone':
    case 'node':
    case 'accessPolicy':
      break;
    default:
      kind satisfies never;
  }
  return fields;
}

function serviceName(state: State, id: string): string | null {
  return findService(state, id)?.service.name ?? null;
}

function fieldChanges(before: Fields | null, after: Fields | null): FieldChange[] {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  const changes: FieldChange[] = [];
  for (const field of names) {
    const change = { field, before: before?.[field] ?? null, after: after?.[field] ?? null };
    if (!equal(change.before, change.after)) changes.push(change);
  }
  return changes;
}

/** Fields of a new object with a word on those that nobody had to say. */
function withDefaultsMarked(fields: readonly FieldChange[], defaults: Fields): FieldChange[] {
  return fields.map((change) => {
    const { field, after } = change;
    return field in defaults && equal(after, defaults[field]) ? { ...change, isDefault: true } : change;
  });
}
