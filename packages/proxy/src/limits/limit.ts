/**
 * The limits at which something is refused or ended. Counted per listener as `row[ListenerCell.limits + limit]!++`, and
 * named in the log beside the reason, which says whose doing it was. The numbers may change from one version to the
 * next, the names may not.
 */
export const Limit = {
  connections: 0,
  connectionsPerSecond: 1,
  requestsPerSecond: 2,
  bodySize: 3,
  headerSize: 4,
  headerCount: 5,
  targetLength: 6,
  headerTimeout: 7,
  bodyTimeout: 8,
  sendTimeout: 9,
  /** Slower than `minimumRate`, either way. */
  minimumRate: 10,
  /** Connections of a worker that owe it a head. */
  waitingHeads: 11,
  /** The worker has too much to do, or too little left of something; see overload/. */
  overload: 12,
  /** Sessions of UDP, of a listener or of all; see datagrams/session-places.ts. */
  udpSessions: 13,
  /** Of one source; see source-limits.ts. */
  sourceConnectionsPerSecond: 14,
  sourceRequestsPerSecond: 15,
  sourcePacketsPerSecond: 16,
  /**
   * Of what goes to clients: datagrams beyond are lost, while connections wait, and what is new is refused where they
   * keep as many buffers as they may. See bandwidth/.
   */
  bandwidth: 17,
  /** Of all listeners of the load balancer together; see load-balancer-limits.ts. */
  loadBalancerConnections: 18,
  loadBalancerConnectionsPerSecond: 19,
  loadBalancerRequestsPerSecond: 20,
} as const;
export type Limit = (typeof Limit)[keyof typeof Limit];

/** No limit was reached. */
export const NO_LIMIT = -1;

/** Whether a request at this limit is answered 429: it may come again in a second. */
export function isOfRequestRate(limit: Limit): boolean {
  return (
    limit === Limit.requestsPerSecond ||
    limit === Limit.sourceRequestsPerSecond ||
    limit === Limit.loadBalancerRequestsPerSecond
  );
}

/** By limit, as in metrics and logs. */
export const LIMITS: readonly string[] = Object.entries(Limit)
  .sort(([, a], [, b]) => a - b)
  .map(([name]) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`));
