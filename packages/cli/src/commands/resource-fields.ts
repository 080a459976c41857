import { LOG_FORMAT_NAMES } from '@evenkeel/model/access-log-format.ts';
import {
  CONNECT_TIMEOUT,
  DRAIN_TIMEOUT,
  ELASTIC_IP_BANDWIDTH,
  HEADER_TIMEOUT,
  IDLE_TIMEOUT,
  READ_TIMEOUT,
  TARGET_SEND_TIMEOUT,
  WEIGHT,
} from '@evenkeel/model/limits.ts';
import { REQUEST_ID_MODES } from '@evenkeel/model/plan/http.ts';
import { FORWARDING_MODES, TARGET_FAILURE_ACTIONS } from '@evenkeel/model/plan/network.ts';
import { ALGORITHMS } from '@evenkeel/model/plan/objects.ts';
import { RULE_ORDERS } from '@evenkeel/model/plan/rules.ts';
import { TARGET_STATES } from '@evenkeel/model/plan/stickiness.ts';
import { PROXY_PROTOCOLS } from '@evenkeel/model/settings.ts';
import { PLACEMENT } from '@evenkeel/model/zones.ts';
import { balancingFields } from './balancing-fields.ts';
import {
  type Field,
  integer,
  integerOrNone,
  onOff,
  standard,
  tags,
  text,
  textOrNone,
  word,
  wordsOrNone,
} from './fields.ts';
import { healthFields } from './health-fields.ts';
import { httpFields, sourceFields } from './http-fields.ts';
import { limitFields } from './limit-fields.ts';
import { resilienceFields } from './resilience-fields.ts';
import { stickinessFields } from './stickiness-fields.ts';
import { protocolFields, targetTlsFields, tlsFields } from './tls-fields.ts';

/**
 * The fields of each resource that the command line can set. The API's schemas say what a value may be; they are not
 * read here, because help has to come at once. A test compares.
 */

export const nameField: Field = { flag: 'name', field: 'name', value: text('name'), help: 'name' };

export const commonFields: readonly Field[] = [
  { flag: 'description', field: 'description', value: text('text'), help: 'free text' },
  {
    flag: 'tag',
    field: 'tags',
    value: tags,
    help: 'a key and value of your own, several times; replaces all; "none": no tags',
  },
];

export const loadBalancerFields: readonly Field[] = [
  ...commonFields,
  {
    flag: 'specification',
    field: 'specification',
    value: text('name'),
    help: 'what it may take on a node, over all of its listeners: see "evenkeel specification list" (default unlimited)',
  },
  {
    flag: 'deletion-protection',
    field: 'deletionProtection',
    value: onOff,
    help: 'whether deletion is refused (default off)',
  },
  {
    flag: 'zones',
    field: 'zones',
    value: wordsOrNone('zones'),
    help: 'zones whose nodes have it, with commas; "none": all zones of its region (default)',
  },
  {
    flag: 'nodes-per-zone',
    field: 'nodesPerZone',
    value: integerOrNone('count'),
    help: `so many nodes of each zone have it (${PLACEMENT.nodesPerZone.minimum} to ${PLACEMENT.nodesPerZone.maximum}); "none": all (default)`,
  },
];

export const listenerFields: readonly Field[] = [
  ...commonFields,
  { flag: 'enabled', field: 'enabled', value: onOff, help: 'whether it listens (default on)' },
  {
    flag: 'idle-timeout',
    field: 'idleTimeout',
    value: integer('seconds'),
    help:
      `until a connection on which nothing moves is closed (${IDLE_TIMEOUT.minimum} to ${IDLE_TIMEOUT.maximum}; ` +
      `default ${IDLE_TIMEOUT.default.http} for http, ${IDLE_TIMEOUT.default.tcp} for tcp, ${IDLE_TIMEOUT.default.udp} for udp and tcp-udp)`,
  },
  {
    flag: 'header-timeout',
    field: 'headerTimeout',
    value: integer('seconds'),
    help: `until the head of an HTTP request must be complete ${standard(HEADER_TIMEOUT)}`,
  },
  ...limitFields,
  { flag: 'access-log', field: 'accessLog', value: onOff, help: 'whether it writes the access log (default on)' },
  {
    flag: 'access-log-format',
    field: 'accessLogFormat',
    value: textOrNone('format'),
    help:
      `${LOG_FORMAT_NAMES.join(', ')}, or a template such as '$remote_addr $status $request_id'; ` +
      'none: as the node is set (default none)',
  },
  {
    flag: 'request-id',
    field: 'requestId',
    value: word(REQUEST_ID_MODES),
    help: 'who is told the identifier of a request (default errors)',
  },
  ...httpFields,
  ...sourceFields,
  ...tlsFields,
];

/** What a backend service does with its targets. */
export const forwardingFields: readonly Field[] = [
  {
    flag: 'algorithm',
    field: 'algorithm',
    value: word(ALGORITHMS),
    help: 'how a target is chosen (default round-robin)',
  },
  {
    flag: 'forwarding-mode',
    field: 'forwardingMode',
    value: word(FORWARDING_MODES),
    help: 'how packets reach targets where the kernel carries them; network load balancers alone (default nat)',
  },
  {
    flag: 'source-nat',
    field: 'sourceNat',
    value: onOff,
    help:
      'whether targets see the node in place of the client where the kernel carries packets by nat, so that they need no ' +
      'route back through it; network load balancers alone (default off)',
  },
  {
    flag: 'on-target-failure',
    field: 'onTargetFailure',
    value: word(TARGET_FAILURE_ACTIONS),
    help: 'connections to a target that is found unhealthy; network load balancers alone (default move)',
  },
  ...balancingFields,
  ...resilienceFields,
  {
    flag: 'drain-timeout',
    field: 'drainTimeout',
    value: integer('seconds'),
    help: `how long connections to a deregistered target may go on ${standard(DRAIN_TIMEOUT)}`,
  },
  {
    flag: 'connect-timeout',
    field: 'connectTimeout',
    value: integer('seconds'),
    help: `until a connection to a target must be open ${standard(CONNECT_TIMEOUT)}`,
  },
  {
    flag: 'read-timeout',
    field: 'readTimeout',
    value: integer('seconds'),
    help: `longest silence of a target within an HTTP request ${standard(READ_TIMEOUT)}`,
  },
  {
    flag: 'send-timeout',
    field: 'sendTimeout',
    value: integer('seconds'),
    help: `longest wait for a target to take more of an HTTP request ${standard(TARGET_SEND_TIMEOUT)}`,
  },
  ...stickinessFields,
  {
    flag: 'proxy-protocol',
    field: 'proxyProtocol',
    value: word(PROXY_PROTOCOLS),
    help: 'the version of the PROXY protocol that targets get (default none)',
  },
  {
    flag: 'transparent',
    field: 'transparent',
    value: onOff,
    help: "whether targets see the client's own address (default off)",
  },
  ...targetTlsFields,
  ...healthFields,
];

export const serviceFields: readonly Field[] = [...commonFields, ...forwardingFields];

export const ruleGroupFields: readonly Field[] = [
  ...commonFields,
  {
    flag: 'order',
    field: 'order',
    value: word(RULE_ORDERS),
    help: 'which rule wins of those that match (default priority)',
  },
];

export const targetGroupFields: readonly Field[] = commonFields;

export const elasticIpFields: readonly Field[] = [
  ...commonFields,
  {
    flag: 'bandwidth',
    field: 'bandwidth',
    value: integerOrNone('megabits'),
    help:
      `what its load balancer may send to clients on a node, in Mbit/s (${ELASTIC_IP_BANDWIDTH.minimum} to ` +
      `${ELASTIC_IP_BANDWIDTH.maximum}, or "none"; default none)`,
  },
];

export const certificateFields: readonly Field[] = commonFields;

export const authorityFields: readonly Field[] = commonFields;

export const securityGroupFields: readonly Field[] = commonFields;

export const specificationFields: readonly Field[] = [
  ...commonFields,
  {
    flag: 'connections',
    field: 'connections',
    value: integerOrNone('number'),
    help: 'connections and sessions of UDP at a time, or "none"',
  },
  {
    flag: 'connections-per-second',
    field: 'connectionsPerSecond',
    value: integerOrNone('number'),
    help: 'new connections and sessions of UDP a second, or "none"',
  },
  {
    flag: 'requests-per-second',
    field: 'requestsPerSecond',
    value: integerOrNone('number'),
    help: 'requests of HTTP a second, or "none"',
  },
];

export const vpcFields: readonly Field[] = commonFields;

export const subnetFields: readonly Field[] = [
  ...commonFields,
  {
    flag: 'gateway',
    field: 'gateway',
    value: textOrNone('address'),
    help: 'of the router, never given to a load balancer; none: there is none (default: its second address)',
  },
  {
    flag: 'reserved',
    field: 'reserved',
    value: wordsOrNone('networks'),
    help: 'addresses and CIDR blocks that are never given to a load balancer, with commas; replaces all',
  },
  { flag: 'zone', field: 'zone', value: text('zone'), help: 'the zone that its load balancers are in; "" for none' },
];

export const securityPolicyFields: readonly Field[] = [...commonFields, ...protocolFields];

export const targetFields: readonly Field[] = [
  {
    flag: 'weight',
    field: 'weight',
    value: integer('weight'),
    help: `share of the traffic relative to the others; 0 takes no new traffic ${standard(WEIGHT)}`,
  },
  { flag: 'zone', field: 'zone', value: text('zone'), help: 'where it is' },
  {
    flag: 'state',
    field: 'state',
    value: word(TARGET_STATES),
    help: 'draining: only clients that stick to it; disabled: nobody (default active)',
  },
];
