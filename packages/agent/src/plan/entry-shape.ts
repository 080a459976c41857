import { isIP } from 'node:net';
import { JWT } from '@evenkeel/model/limits.ts';
import { isNetwork } from '@evenkeel/model/network.ts';
import { HASH_KEYS, ZONE_PREFERENCES } from '@evenkeel/model/plan/balancing.ts';
import { DESYNC_MODES, REQUEST_ID_MODES } from '@evenkeel/model/plan/http.ts';
import { FORWARDING_MODES, TARGET_FAILURE_ACTIONS } from '@evenkeel/model/plan/network.ts';
import { ALGORITHMS, CHECK_PROTOCOLS, LISTENER_PROTOCOLS, SERVICE_PROTOCOLS } from '@evenkeel/model/plan/objects.ts';
import type { PlannedKind } from '@evenkeel/model/plan/plan.ts';
import { RETRY_CONDITIONS } from '@evenkeel/model/plan/resilience.ts';
import { RULE_ORDERS } from '@evenkeel/model/plan/rules.ts';
import { SOURCE_PROTOCOLS } from '@evenkeel/model/plan/sources.ts';
import { TARGET_STATES } from '@evenkeel/model/plan/stickiness.ts';
import { TLS_VERSIONS } from '@evenkeel/model/plan/tls.ts';
import { fields, flag, integer, list, nullable, oneOf, optional, type Shape, text } from './shape.ts';

/**
 * Shapes of the objects in `@evenkeel/model/plan/objects.ts`, as they come from the stream or the disk. None is narrower
 * than what the API lets in: an entry that is refused here does not come into effect on any node.
 */

export const id = text(128, { matches: /^[\x21-\x7e]+$/, says: 'an identifier of visible ASCII characters' });
const name = text(1024);
const milliseconds = integer(1, 2 ** 31 - 1);
const portOrNone = integer(0, 65_535);
export const port = integer(1, 65_535);

export const address: Shape = (value, path) =>
  typeof value === 'string' && isIP(value) !== 0 ? '' : `${path} must be an IPv4 or IPv6 address`;

const network: Shape = (value, path) =>
  typeof value === 'string' && isNetwork(value) ? '' : `${path} must be an address or a CIDR block`;

/** These go into the bytes of a probe's request; a line break in them would make it another request. */
const visible = { matches: /^[\x21-\x7e]*$/, says: 'made of visible ASCII characters' };

/** The proxy writes it as UTF-8 (obs-text of RFC 9110 §5.5). */
const fieldValue = { matches: /^[\t\x20-\x7e\u0080-\uffff]*$/, says: 'free of control characters' };

const printable = { matches: /^[\x20-\x7e]*$/, says: 'made of printable ASCII characters' };

const statusRange: Shape = (value, path) => {
  const range = value as readonly unknown[];
  if (!Array.isArray(value) || range.length !== 2) return `${path} must be a pair of status codes`;
  return integer(100, 999)(range[0], `${path}[0]`) || integer(100, 999)(range[1], `${path}[1]`);
};

const hexadecimal = { matches: /^[0-9a-f]*$/, says: 'hexadecimal' };
const targetTls = fields({
  authorityId: nullable(id),
  serverName: text(255, visible),
  versions: list(oneOf(...TLS_VERSIONS)),
});

export const healthCheck = fields({
  protocol: oneOf(...CHECK_PROTOCOLS),
  port: portOrNone,
  interval: milliseconds,
  timeout: milliseconds,
  rise: integer(1, 1000),
  fall: integer(1, 1000),
  method: oneOf('GET', 'HEAD'),
  path: text(4096, visible),
  host: text(1024, visible),
  httpVersion: oneOf('1.0', '1.1'),
  statusRanges: list(statusRange),
  send: optional(text(4096, hexadecimal)),
  expect: optional(text(4096, hexadecimal)),
  grpcService: optional(text(1024)),
  checksPerConnection: optional(integer(1, 1_000)),
  tls: optional(nullable(targetTls)),
});

const tls = fields({
  defaultCertificates: list(id),
  certificates: list(fields({ name: text(255, visible), certificateId: id })),
  versions: list(oneOf(...TLS_VERSIONS)),
  ciphers: list(text(128, visible)),
  ciphersuites: list(text(128, visible)),
  sessionTickets: flag,
  clientCertificates: nullable(fields({ mode: oneOf('required', 'optional'), authorityId: id, depth: integer(0, 10) })),
});

const headerEdit = fields({
  operation: oneOf('set', 'add', 'remove'),
  name: text(256, visible),
  value: text(4096, fieldValue),
});

const http = fields({
  forwarding: fields({
    clientAddress: oneOf('append', 'replace', 'off'),
    protocol: flag,
    port: flag,
    host: flag,
    loadBalancerAddress: flag,
    clientPort: flag,
    standard: flag,
  }),
  desyncMode: oneOf(...DESYNC_MODES),
  hstsMaxAge: integer(0, 2 ** 31 - 1),
  hstsIncludeSubDomains: flag,
  upgradeIdleTimeout: milliseconds,
  compression: flag,
  requestId: optional(oneOf(...REQUEST_ID_MODES)),
  relativeRedirects: optional(flag),
  responseHeaders: optional(list(headerEdit)),
  errorPages: list(
    fields({
      status: integer(400, 599),
      contentType: text(256, printable),
      body: text(65_536),
      location: optional(text(2_048, visible)),
    }),
  ),
});

/** Objects of several kinds, told apart by `type`; the proxy's own code is exhaustive over them. */
const ofType =
  (shapes: Readonly<Record<string, Shape>>): Shape =>
  (value, path) => {
    const type = (value as { readonly type?: unknown } | null)?.type;
    const shape = typeof type === 'string' && Object.hasOwn(shapes, type) ? shapes[type] : undefined;
    if (shape === undefined) return `${path}.type must be one of ${Object.keys(shapes).join(', ')}`;
    return shape(value, path);
  };

const cookieName = text(256, visible);
const stickiness = ofType({
  cookie: fields({
    type: oneOf('cookie'),
    cookieName,
    expiry: integer(0, 2 ** 31 - 1),
    key: text(64, visible),
    oldKeys: list(text(64, visible)),
  }),
  'application-cookie': fields({ type: oneOf('application-cookie'), cookieName, timeout: milliseconds }),
  'source-ip': fields({ type: oneOf('source-ip'), timeout: milliseconds }),
});

const fieldMatch = (name: Shape) =>
  fields({
    name,
    kind: oneOf('exact', 'prefix', 'contains', 'regex', 'present', 'absent'),
    values: list(text(4096)),
  });
const tokenMatch = fieldMatch(text(256, visible));
/** Names of parameters are compared with what the query says once it is decoded: any text. */
const parameterMatch = fieldMatch(text(256));
const serviceShare = fields({ serviceId: id, weight: integer(0, 1_000_000) });
const rule = fields({
  id,
  name,
  priority: integer(0, 2 ** 31 - 1),
  match: fields({
    hosts: list(fields({ kind: oneOf('exact', 'prefix-wildcard', 'suffix-wildcard', 'regex'), value: text(1024) })),
    paths: list(fields({ kind: oneOf('exact', 'prefix', 'regex'), value: text(4096), ignoreCase: flag })),
    methods: list(text(64, visible)),
    headers: list(tokenMatch),
    cookies: list(tokenMatch),
    query: list(parameterMatch),
    sources: list(network),
  }),
  jwt: nullable(
    fields({
      keys: text(JWT.setLength),
      algorithms: list(oneOf('RS256', 'ES256', 'PS256', 'EdDSA', 'HS256')),
      issuer: nullable(text(1024)),
      audience: nullable(text(1024)),
      leeway: integer(0, 86_400),
      claims: list(fields({ claim: text(256), header: text(256, visible) })),
    }),
  ),
  rewrite: nullable(
    fields({
      host: nullable(text(255, visible)),
      path: nullable(
        fields({ kind: oneOf('whole', 'prefix', 'regex'), pattern: text(1024), replacement: text(4096, visible) }),
      ),
    }),
  ),
  mirror: nullable(fields({ serviceId: id, percent: integer(1, 100) })),
  requestHeaders: list(headerEdit),
  responseHeaders: list(headerEdit),
  action: ofType({
    forward: fields({ type: oneOf('forward'), services: list(serviceShare) }),
    redirect: fields({
      type: oneOf('redirect'),
      status: integer(301, 308),
      protocol: nullable(oneOf('http', 'https')),
      host: nullable(text(255, visible)),
      port: nullable(portOrNone),
      path: nullable(text(4096, visible)),
      query: nullable(text(4096, visible)),
    }),
    respond: fields({
      type: oneOf('respond'),
      status: integer(200, 599),
      contentType: text(256, printable),
      body: text(65_536),
    }),
  }),
});

const ruleGroup = fields({ id, name, order: oneOf(...RULE_ORDERS), rules: list(rule) });

const pem = text(1_048_576);
const certificate = fields({
  id,
  chain: pem,
  privateKey: pem,
  names: list(text(255, visible)),
  keyType: oneOf('rsa', 'ecdsa'),
  ocspResponse: nullable(text(65_536, visible)),
  stapledUntil: optional(integer(0)),
});
const authority = fields({ id, certificates: pem, revocationLists: text(16_777_216) });
const ticketKeys = fields({ id: oneOf('current'), keys: list(text(128, visible)) });

const count = integer(1, 2 ** 31 - 1);
const limits = fields({
  bodyTimeout: milliseconds,
  sendTimeout: milliseconds,
  keepAliveTimeout: integer(0, 2 ** 31 - 1),
  minimumRate: nullable(count),
  connections: nullable(count),
  connectionsPerSecond: nullable(count),
  requestsPerSecond: nullable(count),
  requestsPerConnection: nullable(count),
  bodySize: nullable(integer(1)),
  headerSize: integer(1, 16_384),
  headerCount: integer(1, 128),
  targetLength: integer(1, 8_192),
});

const rate = nullable(fields({ perSecond: count, burst: count }));
const sourceLimits = fields({ connections: rate, requests: rate, packets: rate });

const loadBalancerLimits = fields({
  connections: nullable(count),
  connectionsPerSecond: nullable(count),
  requestsPerSecond: nullable(count),
});

const listener = fields({
  id,
  loadBalancerId: id,
  loadBalancerName: name,
  name,
  protocol: oneOf(...LISTENER_PROTOCOLS),
  addresses: list(address),
  port,
  lastPort: optional(port),
  isNetwork: optional(flag),
  serviceId: nullable(id),
  idleTimeout: milliseconds,
  headerTimeout: milliseconds,
  limits: optional(limits),
  bandwidth: optional(count),
  loadBalancerLimits: optional(loadBalancerLimits),
  sourceLimits: optional(sourceLimits),
  synAlarm: optional(fields({ alarm: count, calm: count })),
  accessLog: flag,
  accessLogFormat: optional(nullable(text(4096))),
  tls: nullable(tls),
  http: nullable(http),
  ruleGroupId: nullable(id),
  serverNames: list(fields({ name: text(255), serviceId: id })),
  acceptProxyProtocol: flag,
  trustedProxies: list(network),
  tenantId: optional(id),
  securityGroups: optional(list(id)),
  allowedSources: optional(list(network)),
});

const securityGroup = fields({
  id,
  rules: list(
    fields({
      priority: integer(1, 2 ** 31 - 1),
      allows: flag,
      protocol: oneOf(...SOURCE_PROTOCOLS),
      firstPort: portOrNone,
      lastPort: portOrNone,
      source: network,
    }),
  ),
});

const hashing = fields({ key: oneOf(...HASH_KEYS), name: text(256, visible), loadFactor: integer(0, 100_000) });
const targetLimits = fields({
  maxConnections: count,
  maxRequests: count,
  queueSize: integer(0, 1_000_000),
  queueTimeout: milliseconds,
});
const zone = fields({ preference: oneOf(...ZONE_PREFERENCES), threshold: integer(1, 100) });
const outlierDetection = fields({
  consecutiveErrors: integer(0, 2 ** 31 - 1),
  consecutiveConnectFailures: integer(0, 2 ** 31 - 1),
  successRateMargin: integer(0, 100),
  latencyFactor: integer(0, 2 ** 31 - 1),
  minimumRequests: count,
  interval: milliseconds,
  baseEjection: milliseconds,
  maxEjection: milliseconds,
  maxEjectedShare: integer(0, 100),
});
const retry = fields({
  conditions: list(oneOf(...RETRY_CONDITIONS)),
  statuses: list(integer(100, 999)),
  allMethods: flag,
  attempts: integer(1, 100),
  tryTimeout: integer(0, 2 ** 31 - 1),
  budget: integer(0, 100),
  budgetMinimum: integer(0, 255),
});
const rebalance = fields({ rate: count, minimumAge: integer(0, 2 ** 31 - 1) });

const service = fields({
  id,
  name,
  protocol: oneOf(...SERVICE_PROTOCOLS),
  forwardingMode: optional(oneOf(...FORWARDING_MODES)),
  sourceNat: optional(flag),
  onTargetFailure: optional(oneOf(...TARGET_FAILURE_ACTIONS)),
  algorithm: oneOf(...ALGORITHMS),
  groupId: nullable(id),
  port,
  healthCheck: nullable(healthCheck),
  connectTimeout: milliseconds,
  readTimeout: milliseconds,
  sendTimeout: optional(milliseconds),
  drainTimeout: integer(0, 2 ** 31 - 1),
  stickiness: nullable(stickiness),
  tls: nullable(targetTls),
  proxyProtocol: integer(0, 2),
  transparent: flag,
  hash: optional(hashing),
  targetLimits: optional(targetLimits),
  zone: optional(zone),
  rebalance: optional(nullable(rebalance)),
  outlierDetection: optional(nullable(outlierDetection)),
  slowStart: optional(integer(0, 2 ** 31 - 1)),
  failOpen: optional(integer(0, 100)),
  retry: optional(retry),
});

const target = fields({
  id,
  address,
  port: portOrNone,
  weight: integer(0, 100),
  zone: text(256),
  state: oneOf(...TARGET_STATES),
});

const group = fields({ id, name, targets: list(target) });

const hash = text(64, { matches: /^[0-9a-f]+$/, says: 'hexadecimal' });
const values: Readonly<Record<PlannedKind, Shape>> = {
  listener,
  service,
  group,
  'rule-group': ruleGroup,
  certificate,
  authority,
  'ticket-keys': ticketKeys,
  'security-group': securityGroup,
};
/** What every entry has. */
export const entryHead = fields({
  key: text(160, { matches: /^[a-z-]+\/[\x21-\x7e]+$/, says: 'a kind and an identifier' }),
  kind: oneOf(...Object.keys(values)),
  hash,
  value: fields({}),
});

/** A `PlanEntry` whose key is that of its value. Says nothing about whether the hash is right. */
export const entryShape: Shape = (value, path) => {
  const fault = entryHead(value, path);
  if (fault !== '') return fault;
  const entry = value as { readonly key: string; readonly kind: PlannedKind; readonly value: unknown };
  const inside = values[entry.kind](entry.value, `${path}.value`);
  if (inside !== '') return inside;
  const expected = `${entry.kind}/${(entry.value as { readonly id: string }).id}`;
  return entry.key === expected ? '' : `${path}.key must be ${expected}`;
};
