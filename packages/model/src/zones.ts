/** Where things are: regions, and the zones in them, which fail apart from each other. */

/** What an installation begins with, and where nodes are that name no zone. Neither can be deleted. */
export const LOCAL_REGION = { id: 'rgn-000000000000000000', name: 'local' } as const;
export const LOCAL_ZONE = { id: 'zn-000000000000000000', name: 'local' } as const;

/** Names of zones: nodes and targets say them on command lines and in documents. */
export const ZONE_NAME = { minLength: 1, maxLength: 63, pattern: '^[A-Za-z0-9._-]+$' } as const;

/**
 * Seconds that a node may be away, or leave a plan without an answer, until operations end without it. After as long away,
 * others take its place where a number is wanted.
 */
export const NODE_GONE_AFTER = 120;

/** Seconds in which the connections of a node that is drained may end. */
export const NODE_DRAIN = { minimum: 0, maximum: 86_400, default: 300 } as const;

/** Seconds that others have to take over what a node has, when the deadline of its drain is sooner. */
export const NODE_TAKE_OVER = 60;

/** Of one load balancer: zones that it names, and nodes in each of them: with one, its end would be noticed. */
export const PLACEMENT = { zones: 16, nodesPerZone: { minimum: 2, maximum: 64 } } as const;

/** Regions and zones of an installation. */
export const MOST_REGIONS = 100;
export const MOST_ZONES = 1_000;
