import {
  CONNECT_TIMEOUT,
  DRAIN_TIMEOUT,
  HEADER_TIMEOUT,
  HEALTH_CHECK,
  IDLE_TIMEOUT,
  READ_TIMEOUT,
  STICKINESS,
  UPGRADE_IDLE_TIMEOUT,
  WEIGHT,
} from '@evenkeel/model/limits.ts';
import { DESYNC_MODES } from '@evenkeel/model/plan/http.ts';
import { ALGORITHMS } from '@evenkeel/model/plan/objects.ts';
import { RULE_ORDERS } from '@evenkeel/model/plan/rules.ts';
import { TARGET_STATES } from '@evenkeel/model/plan/stickiness.ts';
import { CLIENT_ADDRESS_FIELDS, PROXY_PROTOCOLS, STICKINESS_TYPES } from '@evenkeel/model/settings.ts';
import {
  errorPage,
  type Field,
  integer,
  onOff,
  portOrNone,
  standard,
  tags,
  text,
  word,
  words,
  wordsOrNone,
} from './fields.ts';
import { protocolFields, targetTlsFields, tlsFields } from './tls-fields.ts';

/**
 * The fields of each resource that the command line can set. The API's schemas say what a value may be; they are not
 * read here, because help has to come at once. A test compares.
 */

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

/** How an HTTP listener treats requests. */
const httpFields: readonly Field[] = [
  {
    flag: 'desync-mode',
    field: 'desyncMode',
    value: word(DESYNC_MODES),
    help: 'what is done with requests that some server could understand in another way (default defensive)',
  },
  {
    flag: 'upgrade-idle-timeout',
    field: 'upgradeIdleTimeout',
    value: integer('seconds'),
    help: `until a silent WebSocket connection is closed ${standard(UPGRADE_IDLE_TIMEOUT)}`,
  },
  {
    flag: 'compression',
    field: 'compression',
    value: onOff,
    help: 'whether text is compressed for clients that accept it (default off)',
  },
  {
    flag: 'error-page',
    field: 'errorPages',
    value: errorPage,
    help: 'a file for its own answers of a status, several times; replaces all; "none": no pages',
  },
];

const forwardSwitch = (flag: string, field: string, header: string): Field => ({
  flag: `forward-${flag}`,
  field: `forwarding.${field}`,
  value: onOff,
  help: `whether targets get ${header} (default off)`,
});

/** Who the client is, and what targets learn of it. */
const sourceFields: readonly Field[] = [
  {
    flag: 'trusted-proxies',
    field: 'trustedProxies',
    value: wordsOrNone('blocks'),
    help: 'addresses and CIDR blocks that may say who the client is, with commas; "none": nobody (default none)',
  },
  {
    flag: 'accept-proxy-protocol',
    field: 'acceptProxyProtocol',
    value: onOff,
    help: 'whether connections of trusted proxies begin with a PROXY protocol header (default off)',
  },
  {
    flag: 'forward-client-address',
    field: 'forwarding.clientAddress',
    value: word(CLIENT_ADDRESS_FIELDS),
    help: 'what is done with X-Forwarded-For (default append)',
  },
  forwardSwitch('protocol', 'protocol', 'X-Forwarded-Proto'),
  forwardSwitch('port', 'port', 'X-Forwarded-Port'),
  forwardSwitch('host', 'host', 'X-Forwarded-Host'),
  forwardSwitch('lb-address', 'loadBalancerAddress', 'X-Forwarded-LBIP'),
  forwardSwitch('client-port', 'clientPort', 'X-Forwarded-Client-Port'),
  forwardSwitch('standard', 'standard', 'Forwarded'),
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
    flag: 'stickiness',
    field: 'stickiness.type',
    value: word(STICKINESS_TYPES),
    help: 'how a client is kept with its target (default none)',
  },
  {
    flag: 'cookie-name',
    field: 'stickiness.cookieName',
    value: text('name'),
    help: 'the cookie that it is kept by (default: one made of the identifier)',
  },
  {
    flag: 'cookie-expiry',
    field: 'stickiness.expiry',
    value: integer('seconds'),
    help: `how long browsers keep the cookie; 0: until they are closed ${standard(STICKINESS.expiry)}`,
  },
  {
    flag: 'stickiness-timeout',
    field: 'stickiness.timeout',
    value: integer('seconds'),
    help: `how long source-ip and application-cookie remember a client ${standard(STICKINESS.timeout)}`,
  },
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

export const ruleGroupFields: readonly Field[] = [
  ...common,
  {
    flag: 'order',
    field: 'order',
    value: word(RULE_ORDERS),
    help: 'which rule wins of those that match (default priority)',
  },
];

export const targetGroupFields: readonly Field[] = common;

export const elasticIpFields: readonly Field[] = common;

export const certificateFields: readonly Field[] = common;

export const authorityFields: readonly Field[] = common;

export const securityPolicyFields: readonly Field[] = [...common, ...protocolFields];

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
