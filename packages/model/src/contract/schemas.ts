import type { TSchema } from 'typebox';
import { FieldError, Problem } from '../problem.ts';
import * as accessKey from '../resources/access-key.ts';
import * as accessPolicy from '../resources/access-policy.ts';
import * as auditEntry from '../resources/audit-entry.ts';
import * as authority from '../resources/authority.ts';
import * as backendService from '../resources/backend-service.ts';
import * as backup from '../resources/backup.ts';
import * as balancing from '../resources/balancing.ts';
import * as blockList from '../resources/block-list.ts';
import * as certificate from '../resources/certificate.ts';
import * as changeSet from '../resources/change-set.ts';
import * as controlPlane from '../resources/control-plane.ts';
import * as denyList from '../resources/deny-list.ts';
import * as document from '../resources/document.ts';
import * as elasticIp from '../resources/elastic-ip.ts';
import * as endedRequest from '../resources/ended-request.ts';
import * as errorPage from '../resources/error-page.ts';
import * as event from '../resources/event.ts';
import * as exchange from '../resources/exchange.ts';
import * as explanation from '../resources/explanation.ts';
import * as flow from '../resources/flow.ts';
import * as forwarding from '../resources/forwarding.ts';
import * as healthCheck from '../resources/health-check.ts';
import * as healthEvidence from '../resources/health-evidence.ts';
import * as identity from '../resources/identity.ts';
import * as idleLoadBalancer from '../resources/idle-load-balancer.ts';
import * as impact from '../resources/impact.ts';
import * as joinToken from '../resources/join-token.ts';
import * as listener from '../resources/listener.ts';
import * as listenerLimits from '../resources/listener-limits.ts';
import * as listenerTls from '../resources/listener-tls.ts';
import * as loadBalancer from '../resources/load-balancer.ts';
import * as loadBalancerDeletion from '../resources/load-balancer-deletion.ts';
import * as node from '../resources/node.ts';
import * as operation from '../resources/operation.ts';
import * as operationCancelled from '../resources/operation-cancelled.ts';
import * as placement from '../resources/placement.ts';
import * as quota from '../resources/quota.ts';
import * as region from '../resources/region.ts';
import * as resilience from '../resources/resilience.ts';
import * as revision from '../resources/revision.ts';
import * as rule from '../resources/rule.ts';
import * as ruleActions from '../resources/rule-actions.ts';
import * as ruleEdits from '../resources/rule-edits.ts';
import * as ruleGroup from '../resources/rule-group.ts';
import * as ruleJwt from '../resources/rule-jwt.ts';
import * as ruleMatch from '../resources/rule-match.ts';
import * as securityGroup from '../resources/security-group.ts';
import * as securityPolicy from '../resources/security-policy.ts';
import * as session from '../resources/session.ts';
import * as specification from '../resources/specification.ts';
import * as stickiness from '../resources/stickiness.ts';
import * as subnet from '../resources/subnet.ts';
import * as target from '../resources/target.ts';
import * as targetGroup from '../resources/target-group.ts';
import * as targetHealth from '../resources/target-health.ts';
import * as targetTls from '../resources/target-tls.ts';
import * as tenant from '../resources/tenant.ts';
import * as token from '../resources/token.ts';
import * as traffic from '../resources/traffic.ts';
import * as trafficStanding from '../resources/traffic-standing.ts';
import * as user from '../resources/user.ts';
import * as vpc from '../resources/vpc.ts';
import * as webhook from '../resources/webhook.ts';
import * as zone from '../resources/zone.ts';
import { BackendServiceCreated } from './backend-services.ts';
import { ListenerCreated } from './listeners.ts';
import { NodeForgotten } from './nodes.ts';

export type NamedSchema = TSchema & { readonly $id: string };

function isNamed(value: unknown): value is NamedSchema {
  return typeof value === 'object' && value !== null && '$id' in value && typeof value.$id === 'string';
}

/** Every schema that has a name in the API document, by that name. */
export const namedSchemas: ReadonlyMap<string, NamedSchema> = new Map(
  [
    { Problem, FieldError, BackendServiceCreated, ListenerCreated, NodeForgotten },
    loadBalancer,
    listener,
    listenerTls,
    listenerLimits,
    forwarding,
    errorPage,
    backendService,
    balancing,
    resilience,
    targetTls,
    stickiness,
    healthCheck,
    targetGroup,
    target,
    targetHealth,
    healthEvidence,
    trafficStanding,
    ruleGroup,
    rule,
    ruleMatch,
    ruleActions,
    ruleEdits,
    ruleJwt,
    impact,
    changeSet,
    revision,
    backup,
    elasticIp,
    vpc,
    subnet,
    idleLoadBalancer,
    loadBalancerDeletion,
    specification,
    certificate,
    authority,
    securityPolicy,
    securityGroup,
    blockList,
    denyList,
    document,
    exchange,
    operation,
    operationCancelled,
    node,
    placement,
    region,
    zone,
    joinToken,
    controlPlane,
    explanation,
    endedRequest,
    traffic,
    flow,
    identity,
    tenant,
    quota,
    user,
    token,
    accessKey,
    accessPolicy,
    session,
    auditEntry,
    event,
    webhook,
  ]
    .flatMap((module) => Object.values(module) as unknown[])
    .filter(isNamed)
    .map((schema) => [schema.$id, schema]),
);
