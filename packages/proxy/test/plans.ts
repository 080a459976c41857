import type { PlannedListener, PlannedService } from '@evenkeel/model/plan/objects.ts';
import { PLAIN_HTTP_LISTENER, PLAIN_SERVICE } from '@evenkeel/model/plan/plain.ts';
import type { EngineChange, EngineService, EngineTarget } from '../src/engine/engine.ts';

/** Milliseconds that nobody needs, be the machine ever so busy; a test that waits for the end of a time-out has its own. */
const PATIENCE = 20_000;

/** A service with targets on the given ports of 127.0.0.1, or `address:port`. */
export function serviceOf(
  targets: readonly (number | EngineTarget)[],
  changes: Partial<PlannedService> = {},
): EngineService {
  const service: PlannedService = {
    id: 'svc',
    name: 'svc',
    protocol: 'http',
    algorithm: 'round-robin',
    groupId: 'tg',
    port: 80,
    healthCheck: null,
    connectTimeout: PATIENCE,
    readTimeout: PATIENCE,
    drainTimeout: 1_000,
    ...PLAIN_SERVICE,
    ...changes,
  };
  return {
    service,
    targets: targets.map((target) =>
      typeof target === 'number'
        ? { id: `tgt-${target}`, address: '127.0.0.1', port: target, weight: 10, state: 'active', eligible: true }
        : target,
    ),
  };
}

export function listenerOf(port: number, changes: Partial<PlannedListener> = {}): PlannedListener {
  return {
    id: 'lsn',
    loadBalancerId: 'lb',
    loadBalancerName: 'web',
    name: 'lsn',
    protocol: 'http',
    addresses: ['127.0.0.1'],
    port,
    serviceId: 'svc',
    idleTimeout: 5_000,
    headerTimeout: PATIENCE,
    accessLog: true,
    ...PLAIN_HTTP_LISTENER,
    ...changes,
  };
}

export function changeOf(
  services: readonly EngineService[],
  listeners: readonly PlannedListener[],
  removed: { services?: readonly string[]; listeners?: readonly string[] } = {},
): EngineChange {
  return {
    shared: new Map(),
    services: new Map<string, EngineService | null>([
      ...services.map((service) => [service.service.id, service] as const),
      ...(removed.services ?? []).map((id) => [id, null] as const),
    ]),
    listeners: new Map<string, PlannedListener | null>([
      ...listeners.map((listener) => [listener.id, listener] as const),
      ...(removed.listeners ?? []).map((id) => [id, null] as const),
    ]),
  };
}
