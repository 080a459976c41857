import { canonicalAddress } from '@evenkeel/model/address.ts';
import { addressText, networkRange } from '@evenkeel/model/address-range.ts';
import {
  CONNECT_TIMEOUT,
  DRAIN_TIMEOUT,
  READ_TIMEOUT,
  RULE,
  TARGET_SEND_TIMEOUT,
  WEIGHT,
} from '@evenkeel/model/limits.ts';
import type { BackendServiceDocument } from '@evenkeel/model/resources/backend-service.ts';
import type { LoadBalancerDocument } from '@evenkeel/model/resources/document.ts';
import { ErrorPage } from '@evenkeel/model/resources/error-page.ts';
import type { ListenerDocument } from '@evenkeel/model/resources/listener.ts';
import type { RuleDocument } from '@evenkeel/model/resources/rule.ts';
import { ForwardTo, Mirror, Redirect, Respond } from '@evenkeel/model/resources/rule-actions.ts';
import { HeaderEdit, PathRewrite, Rewrite } from '@evenkeel/model/resources/rule-edits.ts';
import type { RuleGroupDocument } from '@evenkeel/model/resources/rule-group.ts';
import { Jwt } from '@evenkeel/model/resources/rule-jwt.ts';
import { FieldMatch, PathMatch } from '@evenkeel/model/resources/rule-match.ts';
import { SecurityRule } from '@evenkeel/model/resources/security-group.ts';
import { DEFAULT_SUBNET, type SubnetDocument } from '@evenkeel/model/resources/subnet.ts';
import type { TargetInput } from '@evenkeel/model/resources/target.ts';
import type { TargetGroupDocument } from '@evenkeel/model/resources/target-group.ts';
import type { VpcDocument } from '@evenkeel/model/resources/vpc.ts';
import { UNLIMITED } from '@evenkeel/model/specifications.ts';
import { LOCAL_REGION } from '@evenkeel/model/zones.ts';
import { PLAIN_BALANCING } from '../resources/balancing.ts';
import { defaultHealthCheck } from '../resources/health-check.ts';
import { newListenerSettings } from '../resources/listener-settings.ts';
import { TLS_DEFAULTS } from '../resources/listener-tls.ts';
import { defaultListenerName } from '../resources/listeners.ts';
import { STANDARD_RESILIENCE } from '../resources/resilience.ts';
import { defaultStickiness } from '../resources/stickiness.ts';
import { PLAIN_TARGETS } from '../resources/target-tls.ts';
import { targetKey } from '../resources/targets.ts';
import { NOTHING } from '../routing/content.ts';
import { defaultsOf, type Fields } from './plain.ts';

/**
 * What objects of documents have where a document says nothing: what their creation gives them. A field that is missing
 * here is always written, so that a forgotten one makes documents longer, and not wrong.
 */

const SHARED: Fields = { description: '', tags: {} };

export const ofLoadBalancer: Fields = {
  ...SHARED,
  type: 'application',
  deletionProtection: false,
  region: LOCAL_REGION.name,
  zones: [],
  nodesPerZone: null,
  subnet: DEFAULT_SUBNET.name,
  specification: UNLIMITED.id,
  elasticIp: null,
  securityGroups: [],
  targetGroups: [],
  backendServices: [],
  ruleGroups: [],
  listeners: [],
} satisfies Partial<LoadBalancerDocument>;

export const ofTargetGroup: Fields = { ...SHARED, type: 'ip', targets: [] } satisfies Partial<TargetGroupDocument>;

export function ofTarget({ address, port = null }: TargetInput): Fields {
  const name = targetKey({ address: canonicalAddress(address) ?? address, port });
  return { name, port: null, weight: WEIGHT.default, zone: '', state: 'active' } satisfies Partial<TargetInput>;
}

/** `id`: of the service, which its cookies are named after; null: it is not known yet. */
export function ofService({ protocol }: BackendServiceDocument, id: string | null): Fields {
  const { authorityId, ...tls } = PLAIN_TARGETS;
  const { cookieName, ...stickiness } = defaultStickiness(id ?? '');
  return {
    ...SHARED,
    targetGroup: null,
    algorithm: 'round-robin',
    forwardingMode: 'nat',
    sourceNat: false,
    onTargetFailure: 'move',
    drainTimeout: DRAIN_TIMEOUT.default,
    connectTimeout: CONNECT_TIMEOUT.default,
    readTimeout: READ_TIMEOUT.default,
    sendTimeout: TARGET_SEND_TIMEOUT.default,
    proxyProtocol: 'none',
    transparent: false,
    ...PLAIN_BALANCING,
    ...STANDARD_RESILIENCE,
    tls: { ...tls, authority: authorityId },
    stickiness: id === null ? stickiness : { ...stickiness, cookieName },
    healthCheck: defaultHealthCheck(protocol),
  } satisfies Partial<BackendServiceDocument>;
}

export const ofRuleGroup: Fields = { ...SHARED, order: 'priority', rules: [] } satisfies Partial<RuleGroupDocument>;

/** `last`: the priority of the rule before it in the list; 0: it is the first. */
export function ofRule(last: number): Fields {
  const { jwtSecrets: _, ...content } = NOTHING;
  const priority = last + RULE.priority.step;
  // Behind the last number there is none, and the rule has to say one.
  return (priority > RULE.priority.maximum ? content : { ...content, priority }) as Partial<RuleDocument>;
}

export function ofListener(listener: ListenerDocument): Fields {
  const { protocol, port } = listener;
  const { defaultCertificateIds, securityPolicyId, clientCertificates, ...tls } = TLS_DEFAULTS;
  const { authorityId, ...clients } = clientCertificates;
  return {
    name: defaultListenerName(listener),
    lastPort: null,
    backendService: null,
    ruleGroup: null,
    ...newListenerSettings({ protocol, port }, protocol, ''),
    ...tls,
    defaultCertificates: [...defaultCertificateIds],
    securityPolicy: securityPolicyId,
    clientCertificates: { ...clients, authority: authorityId },
  };
}

/** Of what is inside of others: by the field that it is in. */
export const IN_RULES: Readonly<Record<string, Fields>> = {
  forward: { weight: defaultsOf(ForwardTo)['weight'] },
  mirror: { percent: defaultsOf(Mirror)['percent'] },
  redirect: defaultsOf(Redirect),
  respond: defaultsOf(Respond),
  jwt: defaultsOf(Jwt),
  rewrite: defaultsOf(Rewrite),
  requestHeaders: defaultsOf(HeaderEdit),
  responseHeaders: defaultsOf(HeaderEdit),
};
export const IN_MATCHES: Readonly<Record<string, Fields>> = {
  paths: defaultsOf(PathMatch),
  headers: defaultsOf(FieldMatch),
  cookies: defaultsOf(FieldMatch),
  query: defaultsOf(FieldMatch),
};
export const IN_LISTENERS: Readonly<Record<string, Fields>> = {
  errorPages: defaultsOf(ErrorPage),
  responseHeaders: defaultsOf(HeaderEdit),
};

export const OF_PATH_REWRITE: Fields = defaultsOf(PathRewrite);
export const OF_SECURITY_RULE: Fields = defaultsOf(SecurityRule);

/** Of what load balancers draw on: certificates, security policies and groups, elastic IPs. */
export const ofShared: Fields = SHARED;
export const ofAuthority: Fields = { ...SHARED, revocationLists: '' };

export const ofVpc: Fields = { ...SHARED, subnets: [] } satisfies Partial<VpcDocument>;

export function ofSubnet({ cidr }: SubnetDocument): Fields {
  const { family, first } = networkRange(cidr)!;
  const gateway = addressText(family, first + 1n);
  return { ...SHARED, gateway, zone: '', reserved: [] } satisfies Partial<SubnetDocument>;
}
