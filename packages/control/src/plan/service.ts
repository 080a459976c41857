import type { PlannedRebalance } from '@evenkeel/model/plan/balancing.ts';
import type { PlannedService } from '@evenkeel/model/plan/objects.ts';
import { PLAIN_SERVICE } from '@evenkeel/model/plan/plain.ts';
import type { PlannedStickiness } from '@evenkeel/model/plan/stickiness.ts';
import type { Rebalance } from '@evenkeel/model/resources/balancing.ts';
import { keysOf } from '../resources/stickiness-keys.ts';
import type { BackendServiceRecord } from '../state/records.ts';
import { planHealthCheck } from './health-check.ts';
import { planResilience } from './resilience.ts';
import { planTargetTls } from './tls.ts';

export const PROXY_PROTOCOL = { none: 0, v1: 1, v2: 2 } as const;

/** The entry of a backend service: everything resolved, times in milliseconds. */
export function planService(service: BackendServiceRecord): PlannedService {
  return {
    ...PLAIN_SERVICE,
    id: service.id,
    name: service.name,
    protocol: service.protocol,
    ...(service.forwardingMode !== 'nat' && { forwardingMode: service.forwardingMode }),
    ...(service.sourceNat && { sourceNat: true }),
    ...(service.onTargetFailure !== 'move' && { onTargetFailure: service.onTargetFailure }),
    algorithm: service.algorithm,
    groupId: service.targetGroupId,
    port: service.port,
    healthCheck: service.healthCheck.enabled ? planHealthCheck(service.healthCheck, service) : null,
    connectTimeout: service.connectTimeout * 1_000,
    readTimeout: service.readTimeout * 1_000,
    sendTimeout: service.sendTimeout * 1_000,
    drainTimeout: service.drainTimeout * 1_000,
    stickiness: planStickiness(service),
    tls: planTargetTls(service),
    proxyProtocol: PROXY_PROTOCOL[service.proxyProtocol],
    transparent: service.transparent,
    hash: service.hash,
    targetLimits: { ...service.targetLimits, queueTimeout: service.targetLimits.queueTimeout * 1_000 },
    zone: service.zone,
    rebalance: planRebalance(service.rebalance),
    ...planResilience(service),
  };
}

function planRebalance({ enabled, rate, minimumAge }: Rebalance): PlannedRebalance | null {
  return enabled ? { rate, minimumAge: minimumAge * 1_000 } : null;
}

function planStickiness({ stickiness, stickinessKeys }: BackendServiceRecord): PlannedStickiness | null {
  const { type, cookieName, expiry, timeout } = stickiness;
  switch (type) {
    case 'none':
      return null;
    case 'cookie': {
      const [key, ...oldKeys] = keysOf(stickinessKeys!);
      return { type, cookieName, expiry: expiry * 1_000, key, oldKeys };
    }
    case 'application-cookie':
      return { type, cookieName, timeout: timeout * 1_000 };
    case 'source-ip':
      return { type, timeout: timeout * 1_000 };
    default:
      return type satisfies never;
  }
}
