import type {
  PlannedGroup,
  PlannedHealthCheck,
  PlannedListener,
  PlannedService,
  PlannedTarget,
} from '@evenkeel/model/plan/objects.ts';
import { PLAIN_CHECK, PLAIN_HTTP_LISTENER, PLAIN_SERVICE } from '@evenkeel/model/plan/plain.ts';
import type { PlannedRule } from '@evenkeel/model/plan/rules.ts';

/** Plan objects with everything filled in; a test names only what it is about. */

export function plannedCheck(given: Partial<PlannedHealthCheck> = {}): PlannedHealthCheck {
  return {
    protocol: 'http',
    port: 0,
    interval: 5000,
    timeout: 3000,
    rise: 3,
    fall: 3,
    method: 'GET',
    path: '/',
    host: '',
    httpVersion: '1.1',
    statusRanges: [[200, 399]],
    ...PLAIN_CHECK,
    ...given,
  };
}

export function plannedService(given: Partial<PlannedService> = {}): PlannedService {
  return {
    id: 'svc-1',
    name: 'service',
    protocol: 'http',
    algorithm: 'round-robin',
    groupId: 'grp-1',
    port: 8080,
    healthCheck: plannedCheck(),
    connectTimeout: 1000,
    readTimeout: 60_000,
    drainTimeout: 30_000,
    ...PLAIN_SERVICE,
    ...given,
  };
}

export function plannedTarget(given: Partial<PlannedTarget> = {}): PlannedTarget {
  return { id: 'tgt-1', address: '127.0.0.2', port: 0, weight: 10, zone: 'z1', state: 'active', ...given };
}

export function plannedGroup(given: Partial<PlannedGroup> = {}): PlannedGroup {
  return { id: 'grp-1', name: 'group', targets: [plannedTarget()], ...given };
}

export function plannedListener(given: Partial<PlannedListener> = {}): PlannedListener {
  return {
    id: 'lsn-1',
    loadBalancerId: 'lb-1',
    loadBalancerName: 'shop',
    name: 'web',
    protocol: 'http',
    addresses: ['127.0.0.1'],
    port: 80,
    serviceId: 'svc-1',
    idleTimeout: 60_000,
    headerTimeout: 10_000,
    accessLog: true,
    ...PLAIN_HTTP_LISTENER,
    ...given,
  };
}

export function plannedRule(given: Partial<PlannedRule> = {}): PlannedRule {
  return {
    id: 'rule-1',
    name: 'rule',
    priority: 10,
    match: { hosts: [], paths: [], methods: [], headers: [], cookies: [], query: [], sources: [] },
    jwt: null,
    rewrite: null,
    mirror: null,
    requestHeaders: [],
    responseHeaders: [],
    action: { type: 'forward', services: [{ serviceId: 'svc-1', weight: 1 }] },
    ...given,
  };
}
