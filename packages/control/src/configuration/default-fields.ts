import type { ResourceKind } from '@evenkeel/model/resources/operation.ts';
import {
  ofAuthority,
  ofListener,
  ofLoadBalancer,
  ofRule,
  ofRuleGroup,
  ofService,
  ofShared,
  ofSubnet,
  ofTarget,
  ofTargetGroup,
  ofVpc,
} from '../exchange/defaults.ts';
import { PLAIN_TARGETS } from '../resources/target-tls.ts';
import type { AnyRecord, RecordOf } from '../state/records.ts';
import { type Fields, flattened } from './flat-fields.ts';

const NONE: ReadonlySet<string> = new Set();

/**
 * What an object of this kind has where its creation says nothing, by the names that a difference has for fields. A field
 * that is missing here counts as said, so that a forgotten one makes a difference longer, and not wrong.
 */
export function defaultFields(kind: ResourceKind, record: AnyRecord): Fields {
  return flattened(defaultsOf(kind, record), NONE);
}

function defaultsOf(kind: ResourceKind, record: AnyRecord): Fields {
  switch (kind) {
    case 'loadBalancer':
      return ofLoadBalancer;
    case 'listener': {
      const { protocol, port } = record as RecordOf['listener'];
      return ofListener({ protocol, port });
    }
    case 'backendService':
      return { ...ofService(record as RecordOf['backendService'], record.id), tls: PLAIN_TARGETS };
    case 'targetGroup':
      return ofTargetGroup;
    case 'target':
      return ofTarget(record as RecordOf['target']);
    case 'ruleGroup':
      return ofRuleGroup;
    case 'rule':
      return withoutPriority(ofRule(0));
    case 'authority':
      return ofAuthority;
    case 'vpc':
      return ofVpc;
    case 'subnet':
      return ofSubnet(record as RecordOf['subnet']);
    case 'certificate':
    case 'securityPolicy':
    case 'securityGroup':
    case 'elasticIp':
      return ofShared;
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
      return {};
    default:
      return kind satisfies never;
  }
}

/** What a rule has whose creation names no priority depends on those before it. */
function withoutPriority({ priority: _, ...fields }: Fields): Fields {
  return fields;
}
