import { CONNECT_TIMEOUT } from '@evenkeel/model/limits.ts';
import { STANDARD_HASH, STANDARD_TARGET_LIMITS } from '@evenkeel/model/plan/balancing.ts';
import { transportsOf } from '@evenkeel/model/plan/network.ts';
import type { PlannedListener, PlannedService } from '@evenkeel/model/plan/objects.ts';
import { PLAIN_OUTLIER_DETECTION, PLAIN_RETRY, type PlannedRetry } from '@evenkeel/model/plan/resilience.ts';

/** Of services that say nothing, in this version and in others. */
const USUAL_RETRIES: readonly PlannedRetry[] = [
  PLAIN_RETRY,
  { ...PLAIN_RETRY, conditions: ['connect-failure', 'no-response'] },
];

/**
 * What the kernel makes of a setting: it keeps it; or the setting is about something that network load balancers do not
 * have, on either datapath; or it depends on the value: empty for one that the kernel keeps, else why it does not.
 */
type Verdict<Whole> = 'kept' | 'unused' | ((whole: Whole) => string);
type Verdicts<Whole> = { readonly [Name in keyof Required<Whole>]: Verdict<Whole> };

/** Every setting is here: one that is new does not compile before somebody has said what the kernel makes of it. */
export const LISTENER_SETTINGS: Verdicts<PlannedListener> = {
  id: 'kept',
  loadBalancerId: 'kept',
  loadBalancerName: 'kept',
  name: 'kept',
  protocol: 'kept',
  addresses: 'kept',
  port: 'kept',
  lastPort: 'kept',
  isNetwork: 'kept',
  serviceId: 'kept',
  // How long a flow is remembered; connections are not closed for being idle.
  idleTimeout: 'kept',
  headerTimeout: 'unused',
  limits: ({ limits }) =>
    limits === undefined || (limits.connections === null && limits.connectionsPerSecond === null)
      ? ''
      : 'limits of connections are kept by the proxy',
  bandwidth: ({ bandwidth }) => (bandwidth === undefined ? '' : 'the bandwidth of its elastic IP is kept by the proxy'),
  // Requests are a matter of HTTP.
  sourceLimits: 'kept',
  synAlarm: 'kept',
  loadBalancerLimits: ({ loadBalancerLimits }) =>
    loadBalancerLimits === undefined ? '' : 'the specification of the load balancer is kept by the proxy',
  // What is on by default does not decide: the kernel has counters and flows in place of a log.
  accessLog: 'unused',
  accessLogFormat: 'unused',
  tls: ({ tls }) => (tls === null ? '' : 'TLS ends in the proxy'),
  http: 'unused',
  ruleGroupId: 'unused',
  serverNames: ({ serverNames }) => (serverNames.length === 0 ? '' : 'server names are read by the proxy'),
  acceptProxyProtocol: ({ acceptProxyProtocol }) =>
    acceptProxyProtocol ? 'the PROXY protocol is spoken by the proxy' : '',
  // They only matter with the PROXY protocol.
  trustedProxies: 'unused',
  tenantId: 'kept',
  securityGroups: 'kept',
  allowedSources: 'kept',
};

export const SERVICE_SETTINGS: Verdicts<PlannedService> = {
  id: 'kept',
  name: 'kept',
  protocol: 'kept',
  forwardingMode: 'kept',
  sourceNat: 'kept',
  onTargetFailure: 'kept',
  algorithm: ({ algorithm }) => {
    switch (algorithm) {
      case 'round-robin': // flows are spread by weight
      case 'source-ip':
        return '';
      case 'least-connections':
      case 'power-of-two':
      case 'peak-ewma':
        return `algorithm ${algorithm} goes by what targets have under way, which the proxy knows`;
      case 'hash':
        return 'algorithm hash goes by requests, which are read by the proxy';
    }
  },
  groupId: 'kept',
  port: 'kept',
  healthCheck: 'kept',
  connectTimeout: (service) =>
    service.connectTimeout === CONNECT_TIMEOUT.default * 1_000 || !transportsOf(service).tcp
      ? ''
      : 'connections to targets are opened, and given up, by the proxy: connectTimeout is not its default',
  readTimeout: 'unused',
  sendTimeout: 'unused',
  drainTimeout: 'kept',
  stickiness: ({ stickiness }) =>
    stickiness === null || stickiness.type === 'source-ip' ? '' : 'cookies are read by the proxy',
  tls: ({ tls }) => (tls === null ? '' : 'TLS to targets is spoken by the proxy'),
  proxyProtocol: ({ proxyProtocol }) => (proxyProtocol === 0 ? '' : 'the PROXY protocol is spoken by the proxy'),
  // In the kernel targets see the client anyway.
  transparent: 'kept',
  hash: ({ algorithm, hash = STANDARD_HASH }) =>
    algorithm === 'source-ip' && hash.loadFactor !== 0
      ? 'a load factor goes by what targets have under way, which the proxy knows'
      : '',
  targetLimits: ({ targetLimits = STANDARD_TARGET_LIMITS }) =>
    isSame(targetLimits, STANDARD_TARGET_LIMITS) ? '' : 'limits of targets are kept by the proxy',
  zone: 'kept',
  rebalance: ({ rebalance = null }) =>
    rebalance === null ? '' : 'connections are moved to other targets by the proxy',
  // What services have that say nothing does not decide: in the kernel, targets are as healthy as their checks say.
  outlierDetection: ({ outlierDetection = null }) =>
    outlierDetection === null || isSame(outlierDetection, PLAIN_OUTLIER_DETECTION)
      ? ''
      : 'what connections say of targets is seen by the proxy',
  slowStart: ({ slowStart = 0 }) => (slowStart === 0 ? '' : 'targets are started slowly by the proxy'),
  failOpen: 'kept',
  // A service that asks one target has no retries, whoever carries it; what services have that say nothing is a retry of
  // connections that cannot be opened, which in the kernel clients do themselves.
  retry: ({ retry = PLAIN_RETRY }) =>
    retry.attempts === 1 || USUAL_RETRIES.some((usual) => isSame(retry, usual))
      ? ''
      : 'connections that fail are tried again by the proxy',
};

/** The first setting that only the proxy keeps, as a sentence; empty: the kernel keeps them all. */
export function unkeptSetting(listener: PlannedListener, service: PlannedService): string {
  return firstReason(LISTENER_SETTINGS, listener) || firstReason(SERVICE_SETTINGS, service);
}

function firstReason<Whole>(verdicts: Verdicts<Whole>, whole: Whole): string {
  for (const verdict of Object.values<Verdict<Whole>>(verdicts)) {
    if (typeof verdict !== 'function') continue;
    const reason = verdict(whole);
    if (reason !== '') return reason;
  }
  return '';
}

/** Plans have the members of these in any order, and those that they know. */
function isSame<Settings extends object>(given: Settings, standard: Settings): boolean {
  return Object.entries(standard).every(([name, value]) => {
    const its: unknown = given[name as keyof Settings];
    return Array.isArray(value) ? JSON.stringify(its) === JSON.stringify(value) : its === value;
  });
}
