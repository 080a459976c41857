import { ERROR_PAGES } from '@evenkeel/model/limits.ts';
import type { PlannedHttp } from '@evenkeel/model/plan/http.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import { PLAIN_HTTP_LISTENER } from '@evenkeel/model/plan/plain.ts';
import type { ListenerRecord, LoadBalancerRecord } from '../state/records.ts';

/** The entry of a listener: everything resolved, times in milliseconds. */
export function planListener(
  loadBalancer: LoadBalancerRecord,
  listener: ListenerRecord,
  elasticIp: string | null,
): PlannedListener {
  return {
    ...PLAIN_HTTP_LISTENER,
    id: listener.id,
    loadBalancerId: loadBalancer.id,
    loadBalancerName: loadBalancer.name,
    name: listener.name,
    protocol: listener.protocol,
    addresses: elasticIp === null ? [loadBalancer.vip] : [loadBalancer.vip, elasticIp],
    port: listener.port,
    serviceId: listener.backendServiceId,
    ruleGroupId: listener.ruleGroupId,
    idleTimeout: listener.idleTimeout * 1_000,
    headerTimeout: listener.headerTimeout * 1_000,
    accessLog: listener.accessLog,
    http: listener.protocol === 'http' ? planHttp(listener) : null,
    acceptProxyProtocol: listener.acceptProxyProtocol,
    trustedProxies: listener.trustedProxies,
  };
}

function planHttp(listener: ListenerRecord): PlannedHttp {
  return {
    forwarding: listener.forwarding,
    desyncMode: listener.desyncMode,
    hstsMaxAge: 0,
    hstsIncludeSubDomains: false,
    upgradeIdleTimeout: listener.upgradeIdleTimeout * 1_000,
    compression: listener.compression,
    errorPages: listener.errorPages.map(({ status, contentType, body }) => ({
      status,
      contentType: contentType ?? ERROR_PAGES.contentType,
      body,
    })),
  };
}
