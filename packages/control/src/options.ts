import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { DEFAULT_RATE_LIMITS, RATE_LIMIT, type RateLimits } from '@evenkeel/model/access-limits.ts';
import { complaintAsGiven } from '@evenkeel/model/given-options.ts';
import { AUDIT, CERTIFICATE, DEFAULT_QUOTAS, QUOTA, type Quotas, VPC } from '@evenkeel/model/limits.ts';
import { canonicalNetwork, isNetwork } from '@evenkeel/model/network.ts';
import { NODE_CERTIFICATE_HOURS, SHARED_NODE_TOKEN, type SharedNodeToken } from '@evenkeel/model/node-limits.ts';
import { type AddressPools, network, network6, type PoolName } from './resources/addresses.ts';
import { WrongOption } from './start-error.ts';
import { type PostgresSettings, parsePostgresUrl } from './store/postgres/settings.ts';
import type { ApiTls } from './transport/api-certificate.ts';
import { heldMetricsSocket } from './transport/held-metrics-socket.ts';
import { heldSocket } from './transport/held-socket.ts';
import type { MetricsPlace } from './transport/metrics-listener.ts';
import { isLoopback } from './transport/self-signed.ts';

const HOUR = 3_600_000;

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface ControlPlaneOptions {
  /** Directory of state and credentials. */
  readonly home: string;
  /** One of loopback, unless there is TLS. */
  readonly host: string;
  /** What API and agents are encrypted with; null: nothing. */
  readonly tls: ApiTls | null;
  /** 0: any free port. */
  readonly port: number;
  /** Descriptor of a socket that is bound to host and port already; null: one is opened. */
  readonly heldSocket: number | null;
  /** The same of the metrics, where they are not with the API. */
  readonly heldMetricsSocket: number | null;
  /** Where the state is; null: in a file of SQLite in the home. */
  readonly database: PostgresSettings | null;
  /** Where other control planes on the same database find this one; null: where it listens. */
  readonly advertise: string | null;
  readonly pools: AddressPools;
  readonly quotas: Quotas;
  readonly rateLimits: RateLimits;
  /** Whether webhooks may be on this machine and its link. */
  readonly allowLocalWebhooks: boolean;
  /** Days that the audit log goes back. */
  readonly auditDays: number;
  /** Where the metrics are; null: where the API is. */
  readonly metrics: MetricsPlace | null;
  /** Days before the end of a certificate on which it is told. */
  readonly certificateNotice: readonly number[];
  /** Milliseconds that the certificate of a node is good for. */
  readonly nodeCertificateLife: number;
  /** Which nodes the token is good for that they all share. */
  readonly sharedNodeToken: SharedNodeToken;
  readonly logLevel: LogLevel;
}

export const DEFAULT_POOLS: AddressPools = { vip: network('127.77.0.0/16'), elasticIp: network('127.88.0.0/16') };

export const USAGE = `evenkeel control plane

  --home DIR              state and credentials (EVENKEEL_HOME; default .evenkeel)
  --host ADDRESS          address to listen on; beyond loopback with TLS alone (EVENKEEL_HOST; default 127.0.0.1)
  --api-certificate FILE  PEM, the server's certificate first; read again when it changes (EVENKEEL_API_CERTIFICATE)
  --api-key FILE          its key, PEM without a passphrase (EVENKEEL_API_KEY)
  --api-self-signed       make certificate and key in the home, and print the fingerprint (EVENKEEL_API_SELF_SIGNED=1)
  --port PORT             port to listen on, 0 for any (EVENKEEL_PORT; default 7700)
  --database URL          PostgreSQL, for several control planes on one state: postgres://user@host:5432/evenkeel, with
                          sslmode, sslrootcert, sslcert, sslkey (EVENKEEL_DATABASE; default a file in the home)
  --advertise URL         where the others find this one (EVENKEEL_ADVERTISE; default where it listens)
  --vip-pool CIDR         addresses of load balancers (EVENKEEL_VIP_POOL; default 127.77.0.0/16)
  --vip-network6 CIDR     IPv6 addresses that load balancers may ask for (EVENKEEL_VIP_NETWORK6; default none)
  --vpc-network CIDR      networks that VPCs may be within; may be repeated (EVENKEEL_VPC_NETWORKS, with commas;
                          default ${VPC.networks.join(', ')})
  --elastic-ip-pool CIDR  addresses of elastic IPs (EVENKEEL_ELASTIC_IP_POOL; default 127.88.0.0/16)
  --quota NAME=VALUE      how many there may be; may be repeated (${Object.keys(DEFAULT_QUOTAS).join(', ')})
  --rate-limit NAME=N     requests per second, and ten times as many at once; may be repeated (${Object.keys(DEFAULT_RATE_LIMITS).join(', ')})
  --allow-local-webhooks  send to addresses of this machine, its link and its cloud, too (EVENKEEL_ALLOW_LOCAL_WEBHOOKS=1)
  --audit-days N          days that the audit log goes back (EVENKEEL_AUDIT_DAYS; default ${AUDIT.days.default})
  --control-metrics ADDRESS:PORT  serve the metrics there and not with the API; beyond loopback with its TLS alone
                          (EVENKEEL_CONTROL_METRICS; default where the API is)
  --certificate-notice N,…  days before the end of certificates on which events tell of it
                          (EVENKEEL_CERTIFICATE_NOTICE; default ${CERTIFICATE.notice.days.join(',')})
  --node-certificate-hours N  hours that the certificates of nodes are good for, which are renewed long before
                          (EVENKEEL_NODE_CERTIFICATE_HOURS; default ${NODE_CERTIFICATE_HOURS.default})
  --shared-node-token WHERE   where credentials/node.json is good for nodes: local, anywhere
                          (EVENKEEL_SHARED_NODE_TOKEN; default local)
  --log-level LEVEL       ${LOG_LEVELS.join(', ')} (EVENKEEL_LOG_LEVEL; default info)
  --help
`;

type Flags = ReturnType<typeof parseFlags>;

/**
 * Reads flags, then the environment, then defaults. Null when help is asked for. Throws a StartError that names the flag,
 * or the variable in its place.
 */
export function parseOptions(args: readonly string[], environment: NodeJS.ProcessEnv): ControlPlaneOptions | null {
  const flags = parseFlags(args);
  if (flags.help) return null;
  try {
    return optionsOf(flags, environment);
  } catch (error) {
    if (!(error instanceof WrongOption)) throw error;
    const isOnCommandLine = (flag: string) => flags[flag as keyof Flags] !== undefined;
    throw new WrongOption(complaintAsGiven(error.message, isOnCommandLine, environment), error);
  }
}

function optionsOf(flags: Flags, environment: NodeJS.ProcessEnv): ControlPlaneOptions {
  const tls = tlsOf({
    certificate: flags['api-certificate'] ?? environment['EVENKEEL_API_CERTIFICATE'],
    key: flags['api-key'] ?? environment['EVENKEEL_API_KEY'],
    selfSigned: flags['api-self-signed'] ?? environment['EVENKEEL_API_SELF_SIGNED'] === '1',
  });
  return {
    home: flags.home ?? environment['EVENKEEL_HOME'] ?? '.evenkeel',
    host: hostOf(flags.host ?? environment['EVENKEEL_HOST'] ?? '127.0.0.1', tls),
    tls,
    port: portOf(flags.port ?? environment['EVENKEEL_PORT'] ?? '7700'),
    heldSocket: heldSocket(environment),
    heldMetricsSocket: heldMetricsSocket(environment),
    database: databaseOf(flags.database ?? environment['EVENKEEL_DATABASE']),
    advertise: originOf(flags.advertise ?? environment['EVENKEEL_ADVERTISE']),
    pools: {
      vip: pool(flags['vip-pool'] ?? environment['EVENKEEL_VIP_POOL'], 'vip', '--vip-pool'),
      elasticIp: pool(
        flags['elastic-ip-pool'] ?? environment['EVENKEEL_ELASTIC_IP_POOL'],
        'elasticIp',
        '--elastic-ip-pool',
      ),
      ...vpcNetworks(flags['vpc-network'] ?? listOf(environment['EVENKEEL_VPC_NETWORKS'])),
      ...vipNetwork6(flags['vip-network6'] ?? environment['EVENKEEL_VIP_NETWORK6']),
    },
    quotas: quotasOf(flags.quota ?? []),
    rateLimits: rateLimitsOf(flags['rate-limit'] ?? []),
    allowLocalWebhooks: flags['allow-local-webhooks'] ?? environment['EVENKEEL_ALLOW_LOCAL_WEBHOOKS'] === '1',
    metrics: metricsOf(flags['control-metrics'] ?? environment['EVENKEEL_CONTROL_METRICS'], tls),
    certificateNotice: noticeOf(flags['certificate-notice'] ?? environment['EVENKEEL_CERTIFICATE_NOTICE']),
    auditDays: daysOf(flags['audit-days'] ?? environment['EVENKEEL_AUDIT_DAYS']),
    nodeCertificateLife:
      HOUR * hoursOf(flags['node-certificate-hours'] ?? environment['EVENKEEL_NODE_CERTIFICATE_HOURS']),
    sharedNodeToken: sharedTokenOf(flags['shared-node-token'] ?? environment['EVENKEEL_SHARED_NODE_TOKEN'] ?? 'local'),
    logLevel: levelOf(flags['log-level'] ?? environment['EVENKEEL_LOG_LEVEL'] ?? 'info'),
  };
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        home: { type: 'string' },
        host: { type: 'string' },
        'api-certificate': { type: 'string' },
        'api-key': { type: 'string' },
        'api-self-signed': { type: 'boolean' },
        port: { type: 'string' },
        database: { type: 'string' },
        advertise: { type: 'string' },
        'vip-pool': { type: 'string' },
        'vip-network6': { type: 'string' },
        'vpc-network': { type: 'string', multiple: true },
        'elastic-ip-pool': { type: 'string' },
        quota: { type: 'string', multiple: true },
        'rate-limit': { type: 'string', multiple: true },
        'allow-local-webhooks': { type: 'boolean' },
        'audit-days': { type: 'string' },
        'certificate-notice': { type: 'string' },
        'node-certificate-hours': { type: 'string' },
        'shared-node-token': { type: 'string' },
        'control-metrics': { type: 'string' },
        'log-level': { type: 'string' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new WrongOption(`${error instanceof Error ? error.message : String(error)}; see --help`, error);
  }
}

function databaseOf(text: string | undefined): PostgresSettings | null {
  return text === undefined || text === '' ? null : parsePostgresUrl(text);
}

function originOf(text: string | undefined): string | null {
  if (text === undefined || text === '') return null;
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`) {
    throw new WrongOption(`--advertise ${text} is not the address of an API; give a URL such as https://10.0.0.1:7700`);
  }
  if (url.protocol === 'https:' || isLoopback(url.hostname.replace(/^\[(.*)\]$/, '$1'))) return url.origin;
  throw new WrongOption(
    `--advertise ${text} is neither https nor a loopback address, and followers pass on credentials to there; ` +
      'give an https URL',
  );
}

function tlsOf(given: {
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  readonly selfSigned: boolean;
}): ApiTls | null {
  const { certificate, key, selfSigned } = given;
  if (certificate === undefined && key === undefined) return selfSigned ? { kind: 'self-signed' } : null;
  if (selfSigned)
    throw new WrongOption('--api-self-signed makes a certificate: leave out --api-certificate and --api-key');
  if (certificate === undefined || key === undefined) {
    const [given, missing] = key === undefined ? ['certificate', 'key'] : ['key', 'certificate'];
    throw new WrongOption(`--api-${given} is of no use without --api-${missing}; give both, or --api-self-signed`);
  }
  return { kind: 'files', certificate: resolve(certificate), key: resolve(key) };
}

/** What leaves this machine is encrypted, or there would be tokens and keys on the network for everybody to read. */
function hostOf(host: string, tls: ApiTls | null): string {
  if (isIP(host) === 0) throw new WrongOption(`--host ${host} is not an address; give an IPv4 or IPv6 address`);
  if (tls !== null || isLoopback(host)) return host;
  throw new WrongOption(
    `--host ${host} is not a loopback address, and the API is not served beyond this machine without TLS; ` +
      'give --api-certificate and --api-key, or --api-self-signed to have a certificate made',
  );
}

function portOf(text: string): number {
  if (/^[0-9]{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new WrongOption(`--port ${text} is not a port; give a number from 0 to 65535`);
}

function vipNetwork6(text: string | undefined) {
  if (text === undefined || text === '') return {};
  try {
    return { vip6: network6(text) };
  } catch (error) {
    throw new WrongOption(`--vip-network6 ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

function listOf(text: string | undefined): string[] | undefined {
  return text === undefined || text === '' ? undefined : text.split(',').map((part) => part.trim());
}

function vpcNetworks(texts: readonly string[] | undefined) {
  if (texts === undefined) return {};
  const vpcNetworks = texts.map((text) => {
    if (isNetwork(text)) return canonicalNetwork(text)!;
    throw new WrongOption(`--vpc-network ${text} is not a network; give a CIDR block such as 10.0.0.0/8`);
  });
  return { vpcNetworks };
}

function pool(text: string | undefined, name: PoolName, flag: string) {
  if (text === undefined) return DEFAULT_POOLS[name];
  try {
    return network(text);
  } catch (error) {
    throw new WrongOption(`${flag} ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

function quotasOf(pairs: readonly string[]): Quotas {
  return numbersOf('quota', DEFAULT_QUOTAS, pairs, QUOTA);
}

function rateLimitsOf(pairs: readonly string[]): RateLimits {
  return numbersOf('rate-limit', DEFAULT_RATE_LIMITS, pairs, RATE_LIMIT);
}

/** The standard with what `name=value` changes of it. */
function numbersOf<Name extends string>(
  flag: string,
  standard: Readonly<Record<Name, number>>,
  pairs: readonly string[],
  { minimum, maximum }: { readonly minimum: number; readonly maximum: number },
): Readonly<Record<Name, number>> {
  const numbers: Record<Name, number> = { ...standard };
  for (const pair of pairs) {
    const [name, value, ...rest] = pair.split('=');
    const number = value !== undefined && rest.length === 0 && /^[0-9]{1,7}$/.test(value) ? Number(value) : Number.NaN;
    if (name === undefined || !Object.hasOwn(numbers, name) || !(number >= minimum && number <= maximum)) {
      throw new WrongOption(
        `--${flag} ${pair} is not a ${flag.replace('-', ' ')}; give name=value with one of ` +
          `${Object.keys(numbers).join(', ')} and a number from ${minimum} to ${maximum}`,
      );
    }
    numbers[name as Name] = number;
  }
  return numbers;
}

function daysOf(text: string | undefined): number {
  const { minimum, maximum, default: standard } = AUDIT.days;
  if (text === undefined) return standard;
  if (/^[0-9]{1,4}$/.test(text) && Number(text) >= minimum && Number(text) <= maximum) return Number(text);
  throw new WrongOption(`--audit-days ${text} is not a number of days; give one from ${minimum} to ${maximum}`);
}

/** An address of IPv6 is in brackets. */
function metricsOf(text: string | undefined, tls: ApiTls | null): MetricsPlace | null {
  if (text === undefined || text === '') return null;
  const [, six, four, port] = /^(?:\[([^\]]+)\]|([^:]+)):([0-9]{1,5})$/.exec(text) ?? [];
  const host = six ?? four ?? '';
  if (isIP(host) === 0 || Number(port) > 65_535) {
    throw new WrongOption(`--control-metrics ${text} is no address with a port; give one such as 127.0.0.1:7703`);
  }
  if (tls !== null || isLoopback(host)) return { host, port: Number(port) };
  throw new WrongOption(
    `--control-metrics ${text} is not a loopback address, and metrics are not served beyond this machine without TLS; ` +
      'give --api-certificate and --api-key, or --api-self-signed to have a certificate made',
  );
}

function noticeOf(text: string | undefined): readonly number[] {
  const { days: standard, most, maximum } = CERTIFICATE.notice;
  if (text === undefined) return standard;
  const parts = text.split(',');
  const valid =
    parts.length <= most && parts.every((part) => /^[1-9][0-9]{0,2}$/.test(part) && Number(part) <= maximum);
  if (valid) return [...new Set(parts.map(Number))];
  throw new WrongOption(
    `--certificate-notice ${text} names no days; give at most ${most} numbers from 1 to ${maximum}, such as ${standard.join(',')}`,
  );
}

function hoursOf(text: string | undefined): number {
  const { minimum, maximum, default: standard } = NODE_CERTIFICATE_HOURS;
  if (text === undefined) return standard;
  if (/^[0-9]{1,4}$/.test(text) && Number(text) >= minimum && Number(text) <= maximum) return Number(text);
  throw new WrongOption(
    `--node-certificate-hours ${text} is not a number of hours; give one from ${minimum} to ${maximum}`,
  );
}

function sharedTokenOf(text: string): SharedNodeToken {
  const where = SHARED_NODE_TOKEN.find((known) => known === text);
  if (where !== undefined) return where;
  throw new WrongOption(`--shared-node-token ${text} is not allowed; give one of ${SHARED_NODE_TOKEN.join(', ')}`);
}

function levelOf(text: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text);
  if (level !== undefined) return level;
  throw new WrongOption(`--log-level ${text} is not a level; give one of ${LOG_LEVELS.join(', ')}`);
}
