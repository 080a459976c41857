import type { PlannedHash, PlannedRebalance, PlannedTargetLimits, PlannedZone } from './balancing.ts';
import type { PlannedHttp } from './http.ts';
import type { PlannedLimits, PlannedLoadBalancerLimits, PlannedSourceLimits, PlannedSynAlarm } from './limits.ts';
import type { ForwardingMode, TargetFailureAction } from './network.ts';
import type { PlannedOutlierDetection, PlannedRetry } from './resilience.ts';
import type { PlannedStickiness, TargetState } from './stickiness.ts';
import type { PlannedTargetTls, PlannedTls } from './tls.ts';

/** The objects of a node plan: everything resolved, nothing optional, times in milliseconds, ready to be run. */

export const LISTENER_PROTOCOLS = ['http', 'https', 'tcp', 'tls', 'udp', 'tcp-udp'] as const;
/** `https` and `tls` are `http` and `tcp` behind TLS that ends here; `tcp-udp` is both on the same port. */
export type ListenerProtocol = (typeof LISTENER_PROTOCOLS)[number];

export interface PlannedListener {
  readonly id: string;
  readonly loadBalancerId: string;
  readonly loadBalancerName: string;
  readonly name: string;
  readonly protocol: ListenerProtocol;
  /** The load balancer's VIP, and its elastic IP when it has one. */
  readonly addresses: readonly string[];
  readonly port: number;
  /** Absent: one port; else the last of a range, and targets hear on the port that the client asked for. */
  readonly lastPort?: number;
  /** Of a network load balancer: packets may be forwarded in the kernel; absent: no. */
  readonly isNetwork?: boolean;
  /** null: an HTTP listener answers 503, a TCP listener closes. */
  readonly serviceId: string | null;
  /** A connection on which nothing moves for this long is closed. */
  readonly idleTimeout: number;
  /** A request head must be complete within this time from its first byte, else 408. */
  readonly headerTimeout: number;
  /** Absent in plans of versions that did not know of them: `STANDARD_LIMITS`. */
  readonly limits?: PlannedLimits;
  /**
   * What its load balancer may send to clients, with all its listeners on a node, in bytes per second; absent: as much as
   * there is.
   */
  readonly bandwidth?: number;
  /** Absent: no source is limited. */
  readonly sourceLimits?: PlannedSourceLimits;
  /** Absent: nobody looks for floods. */
  readonly synAlarm?: PlannedSynAlarm;
  /** The same in each listener of a load balancer; absent: there are none. */
  readonly loadBalancerLimits?: PlannedLoadBalancerLimits;
  readonly accessLog: boolean;
  /** As `access-log-format.ts` has it; null, or absent from older plans: the node's. */
  readonly accessLogFormat?: string | null;
  /** null for `http` and `tcp`. */
  readonly tls: PlannedTls | null;
  /** null for `tcp` and `tls`. */
  readonly http: PlannedHttp | null;
  /** What it does with requests; null: everything goes to the service. */
  readonly ruleGroupId: string | null;
  /** TLS pass-through on `tcp`: the service by the SNI of the ClientHello; no name fits: `serviceId`. */
  readonly serverNames: readonly { readonly name: string; readonly serviceId: string }[];
  /** Clients announce themselves by PROXY protocol, version 1 or 2, if they come from a trusted proxy. */
  readonly acceptProxyProtocol: boolean;
  /** CIDR blocks of proxies whose word on the client's address counts. */
  readonly trustedProxies: readonly string[];
  /** Whose block list is asked; absent: that of the tenant that an installation begins with. */
  readonly tenantId?: string;
  /** Identifiers of the security groups that decide who may connect; absent: everybody may. */
  readonly securityGroups?: readonly string[];
  /** CIDR blocks that may connect, if those allow it too; absent: all. */
  readonly allowedSources?: readonly string[];
}

export const SERVICE_PROTOCOLS = ['http', 'tcp', 'udp', 'tcp-udp'] as const;
export type ServiceProtocol = (typeof SERVICE_PROTOCOLS)[number];

export interface PlannedService {
  readonly id: string;
  readonly name: string;
  readonly protocol: ServiceProtocol;
  /** On the kernel datapath; absent: `nat`. */
  readonly forwardingMode?: ForwardingMode;
  /** With `nat`: targets see an address of the node in place of the client's; absent: they see the client's. */
  readonly sourceNat?: boolean;
  /** Connections to a target that is found unhealthy while others are not; absent: `move`. */
  readonly onTargetFailure?: TargetFailureAction;
  readonly algorithm: Algorithm;
  readonly groupId: string | null;
  /** Port of targets that name none. */
  readonly port: number;
  /** null: no checks, every target takes traffic. */
  readonly healthCheck: PlannedHealthCheck | null;
  readonly connectTimeout: number;
  /** Longest silence of a target within a request before 504. */
  readonly readTimeout: number;
  /** Longest wait for a target to take more of a request before 504; absent in older plans: `readTimeout`. */
  readonly sendTimeout?: number;
  /** How long connections to a deregistered target may go on. */
  readonly drainTimeout: number;
  readonly stickiness: PlannedStickiness | null;
  /** null: plain. */
  readonly tls: PlannedTargetTls | null;
  /** PROXY protocol to the targets: its version; 0: none. */
  readonly proxyProtocol: 0 | 1 | 2;
  /** Targets see the client's own address as the source of connections. */
  readonly transparent: boolean;
  // Absent in plans of versions that did not know of them, see balancing.ts.
  readonly hash?: PlannedHash;
  readonly targetLimits?: PlannedTargetLimits;
  readonly zone?: PlannedZone;
  /** null or absent: connections stay where they are. */
  readonly rebalance?: PlannedRebalance | null;
  /** The same, see resilience.ts. */
  readonly outlierDetection?: PlannedOutlierDetection | null;
  readonly slowStart?: number;
  readonly failOpen?: number;
  readonly retry?: PlannedRetry;
}

export const ALGORITHMS = [
  'round-robin',
  'least-connections',
  'source-ip',
  'hash',
  'power-of-two',
  'peak-ewma',
] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

export const CHECK_PROTOCOLS = ['tcp', 'tls', 'http', 'https', 'grpc', 'grpcs', 'udp'] as const;
/** What is said to the target; `tls`, `https` and `grpcs` say it within TLS. */
export type CheckProtocol = (typeof CHECK_PROTOCOLS)[number];

export interface PlannedHealthCheck {
  readonly protocol: CheckProtocol;
  /** 0: the port that traffic goes to. */
  readonly port: number;
  readonly interval: number;
  readonly timeout: number;
  /** Successes in a row until healthy. */
  readonly rise: number;
  /** Failures in a row until unhealthy. */
  readonly fall: number;
  readonly method: 'GET' | 'HEAD';
  readonly path: string;
  /** Host header; empty: the target's address. */
  readonly host: string;
  readonly httpVersion: '1.0' | '1.1';
  /** Status codes that count as success: inclusive ranges. */
  readonly statusRanges: readonly (readonly [number, number])[];
  /** What `tcp`, `tls` and `udp` send, in hexadecimal; empty: nothing, or for udp a text of the prober's own. */
  readonly send: string;
  /** What has to be in the answer, in hexadecimal; empty: no answer is waited for, or for udp any will do. */
  readonly expect: string;
  /** The service that `grpc` asks about; empty: the server as a whole. */
  readonly grpcService: string;
  /** Probes by http and https that a connection carries while they succeed; 1: each has its own. */
  readonly checksPerConnection: number;
  /** null for those that do not say it within TLS. */
  readonly tls: PlannedTargetTls | null;
}

export interface PlannedGroup {
  readonly id: string;
  readonly name: string;
  readonly targets: readonly PlannedTarget[];
}

export interface PlannedTarget {
  readonly id: string;
  /** IPv4 or IPv6 literal. */
  readonly address: string;
  /** 0: the service's port. */
  readonly port: number;
  /** 0–100; 0 takes no new traffic. */
  readonly weight: number;
  readonly zone: string;
  readonly state: TargetState;
}
