/**
 * Defaults and limits. Each is the union of what the products that Evenkeel stands in for allow; a vendor's front door
 * enforces its own narrower range. The ids in brackets are those of the requirements.
 */

/** Characters (code points) of a name. */
export const NAME = { minimum: 1, maximum: 80 } as const;
/** Letters and digits of any script, `_`, `-`, `.`. */
export const NAME_PATTERN = '^[\\p{L}\\p{N}_.-]+$';
/** The same with what addresses and ports are written with. */
export const TARGET_NAME_PATTERN = '^[\\p{L}\\p{N}_.:\\[\\]-]+$';
export const DESCRIPTION_LENGTH = 256;
/** Tags of one object. */
export const TAGS = { count: 20, keyLength: 64, valueLength: 256 } as const;

/** Seconds. */
export const IDLE_TIMEOUT = {
  minimum: 1,
  maximum: 86_400,
  default: { http: 60, tcp: 1_800, udp: 300, 'tcp-udp': 300 },
} as const;
/** Seconds until a request head must be complete. */
export const HEADER_TIMEOUT = { minimum: 1, maximum: 120, default: 60 } as const;

/** Seconds that a client is waited for: within a body, within a response, between requests. */
export const BODY_TIMEOUT = { minimum: 1, maximum: 120, default: 60 } as const;
export const SEND_TIMEOUT = { minimum: 1, maximum: 3_600, default: 60 } as const;
export const KEEP_ALIVE_TIMEOUT = { minimum: 0, maximum: 3_600, default: 75 } as const;
/** What clients of one listener may take, on each node; sizes in bytes, null for no limit. */
export const LISTENER_LIMITS = {
  connections: { minimum: 1, maximum: 5_000_000, default: null },
  connectionsPerSecond: { minimum: 1, maximum: 500_000, default: null },
  requestsPerSecond: { minimum: 1, maximum: 500_000, default: null },
  requestsPerConnection: { minimum: 1, maximum: 1_000_000, default: null },
  bodySize: { minimum: 1, maximum: 10_240 * 1_048_576, default: 60 * 1_048_576 },
  headerSize: { minimum: 256, maximum: 16_384, default: 16_384 },
  headerCount: { minimum: 1, maximum: 128, default: 128 },
  targetLength: { minimum: 16, maximum: 8_192, default: 8_192 },
  minimumRate: { minimum: 1, maximum: 1_048_576, default: 240 },
  sourceConnectionsPerSecond: { minimum: 1, maximum: 100_000, default: null },
  sourceConnectionsBurst: { minimum: 1, maximum: 1_000_000, default: null },
  sourceRequestsPerSecond: { minimum: 1, maximum: 100_000, default: null },
  sourceRequestsBurst: { minimum: 1, maximum: 1_000_000, default: null },
  sourcePacketsPerSecond: { minimum: 1, maximum: 1_000_000, default: null },
  sourcePacketsBurst: { minimum: 1, maximum: 10_000_000, default: null },
  synAlarm: { minimum: 10, maximum: 10_000_000, default: null },
  synCalm: { minimum: 1, maximum: 10_000_000, default: null },
} as const;

/** Of an elastic IP, in millions of bits per second. */
export const ELASTIC_IP_BANDWIDTH = { minimum: 1, maximum: 2_048 } as const;

/** Requests that ended lately in one answer. */
export const RECENT_REQUESTS = { minimum: 1, maximum: 100, default: 20 } as const;

/** Flows in one answer. */
export const LISTED_FLOWS = { minimum: 1, maximum: 500, default: 50 } as const;

/** Seconds of silence after which an upgraded connection is closed. */
export const UPGRADE_IDLE_TIMEOUT = { minimum: 1, maximum: 86_400, default: 60 } as const;
/** CIDR blocks of a listener whose word on the client's address counts. */
export const TRUSTED_PROXIES = 100;
/** The load balancer's own error answers. Lengths in characters. */
export const ERROR_PAGES = {
  count: 20,
  status: { minimum: 400, maximum: 599 },
  contentType: 'text/html; charset=utf-8',
  contentTypeLength: 100,
  bodyLength: 16_384,
  locationLength: 2_048,
} as const;

/** Seconds; a cookie's name is a token (RFC 6265 §4.1.1). */
export const STICKINESS = {
  cookieName: { pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", maximum: 64 },
  expiry: { minimum: 0, maximum: 86_400, default: 0 },
  timeout: { minimum: 1, maximum: 3_600, default: 300 },
} as const;

/**
 * Rules. Lengths in characters; `entries` of each kind of condition and of
 * edits, `values` of one of them.
 */
export const RULE = {
  priority: { minimum: 1, maximum: 1_000_000, step: 10 },
  entries: 20,
  values: 20,
  forward: 10,
  weight: { minimum: 0, maximum: 1_000, default: 10 },
  hostLength: 110,
  pathLength: 200,
  patternLength: 512,
  methodLength: 32,
  fieldNameLength: 64,
  fieldValueLength: 512,
  contentType: 'text/plain; charset=utf-8',
  contentTypeLength: 100,
  bodyLength: 16_384,
  /** In one call. */
  batch: 10_000,
} as const;

/** Tokens that requests must carry. Lengths in characters; bytes and bits are those of RFC 7518 §3.2 and §3.3. */
export const JWT = {
  keys: 20,
  /** Of the JSON of all keys together, with the members that are not used. */
  setLength: 65_536,
  keyMembers: 20,
  claims: 10,
  nameLength: 64,
  textLength: 512,
  leeway: { minimum: 0, maximum: 300, default: 60 },
  secretBytes: 32,
  rsaBits: 2_048,
} as const;

/** Share of traffic relative to the other targets; 0 takes no new traffic. */
export const WEIGHT = { minimum: 0, maximum: 100, default: 10 } as const;

/** Seconds. */
export const DRAIN_TIMEOUT = { minimum: 0, maximum: 3_600, default: 300 } as const;
/** Seconds: what other products call proxy_connect_timeout, proxy_read_timeout and proxy_send_timeout. */
export const CONNECT_TIMEOUT = { minimum: 1, maximum: 120, default: 4 } as const;
export const READ_TIMEOUT = { minimum: 1, maximum: 3_600, default: 60 } as const;
export const TARGET_SEND_TIMEOUT = { minimum: 1, maximum: 3_600, default: 60 } as const;

/** Of the algorithms that go by a key: `loadFactor` in percent, 0 for none. */
export const HASH = {
  name: { pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]*$", maximum: 128 },
  loadFactor: { minimum: 0, maximum: 1_000, default: 0 },
} as const;
/** Of one node with one target; the queue of one node for one backend service, its time in seconds. */
export const TARGET_LIMITS = {
  maxConnections: { minimum: 1, maximum: 1_000_000, default: 10_000 },
  maxRequests: { minimum: 1, maximum: 1_000_000, default: 10_000 },
  queueSize: { minimum: 0, maximum: 100_000, default: 128 },
  queueTimeout: { minimum: 1, maximum: 120, default: 5 },
} as const;
/** Counts in a row, percentage points, factors, requests, seconds, percent. */
export const OUTLIER_DETECTION = {
  consecutiveErrors: { minimum: 0, maximum: 1_000, default: 5 },
  consecutiveConnectFailures: { minimum: 0, maximum: 1_000, default: 3 },
  successRateMargin: { minimum: 0, maximum: 100, default: 0 },
  latencyFactor: { minimum: 0, maximum: 1_000, default: 0 },
  minimumRequests: { minimum: 1, maximum: 1_000_000, default: 50 },
  interval: { minimum: 1, maximum: 3_600, default: 10 },
  baseEjection: { minimum: 1, maximum: 3_600, default: 10 },
  maxEjection: { minimum: 1, maximum: 86_400, default: 300 },
  maxEjectedShare: { minimum: 0, maximum: 100, default: 50 },
} as const;
/** Seconds. */
export const SLOW_START = { duration: { minimum: 0, maximum: 900, default: 0 } } as const;
/** In percent. */
export const FAIL_OPEN = { threshold: { minimum: 0, maximum: 100, default: 0 } } as const;
/** Statuses that one service names at most; times in milliseconds, the budget in percent, its minimum per second. */
export const RETRY = {
  statuses: 20,
  status: { minimum: 400, maximum: 599 },
  attempts: { minimum: 1, maximum: 5, default: 3 },
  tryTimeoutMs: { minimum: 0, maximum: 3_600_000, default: 0 },
  budget: { minimum: 0, maximum: 100, default: 20 },
  budgetMinimum: { minimum: 0, maximum: 255, default: 3 },
} as const;
/** In percent: the healthy share of its weight from which on a zone takes all requests that come in there. */
export const ZONE = { threshold: { minimum: 1, maximum: 100, default: 70 } } as const;
/** Connections in a second, age in seconds. */
export const REBALANCE = {
  rate: { minimum: 1, maximum: 10_000, default: 10 },
  minimumAge: { minimum: 0, maximum: 86_400, default: 60 },
} as const;

/** Times in seconds, thresholds in probes. */
export const HEALTH_CHECK = {
  interval: { minimum: 1, maximum: 600, default: 5 },
  timeout: { minimum: 1, maximum: 300, default: 3 },
  rise: { minimum: 1, maximum: 10, default: 3 },
  fall: { minimum: 1, maximum: 10, default: 3 },
  pathLength: 1_000,
  hostLength: 255,
  payloadLength: 500,
  grpcServiceLength: 255,
  checksPerConnection: { minimum: 1, maximum: 100, default: 1 },
  codes: { maximum: 20, default: ['2xx', '3xx'] },
} as const;

/** Characters of PEM and base64; days before expiry from which a certificate is marked. */
export const CERTIFICATE = {
  chainLength: 131_072,
  chainLinks: 10,
  keyLength: 16_384,
  ocspLength: 16_384,
  names: 500,
  expiringDays: 30,
  /** Days before the end on which it is told; `--certificate-notice` changes them. */
  notice: { days: [30, 14, 7, 1], most: 10, maximum: 365 },
} as const;
/** Characters of PEM, and how many there may be. */
export const AUTHORITY = {
  certificatesLength: 524_288,
  certificates: 200,
  revocationListsLength: 1_048_576,
  revocationLists: 50,
} as const;
/** Characters of all certificates, keys, authorities and revocation lists together: what one plan carries. */
export const CERTIFICATE_MATERIAL = 96 * 1_048_576;
/** Ciphers of one policy: more than there are. */
export const SECURITY_POLICY = { ciphers: 50 } as const;
/** Rules of one group, and groups of one load balancer. */
export const SECURITY_GROUP = {
  rules: 512,
  priority: { minimum: 1, maximum: 100, default: 50 },
  ofLoadBalancer: 5,
} as const;
/**
 * Block lists: entries of all tenants together, those of one call, seconds that one is good for, and different reasons of
 * a tenant.
 */
export const BLOCK_LIST = {
  entries: 2_000_000,
  atOnce: 10_000,
  seconds: { minimum: 1, maximum: 315_360_000, default: 3_600 },
  reasons: 1_000,
  reasonLength: 200,
} as const;
/** Networks that may connect to a listener. */
export const ALLOWED_SOURCES = 512;
/** Certificates of one listener: shown when no name fits, and by name. */
export const LISTENER_CERTIFICATES = { defaults: 2, named: 10_000, nameLength: 253 } as const;
/** Names by which a tcp listener tells backend services apart. */
export const SERVER_NAMES = 1_000;
/** Intermediate certificates of a client's chain. */
export const VERIFY_DEPTH = { minimum: 0, maximum: 10, default: 1 } as const;
/** Strict-Transport-Security: seconds. */
export const HSTS_MAX_AGE = { minimum: 1, maximum: 94_608_000, default: 31_536_000 } as const;

/**
 * VPCs: networks of one, the prefixes that they may have, and the networks that they are within unless `--vpc-network` says
 * otherwise: loopback alone. Nobody but whoever runs the installation knows which others have none of its machines in them,
 * and a listener on the address of a machine may take the traffic of that machine.
 */
export const VPC = {
  cidrs: 8,
  prefix: { ipv4: { minimum: 8, maximum: 28 }, ipv6: { minimum: 32, maximum: 120 } },
  networks: ['127.0.0.0/8'],
} as const;
/** Subnets: prefixes, reserved blocks of one, and subnets of one VPC in a document. */
export const SUBNET = {
  prefix: { ipv4: { minimum: 8, maximum: 29 }, ipv6: { minimum: 32, maximum: 124 } },
  reserved: 50,
  ofDocument: 200,
} as const;

/** Specifications that are not built in, and what each may say. */
export const SPECIFICATION = {
  count: 100,
  nameLength: 40,
  connections: { minimum: 1, maximum: 10_000_000 },
  connectionsPerSecond: { minimum: 1, maximum: 1_000_000 },
  requestsPerSecond: { minimum: 1, maximum: 1_000_000 },
} as const;

/** Days since the creation of a load balancer from which on it is idle if it does nothing (INS-14). */
export const IDLE_DAYS = { minimum: 0, maximum: 3_650, default: 7 } as const;
/** Load balancers that one call deletes, and targets of one from which on that has to be forced (INS-11). */
export const BATCH_DELETION = { loadBalancers: 50, guardedTargets: 20 } as const;
/**
 * Seconds that count for what was deleted or carried lately, and millions of bits per second from which on the deletion of
 * what has targets has to be forced (INS-11).
 */
export const DELETIONS = { seconds: 300, guardedMegabits: 10 } as const;
/** Days without traffic from which on a load balancer is idle, at least. */
export const QUIET_DAYS = 1;

/** Objects in one call. */
export const BATCH = 500;
/** Most objects of a kind in one configuration document, or within one load balancer of it. */
export const DOCUMENT = { loadBalancers: 1_000, shared: 10_000, vpcs: 200, objects: 1_000, targets: 10_000 } as const;
/** Exports: names of load balancers and tags that choose them; characters of a passphrase and of what it seals. */
export const EXCHANGE = {
  selectors: 1_000,
  passphrase: { minimum: 12, maximum: 256 },
  sealed: 8 * 1_048_576,
  /** Fields that a conflict names. */
  differences: 20,
} as const;

/** Objects of one page. */
export const PAGE = { minimum: 1, maximum: 500, default: 100 } as const;

/** Longest wait for an operation in one call, in seconds; a client that wants longer asks again. */
export const WAIT = { minimum: 0, maximum: 60, default: 30 } as const;

/** How many objects there may be by default: the most that clouds grant, and more rules. `--quota` changes them. */
export const DEFAULT_QUOTAS = {
  loadBalancers: 200,
  listenersPerLoadBalancer: 50,
  backendServicesPerLoadBalancer: 50,
  targetGroupsPerLoadBalancer: 50,
  targetsPerTargetGroup: 1_000,
  ruleGroupsPerLoadBalancer: 50,
  rulesPerRuleGroup: 10_000,
  elasticIps: 100,
  certificates: 10_000,
  authorities: 100,
  securityPolicies: 100,
  securityGroups: 100,
  vpcs: 20,
  subnets: 200,
  nodes: 64,
  tenants: 1_000,
  users: 1_000,
  tokensPerUser: 50,
  /** Two, so that one can take the place of the other. */
  accessKeysPerUser: 2,
  webhooks: 20,
  accessPolicies: 100,
  /** Half of what all tenants may have, so that none takes everything. */
  blockListEntries: 1_000_000,
  /** In a region, within the seconds of DELETIONS (INS-11). */
  loadBalancerDeletions: 30,
} as const;
export type QuotaName = keyof typeof DEFAULT_QUOTAS;
export type Quotas = Readonly<Record<QuotaName, number>>;

/** Backups of the state: those that the policy does not delete, and what one answer tells of a restore. */
export const BACKUP = {
  intervalHours: { minimum: 1, maximum: 720, default: 24 },
  keep: { minimum: 1, maximum: 365, default: 7 },
  testIntervalHours: { minimum: 0, maximum: 8_760, default: 168 },
  manual: 100,
  beforeRestore: 10,
  changes: 200,
} as const;
/** Those that no tenant has for itself; the others are of each tenant. */
export const INSTALLATION_QUOTAS = ['nodes', 'tenants'] as const satisfies readonly QuotaName[];
export type TenantQuotaName = Exclude<QuotaName, (typeof INSTALLATION_QUOTAS)[number]>;
export const TENANT_QUOTA_NAMES = (Object.keys(DEFAULT_QUOTAS) as QuotaName[]).filter(
  (name): name is TenantQuotaName => !(INSTALLATION_QUOTAS as readonly QuotaName[]).includes(name),
);
/** What a quota may be. */
export const QUOTA = { minimum: 0, maximum: 2_000_000 } as const;

/**
 * What is kept of the past of a tenant's configuration: its newest revisions, by number and by the characters that they
 * take; `characters` are those of all tenants. The oldest go first. `changes`: objects that one of them shows, `value`:
 * characters of one value that it shows.
 */
export const REVISIONS = {
  perTenant: 1_000,
  charactersPerTenant: 64 * 1_048_576,
  characters: 512 * 1_048_576,
  changes: 200,
  value: 2_048,
} as const;

/** What one answer tells of what a change would touch: listeners, and reasons of each. */
export const IMPACT = { listeners: 500, reasons: 5 } as const;

/**
 * The audit log: days; of each tenant entries of what was done with their characters, and entries of refusals; refusals at
 * once, and seconds for each one then.
 */
export const AUDIT = {
  days: { minimum: 1, maximum: 3_650, default: 365 },
  entries: 100_000,
  characters: 128 * 1_048_576,
  refusals: { kept: 10_000, burst: 100, seconds: 10 },
} as const;

/**
 * Change sets: seconds that a plan is good for, plans of a tenant that wait to be applied, characters of what one
 * consists of, objects that a plan shows; of those that are applied, how many of a tenant are kept; milliseconds that one
 * is kept after it has expired, and after it was applied.
 */
export const CHANGE_SET = {
  seconds: 3_600,
  open: 50,
  characters: 4 * 1_048_576,
  shown: 1_000,
  applied: 200,
  expiredMs: 86_400_000,
  appliedMs: 7 * 86_400_000,
} as const;

/** Events: days, of each tenant and severity; seconds from sign of life to sign of life of a stream, streams of a tenant. */
export const EVENT_LOG = { days: 30, entries: 10_000, heartbeat: 15, streams: 20 } as const;

/**
 * Webhooks: characters; deliveries of one that wait, and that are kept when they are settled; seconds between attempts,
 * for which a delivery is tried, and after which a webhook that fails is disabled.
 */
export const WEBHOOK = {
  urlLength: 2_048,
  secret: { minimum: 16, maximum: 256 },
  waiting: 1_000,
  settled: 200,
  pause: { first: 5, longest: 3_600 },
  keepTrying: 86_400,
  disableAfter: 86_400,
} as const;
