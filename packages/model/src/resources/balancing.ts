import { HASH, REBALANCE, TARGET_LIMITS, ZONE } from '../limits.ts';
import { HASH_KEYS, ZONE_PREFERENCES } from '../plan/balancing.ts';
import { Count, Output, Patch, Seconds, Words } from '../schema.ts';
import { type Static, type TProperties, Type } from '../type.ts';

/** How a backend service spreads its clients over its targets, beside the algorithm. */

const hash = {
  key: Words(
    HASH_KEYS,
    'What the algorithm `hash` chooses by: a `header` or `cookie` by its name, the `uri` (path and query), its `path` or ' +
      '`query`, or the `host`. Default: uri.',
  ),
  name: Type.String({
    pattern: HASH.name.pattern,
    maxLength: HASH.name.maximum,
    default: '',
    description: 'The header or cookie; empty for the other keys. Requests without it are spread over all targets.',
  }),
  loadFactor: Count(
    HASH.loadFactor,
    'For `hash` and `source-ip`: the most that a target may have under way, in percent of its fair share (100 or more, ' +
      '125 is usual); what is beyond it goes to the next target of the key. 0: no bound.',
  ),
} satisfies TProperties;

export const Hash = Output('Hash', hash);
export type Hash = Static<typeof Hash>;
export const HashPatch = Patch('HashPatch', hash);
export type HashPatch = Static<typeof HashPatch>;

const targetLimits = {
  maxConnections: Count(
    TARGET_LIMITS.maxConnections,
    'Connections that one node has with one target at most, kept ones included.',
  ),
  maxRequests: Count(
    TARGET_LIMITS.maxRequests,
    'Requests and tunnelled connections that one node has under way with one target at most.',
  ),
  queueSize: Count(
    TARGET_LIMITS.queueSize,
    'Requests and connections that wait on one node while all targets are at their limits; 0: they are refused at once.',
  ),
  queueTimeout: Seconds(TARGET_LIMITS.queueTimeout, 'How long they wait before 503.'),
} satisfies TProperties;

export const TargetLimits = Output('TargetLimits', targetLimits);
export type TargetLimits = Static<typeof TargetLimits>;
export const TargetLimitsPatch = Patch('TargetLimitsPatch', targetLimits);
export type TargetLimitsPatch = Static<typeof TargetLimitsPatch>;

const zone = {
  preference: Words(
    ZONE_PREFERENCES,
    "`prefer`: targets of a node's own zone take its traffic as far as they are healthy and have room, others the rest; " +
      '`strict`: they alone; `none`: zones do not matter. Nodes without a zone use all targets. Default: none.',
  ),
  threshold: Count(
    ZONE.threshold,
    'With `prefer`: percent of the weight of the own zone that must be healthy for it to take all; with less, it takes ' +
      'its healthy percent divided by this.',
  ),
} satisfies TProperties;

export const ZonePolicy = Output('ZonePolicy', zone);
export type ZonePolicy = Static<typeof ZonePolicy>;
export const ZonePolicyPatch = Patch('ZonePolicyPatch', zone);
export type ZonePolicyPatch = Static<typeof ZonePolicyPatch>;

const rebalance = {
  enabled: Type.Boolean({
    default: false,
    description:
      'Whether tunnelled and upgraded connections (TCP, WebSocket) are closed, a few at a time, on targets that have ' +
      'more than their share; clients must connect again.',
  }),
  rate: Count(REBALANCE.rate, 'Connections that one node closes in a second at most.'),
  minimumAge: Seconds(REBALANCE.minimumAge, 'Younger connections stay.'),
} satisfies TProperties;

export const Rebalance = Output('Rebalance', rebalance);
export type Rebalance = Static<typeof Rebalance>;
export const RebalancePatch = Patch('RebalancePatch', rebalance);
export type RebalancePatch = Static<typeof RebalancePatch>;
