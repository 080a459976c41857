/** What a listener lets clients take of time, bytes and numbers, as plans carry it. */
export interface PlannedLimits {
  /** Longest wait for more of a request body, in milliseconds. */
  readonly bodyTimeout: number;
  /** Longest wait for a client to take more of a response, in milliseconds. */
  readonly sendTimeout: number;
  /** Longest wait for the next request of a connection, in milliseconds; 0: one request each. */
  readonly keepAliveTimeout: number;
  /** Bytes per second that a client has to send of a body, and to take of a response; null: any. */
  readonly minimumRate: number | null;
  /** Client connections at a time, on all workers of a node; null here and below: as many as there are. */
  readonly connections: number | null;
  readonly connectionsPerSecond: number | null;
  readonly requestsPerSecond: number | null;
  readonly requestsPerConnection: number | null;
  /** Bytes of a request's body, without the framing of chunks. */
  readonly bodySize: number | null;
  /** Bytes of a request's head. */
  readonly headerSize: number;
  /** Fields of a request's head. */
  readonly headerCount: number;
  /** Bytes of a request's target. */
  readonly targetLength: number;
}

/** How many of something in a second, and how many at once after a pause. */
export interface PlannedRate {
  readonly perSecond: number;
  readonly burst: number;
}

/** What one source may do: an IPv4 address, or the first 64 bits of an IPv6 one. null: any number. */
export interface PlannedSourceLimits {
  /** TCP connections and sessions of UDP. */
  readonly connections: PlannedRate | null;
  /** Of HTTP. */
  readonly requests: PlannedRate | null;
  readonly packets: PlannedRate | null;
}

/** SYN in a second, of all sources, from which on there is a flood, and those below which it ends. */
export interface PlannedSynAlarm {
  readonly alarm: number;
  readonly calm: number;
}

/** What all listeners of a load balancer may take together on a node; null: as much as there is. */
export interface PlannedLoadBalancerLimits {
  readonly connections: number | null;
  readonly connectionsPerSecond: number | null;
  readonly requestsPerSecond: number | null;
}

/** What holds where a plan says nothing: one of a version that did not know of limits. */
export const STANDARD_LIMITS: PlannedLimits = {
  bodyTimeout: 60_000,
  sendTimeout: 60_000,
  keepAliveTimeout: 75_000,
  minimumRate: 240,
  connections: null,
  connectionsPerSecond: null,
  requestsPerSecond: null,
  requestsPerConnection: null,
  bodySize: null,
  headerSize: 16_384,
  headerCount: 128,
  targetLength: 8_192,
};
