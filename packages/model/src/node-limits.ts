/** Limits of what makes a node one; see limits.ts for all others. */

/** Seconds that a join token is good for; nodes that can join with it; how many tokens there may be that are good. */
export const JOIN_TOKEN = {
  ttl: { minimum: 60, maximum: 30 * 86_400, default: 3_600 },
  uses: { minimum: 1, maximum: 1_000, default: 1 },
  active: 1_000,
} as const;

/** The name of a zone that nodes are in. */
export const NODE_ZONE = { pattern: '^[A-Za-z0-9._-]+$', minLength: 1, maxLength: 63 } as const;

/** Hours that the certificate of a node is good for. */
export const NODE_CERTIFICATE_HOURS = { minimum: 1, maximum: 8_760, default: 168 } as const;

/** Which nodes the token is good for that they all share: those of the control plane's own machine, or all. */
export const SHARED_NODE_TOKEN = ['local', 'anywhere'] as const;
export type SharedNodeToken = (typeof SHARED_NODE_TOKEN)[number];
