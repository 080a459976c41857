/** Limits of who asks, how often, and by which credentials; see limits.ts for all others. */

/** Requests that the API takes in a second, and ten times as many at once. `--rate-limit` changes them. */
export const DEFAULT_RATE_LIMITS = {
  /** By address, whoever asks; of IPv6 by its first 64 bits. */
  requestsPerSource: 1_000,
  requestsPerUser: 500,
  /** Of one token, access key or session. */
  requestsPerCredential: 200,
  /** Without a credential that is known. */
  failuresPerSource: 50,
} as const;
export type RateLimitName = keyof typeof DEFAULT_RATE_LIMITS;
export type RateLimits = Readonly<Record<RateLimitName, number>>;
export const RATE_LIMIT = { minimum: 1, maximum: 1_000_000 } as const;

/** Days that an access token is good for. */
export const TOKEN_DAYS = { minimum: 1, maximum: 3_650, default: 90 } as const;

/** Characters of a password: NIST SP 800-63B asks for eight at least, and for room for a sentence. */
export const PASSWORD = { minimum: 12, maximum: 128 } as const;
/** Minutes without a request, and hours in any case, after which a session ends; of one user, and of all. */
export const SESSION = { idleMinutes: 30, hours: 12, perUser: 20, total: 10_000 } as const;
/** Statements of one access policy, patterns of one statement, policies of one user. */
export const ACCESS_POLICY = { statements: 20, patterns: 50, patternLength: 64, perUser: 10 } as const;
/**
 * Seconds that the clock of who signs a request may be wrong by, and so for how long a signature is good; that of who
 * signs a write may be ahead by less, which bounds for how long after a start such a signature may have been used before,
 * where it is not known how far they had got (`settle`, in which the clocks of two control planes may differ, too).
 */
export const SIGNATURE = { skew: 300, ahead: 10, settle: 15, nonceLength: 64 } as const;
