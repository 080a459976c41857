import { HASH, REBALANCE, TARGET_LIMITS, ZONE } from '@evenkeel/model/limits.ts';
import { HASH_KEYS, ZONE_PREFERENCES } from '@evenkeel/model/plan/balancing.ts';
import { type Field, integer, onOff, standard, text, word } from './fields.ts';

/** The fields of balancing that the command line can set, beside the algorithm; see resource-fields.ts. */
export const balancingFields: readonly Field[] = [
  {
    flag: 'hash-key',
    field: 'hash.key',
    value: word(HASH_KEYS),
    help: 'what the algorithm hash chooses a target by (default uri)',
  },
  {
    flag: 'hash-name',
    field: 'hash.name',
    value: text('name'),
    help: 'the header or cookie of that key',
  },
  {
    flag: 'hash-load-factor',
    field: 'hash.loadFactor',
    value: integer('percent'),
    help:
      'the most that a target may have under way, in percent of its fair share, for hash and source-ip ' +
      `(0: no bound, or 100 to ${HASH.loadFactor.maximum}; default ${HASH.loadFactor.default})`,
  },
  {
    flag: 'target-max-connections',
    field: 'targetLimits.maxConnections',
    value: integer('count'),
    help: `connections of a node with one target ${standard(TARGET_LIMITS.maxConnections)}`,
  },
  {
    flag: 'target-max-requests',
    field: 'targetLimits.maxRequests',
    value: integer('count'),
    help: `requests of a node under way with one target ${standard(TARGET_LIMITS.maxRequests)}`,
  },
  {
    flag: 'queue-size',
    field: 'targetLimits.queueSize',
    value: integer('count'),
    help: `requests that wait on a node while all targets are at their limits ${standard(TARGET_LIMITS.queueSize)}`,
  },
  {
    flag: 'queue-timeout',
    field: 'targetLimits.queueTimeout',
    value: integer('seconds'),
    help: `how long they wait before 503 ${standard(TARGET_LIMITS.queueTimeout)}`,
  },
  {
    flag: 'zone-preference',
    field: 'zone.preference',
    value: word(ZONE_PREFERENCES),
    help: "whether targets of a node's own zone come first (default none)",
  },
  {
    flag: 'zone-threshold',
    field: 'zone.threshold',
    value: integer('percent'),
    help: `of the own zone that must be healthy for it to take all traffic ${standard(ZONE.threshold)}`,
  },
  {
    flag: 'rebalance',
    field: 'rebalance.enabled',
    value: onOff,
    help: 'whether long-lived connections are closed on targets that have more than their share (default off)',
  },
  {
    flag: 'rebalance-rate',
    field: 'rebalance.rate',
    value: integer('count'),
    help: `connections that a node closes in a second ${standard(REBALANCE.rate)}`,
  },
  {
    flag: 'rebalance-minimum-age',
    field: 'rebalance.minimumAge',
    value: integer('seconds'),
    help: `younger connections stay ${standard(REBALANCE.minimumAge)}`,
  },
];
