/** The objects of a node plan: everything resolved, nothing optional, times in milliseconds, ready to be run. */

export interface PlannedListener {
  readonly id: string;
  readonly loadBalancerId: string;
  readonly loadBalancerName: string;
  readonly name: string;
  readonly protocol: 'http' | 'tcp';
  /** The load balancer's VIP, and its elastic IP when it has one. */
  readonly addresses: readonly string[];
  readonly port: number;
  /** null: an HTTP listener answers 503, a TCP listener closes. */
  readonly serviceId: string | null;
  /** A connection on which nothing moves for this long is closed (IDL-02). */
  readonly idleTimeout: number;
  /** A request head must be complete within this time from its first byte, else 408 (LSN-15). */
  readonly headerTimeout: number;
  readonly accessLog: boolean;
}

export interface PlannedService {
  readonly id: string;
  readonly name: string;
  readonly protocol: 'http' | 'tcp';
  readonly algorithm: Algorithm;
  readonly groupId: string | null;
  /** Port of targets that name none. */
  readonly port: number;
  /** null: no checks, every target takes traffic (HC-08). */
  readonly healthCheck: PlannedHealthCheck | null;
  readonly connectTimeout: number;
  /** Longest silence of a target within a request before 504. */
  readonly readTimeout: number;
  /** How long connections to a deregistered target may go on. */
  readonly drainTimeout: number;
}

export const ALGORITHMS = ['round-robin', 'least-connections', 'source-ip'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

export interface PlannedHealthCheck {
  readonly protocol: 'tcp' | 'http';
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
  /** 0: the service's port (BAK-05). */
  readonly port: number;
  /** 0–100; 0 takes no new traffic (BAK-06, BAK-07). */
  readonly weight: number;
  readonly zone: string;
}
