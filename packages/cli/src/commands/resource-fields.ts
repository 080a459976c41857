import {
  CONNECT_TIMEOUT,
  DRAIN_TIMEOUT,
  HEADER_TIMEOUT,
  HEALTH_CHECK,
  IDLE_TIMEOUT,
  READ_TIMEOUT,
  WEIGHT,
} from '@evenkeel/model/limits.ts';
import { ALGORITHMS } from '@evenkeel/model/plan/objects.ts';
import { type Field, integer, onOff, portOrNone, tags, text, word, words } from './fields.ts';

/**
 * The fields of each resource that the command line can set. The API's schemas say what a value may be; they are not
 * read here, because help has to come at once. A test compares.
 */

interface Limit {
  readonly minimum: number;
  readonly maximum: number;
  readonly default: number | object;
}
const range = (limit: Limit) => `${limit.minimum} to ${limit.maximum}`;
const standard = (limit: Limit) => `(${range(limit)}; default ${limit.default})`;

export const nameField: Field = { flag: 'name', field: 'name', value: text('name'), help: 'name' };

const common: readonly Field[] = [
  { flag: 'description', field: 'description', value: text('text'), help: 'free text' },
  {
    flag: 'tag',
    field: 'tags',
    value: tags,
    help: 'a key and value of your own, several times; replaces all; "none": no tags',
  },
];

export const loadBalancerFields: readonly Field[] = [
  ...common,
  {
    flag: 'deletion-protection',
    field: 'deletionProtection',
    value: onOff,
    help: 'whether deletion is refused (default off)',
  },
];

export const listenerFields: readonly Field[] = [
  ...common,
  { flag: 'enabled', field: 'enabled', value: onOff, help: 'whether it listens (default on)' },
  {
    flag: 'idle-timeout',
    field: 'idleTimeout',
    value: integer('seconds'),
    help:
      `until a connection on which nothing moves is closed (${IDLE_TIMEOUT.minimum} to ${IDLE_TIMEOUT.maximum}; ` +
      `default ${IDLE_TIMEOUT.default.http} for http, ${IDLE_TIMEOUT.default.tcp} for tcp)`,
  },
  {
    flag: 'header-timeout',
    field: 'headerTimeout',
    value: integer('seconds'),
    help: `until the head of an HTTP request must be complete ${standard(HEADER_TIMEOUT)}`,
  },
  { flag: 'access-log', field: 'accessLog', value: onOff, help: 'whether it writes the access log (default on)' },
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
    flag: 'health-check',
    field: 'healthCheck.enabled',
    value: onOff,
    help: 'whether targets are probed (default on)',
  },
  {
    flag: 'health-protocol',
    field: 'healthCheck.protocol',
    value: word(['tcp', 'http']),
    help: 'how (default: the protocol of the service)',
  },
  {
    flag: 'health-port',
    field: 'healthCheck.port',
    value: portOrNone,
    help: 'where; "none": the port that traffic goes to (default none)',
  },
  {
    flag: 'health-interval',
    field: 'healthCheck.interval',
    value: integer('seconds'),
    help: `from one probe to the next ${standard(HEALTH_CHECK.interval)}`,
  },
  {
    flag: 'health-timeout',
    field: 'healthCheck.timeout',
    value: integer('seconds'),
    help: `until a probe without an answer has failed ${standard(HEALTH_CHECK.timeout)}`,
  },
  {
    flag: 'health-rise',
    field: 'healthCheck.rise',
    value: integer('count'),
    help: `successes in a row until healthy ${standard(HEALTH_CHECK.rise)}`,
  },
  {
    flag: 'health-fall',
    field: 'healthCheck.fall',
    value: integer('count'),
    help: `failures in a row until unhealthy ${standard(HEALTH_CHECK.fall)}`,
  },
  {
    flag: 'health-method',
    field: 'healthCheck.method',
    value: word(['GET', 'HEAD']),
    help: 'method of http probes (default GET)',
  },
  { flag: 'health-path', field: 'healthCheck.path', value: text('path'), help: 'path of http probes (default /)' },
  {
    flag: 'health-host',
    field: 'healthCheck.host',
    value: text('host'),
    help: 'Host header of http probes (default: the address of the target)',
  },
  {
    flag: 'health-http-version',
    field: 'healthCheck.httpVersion',
    value: word(['1.0', '1.1']),
    help: 'HTTP version of probes (default 1.0)',
  },
  {
    flag: 'health-codes',
    field: 'healthCheck.codes',
    value: words('codes'),
    help: `codes that count as success, with commas: 2xx, 204, 200-299 (default ${HEALTH_CHECK.codes.default})`,
  },
];

export const serviceFields: readonly Field[] = [...common, ...forwardingFields];

export const targetGroupFields: readonly Field[] = common;

export const elasticIpFields: readonly Field[] = common;

export const targetFields: readonly Field[] = [
  {
    flag: 'weight',
    field: 'weight',
    value: integer('weight'),
    help: `share of the traffic relative to the others; 0 takes no new traffic ${standard(WEIGHT)}`,
  },
  { flag: 'zone', field: 'zone', value: text('zone'), help: 'where it is' },
];
