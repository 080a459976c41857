/** How a service spreads its clients over its targets, as plans carry it. Times in milliseconds. */

export const HASH_KEYS = ['header', 'cookie', 'uri', 'path', 'query', 'host'] as const;
/** What of a request the algorithm `hash` chooses by: a named field or cookie, or a part of the target URI. */
export type HashKey = (typeof HASH_KEYS)[number];

export interface PlannedHash {
  readonly key: HashKey;
  /** Of the header (in lower case) or the cookie; empty for the other keys. */
  readonly name: string;
  /**
   * The most that a target may have under way, in percent of its fair share (Mirrokni et al., "Consistent hashing with
   * bounded loads"); 0: no bound. For `hash` and `source-ip`.
   */
  readonly loadFactor: number;
}

/** What one node puts on one target at most, over all its workers, and what waits when all targets have that. */
export interface PlannedTargetLimits {
  /** Connections, kept ones included. */
  readonly maxConnections: number;
  /** Requests and tunnels under way. */
  readonly maxRequests: number;
  /** Requests and connections of the service that wait for a target; 0: none does. */
  readonly queueSize: number;
  readonly queueTimeout: number;
}

export const ZONE_PREFERENCES = ['none', 'prefer', 'strict'] as const;
export type ZonePreference = (typeof ZONE_PREFERENCES)[number];

export interface PlannedZone {
  /**
   * `none`: zones do not matter; `prefer`: targets of the node's own zone, as far as they are enough; `strict`: they
   * alone. A node without a zone has no targets of its own zone, and uses all.
   */
  readonly preference: ZonePreference;
  /** Percent of the weight of the own zone that must be healthy for it to take everything. */
  readonly threshold: number;
}

export interface PlannedRebalance {
  /** Long-lived connections that one node closes in a second at most, so that they are made anew elsewhere. */
  readonly rate: number;
  /** Younger connections stay. */
  readonly minimumAge: number;
}

// What services are that say nothing else, and those of plans that older versions made.

export const STANDARD_HASH: PlannedHash = { key: 'uri', name: '', loadFactor: 0 };

export const STANDARD_TARGET_LIMITS: PlannedTargetLimits = {
  maxConnections: 10_000,
  maxRequests: 10_000,
  queueSize: 128,
  queueTimeout: 5_000,
};

export const STANDARD_ZONE: PlannedZone = { preference: 'none', threshold: 70 };
