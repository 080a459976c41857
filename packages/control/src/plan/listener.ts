import { DEFAULT_TENANT } from '@evenkeel/model/access.ts';
import { ERROR_PAGES } from '@evenkeel/model/limits.ts';
import type { PlannedHttp } from '@evenkeel/model/plan/http.ts';
import type { PlannedLimits } from '@evenkeel/model/plan/limits.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import { PLAIN_HTTP_LISTENER } from '@evenkeel/model/plan/plain.ts';
import { SERVICE_PROTOCOL } from '@evenkeel/model/settings.ts';
import { type SpecificationLimits, UNLIMITED } from '@evenkeel/model/specifications.ts';
import type { TlsSettings } from '@evenkeel/model/tls-ciphers.ts';
import { rangeOf } from '../resources/network.ts';
import type { ElasticIpRecord, ListenerRecord, LoadBalancerRecord } from '../state/records.ts';
import { planSourceLimits, planSynAlarm } from './source-limits.ts';
import { planTls } from './tls.ts';

const BYTES_PER_MEGABIT = 1_000_000 / 8;

/** The entry of a listener: everything resolved, times in milliseconds. `policy` is needed where TLS ends. */
export function planListener(
  loadBalancer: LoadBalancerRecord,
  listener: ListenerRecord,
  elasticIp: ElasticIpRecord | null,
  policy: TlsSettings | null,
  specification: SpecificationLimits = UNLIMITED,
): PlannedListener {
  return {
    ...PLAIN_HTTP_LISTENER,
    id: listener.id,
    loadBalancerId: loadBalancer.id,
    loadBalancerName: loadBalancer.name,
    name: listener.name,
    protocol: listener.protocol,
    addresses: elasticIp === null ? [loadBalancer.vip] : [loadBalancer.vip, elasticIp.address],
    ...(elasticIp?.bandwidth != null && { bandwidth: elasticIp.bandwidth * BYTES_PER_MEGABIT }),
    ...rangeOf(listener),
    ...(loadBalancer.type === 'network' && { isNetwork: true }),
    serviceId: listener.backendServiceId,
    ruleGroupId: listener.ruleGroupId,
    idleTimeout: listener.idleTimeout * 1_000,
    headerTimeout: listener.headerTimeout * 1_000,
    limits: planLimits(listener),
    ...planSpecification(specification),
    ...planSourceLimits(listener.limits),
    ...planSynAlarm(listener.limits),
    accessLog: listener.accessLog,
    accessLogFormat: listener.accessLogFormat,
    tls: policy && planTls(listener, policy),
    http: SERVICE_PROTOCOL[listener.protocol] === 'http' ? planHttp(listener) : null,
    serverNames: listener.serverNames.map(({ name, backendServiceId }) => ({ name, serviceId: backendServiceId })),
    acceptProxyProtocol: listener.acceptProxyProtocol,
    trustedProxies: listener.trustedProxies,
    ...(loadBalancer.tenantId !== DEFAULT_TENANT.id && { tenantId: loadBalancer.tenantId }),
    ...(loadBalancer.securityGroupIds.length > 0 && { securityGroups: loadBalancer.securityGroupIds }),
    ...(listener.allowedSources.length > 0 && { allowedSources: listener.allowedSources }),
  };
}

function planLimits({ limits, bodyTimeout, sendTimeout, keepAliveTimeout }: ListenerRecord): PlannedLimits {
  const { connections, connectionsPerSecond, requestsPerSecond, requestsPerConnection } = limits;
  const { bodySize, headerSize, headerCount, targetLength, minimumRate } = limits;
  return {
    connections,
    connectionsPerSecond,
    requestsPerSecond,
    requestsPerConnection,
    bodySize,
    headerSize,
    headerCount,
    targetLength,
    minimumRate,
    bodyTimeout: bodyTimeout * 1_000,
    sendTimeout: sendTimeout * 1_000,
    keepAliveTimeout: keepAliveTimeout * 1_000,
  };
}

/** Nothing where nothing is limited, so that such plans are what they were. */
function planSpecification({ connections, connectionsPerSecond, requestsPerSecond }: SpecificationLimits) {
  if (connections === null && connectionsPerSecond === null && requestsPerSecond === null) return {};
  return { loadBalancerLimits: { connections, connectionsPerSecond, requestsPerSecond } };
}

function planHttp(listener: ListenerRecord): PlannedHttp {
  return {
    forwarding: listener.forwarding,
    desyncMode: listener.desyncMode,
    hstsMaxAge: listener.hsts.enabled ? listener.hsts.maxAge : 0,
    hstsIncludeSubDomains: listener.hsts.includeSubDomains,
    upgradeIdleTimeout: listener.upgradeIdleTimeout * 1_000,
    compression: listener.compression,
    requestId: listener.requestId,
    ...(listener.relativeRedirects && { relativeRedirects: true }),
    ...(listener.responseHeaders.length > 0 && {
      responseHeaders: listener.responseHeaders.map(({ operation, name, value = '' }) => ({ operation, name, value })),
    }),
    errorPages: listener.errorPages.map(({ status, contentType, body, location }) => ({
      status,
      contentType: contentType ?? ERROR_PAGES.contentType,
      body: body ?? '',
      ...(location !== undefined && { location }),
    })),
  };
}
