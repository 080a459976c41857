import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { StartFailure } from './failure.ts';
import { type Home, locateHome } from './home.ts';

export interface StartOptions {
  readonly home: Home;
  /** Addresses of the control plane whose node this is, by commas; null: one of its own runs beside the node agent. */
  readonly joins: string | null;
  /** Address that the API listens on. */
  readonly host: string;
  /** Port of the API; 0: any free one. */
  readonly port: number;
  readonly metricsPort: number;
  /** Where the metrics of the control plane are; null: where its API is, or nowhere that could be read here. */
  readonly controlMetrics: { readonly host: string; readonly port: number } | null;
  /** Address that the node's metrics are served on. */
  readonly metricsHost: string;
  readonly demo: boolean;
  /** Seconds that requests in flight may take to finish when Evenkeel is stopped. */
  readonly drainTimeout: number;
  /** Whether the API is encrypted. */
  readonly tls: boolean;
  /** What the control plane is told as it was given; it checks them. */
  readonly controlFlags: readonly string[];
  /** Passed on to the agent as they are. */
  readonly agentFlags: readonly string[];
}

export const DEFAULT_PORT = 7700;
export const DEFAULT_METRICS_PORT = 7701;

const DEFAULT_DRAIN_TIMEOUT = 10;

/** What the node agent is told as it was given; it checks them. */
const PASSED_ON = [
  'node-name',
  'join-token-file',
  'control-ca',
  'control-fingerprint',
  'zone',
  'flow-sharing',
  'flow-sharing-port',
  'announce-table',
  'when-revoked',
] as const;

export const START_HELP = `Usage: evenkeel start [options]

Runs a control plane and a node agent on this machine, and on the first start a demo; with --join a node agent alone.

Options:
  --home FOLDER         where state, credentials and logs are kept (EVENKEEL_HOME; default: .evenkeel in the checkout)
  --host ADDRESS        address of the API; beyond loopback with TLS alone (default: 127.0.0.1)
  --api-certificate F   PEM file of the API's certificate; read again when it changes
  --api-key F           PEM file of its key
  --api-self-signed     have a certificate made for the API, and print its fingerprint
  --vip-pool CIDR       addresses of load balancers (EVENKEEL_VIP_POOL; default: 127.77.0.0/16)
  --metrics-host A      address of the node's metrics (default: that of the API if it is loopback, else 127.0.0.1)
  --port N              port of the API; 0: any free one (default: ${DEFAULT_PORT})
  --metrics-port N      port of the node's metrics; 0: any free one (default: ${DEFAULT_METRICS_PORT})
  --workers N           traffic workers of the node (default: one for each core, at most 4)
  --reactor NAME        auto, uring or portable (default: auto)
  --datapath NAME       of network load balancers: auto, kernel or userspace (default: auto)
  --node-name NAME      what the node is called (default: the name it had, else that of the host)
  --zone NAME           zone of the node
  --flow-sharing WHERE  where other nodes reach this one to share flows: auto, off or an address (default: auto)
  --flow-sharing-port N port of the same; 0: any free one (default: 7702)
  --announce-table N    routing table for VIPs that the kernel carries, for a routing daemon to read (default: none)
  --when-revoked WHAT   what becomes of the last plan of this node when it is revoked: serve or drain (default: serve)
  --drain-timeout N     seconds that requests in flight may take when it is stopped (default: ${DEFAULT_DRAIN_TIMEOUT})
  --no-demo             no demo; on the first start: for good
  --join URLS           run no control plane: be a node of the one at this address, or those on one state, by commas;
                        the first time with a join token, see "evenkeel node join-token create --help"
  --join-token-file F   file that holds it (default: EVENKEEL_JOIN_TOKEN, which is the token itself)
  --control-ca FILE     authorities that vouch for that control plane, PEM
  --control-fingerprint SHA-256 of the certificate that it must show (default: what the join token says)
  -h, --help            this text
`;

/** Throws a StartFailure that names the option, the reason and what is allowed. */
export function parseStart(args: readonly string[], env: NodeJS.ProcessEnv = process.env): StartOptions | 'help' {
  const values = parseOrRefuse(args);
  if (values.help) return 'help';
  const host = addressOf('--host', values.host ?? '127.0.0.1');
  const agentFlags: string[] = [];
  if (values.workers !== undefined) {
    agentFlags.push('--workers', String(integer('--workers', values.workers, 1, 256)));
  }
  if (values.reactor !== undefined) {
    agentFlags.push('--reactor', oneOf('--reactor', values.reactor, ['auto', 'uring', 'portable']));
  }
  if (values.datapath !== undefined) {
    agentFlags.push('--datapath', oneOf('--datapath', values.datapath, ['auto', 'kernel', 'userspace']));
  }
  for (const name of PASSED_ON) if (values[name] !== undefined) agentFlags.push(`--${name}`, values[name]);
  const joins = joinsOf(values);
  const certificateFlags = joins === null ? certificateFlagsOf(values, env) : [];
  const vipPool = values['vip-pool'];
  return {
    home: locateHome(values.home, env),
    joins,
    host,
    port: integer('--port', values.port ?? String(DEFAULT_PORT), 0, 65_535),
    metricsPort: integer('--metrics-port', values['metrics-port'] ?? String(DEFAULT_METRICS_PORT), 0, 65_535),
    drainTimeout: integer('--drain-timeout', values['drain-timeout'] ?? String(DEFAULT_DRAIN_TIMEOUT), 0, 3_600),
    demo: joins === null && !values['no-demo'],
    tls: certificateFlags.length > 0,
    controlFlags: [...certificateFlags, ...(vipPool === undefined ? [] : ['--vip-pool', vipPool])],
    controlMetrics: joins === null ? controlMetricsOf(env.EVENKEEL_CONTROL_METRICS) : null,
    metricsHost: addressOf('--metrics-host', values['metrics-host'] ?? (isLoopback(host) ? host : '127.0.0.1')),
    agentFlags,
  };
}

/** Whoever joins another control plane has none to set up. */
function joinsOf(values: ReturnType<typeof parseOrRefuse>): string | null {
  const { join } = values;
  if (join === undefined) return null;
  const urls = join.split(',').map((text) => URL.parse(text.trim()));
  if (!urls.every((url) => url !== null && (url.protocol === 'http:' || url.protocol === 'https:'))) {
    throw new StartFailure(`--join ${join} is not allowed: give the address of a control plane, as https://host:7700.`);
  }
  for (const name of ['host', 'port', 'api-certificate', 'api-key', 'api-self-signed', 'vip-pool'] as const) {
    if (values[name] === undefined) continue;
    throw new StartFailure(`--${name} is about a control plane, and with --join none runs here: leave it out.`);
  }
  return join;
}

/** What the control plane is told about its certificate, which it checks; empty: it has none. */
function certificateFlagsOf(values: ReturnType<typeof parseOrRefuse>, env: NodeJS.ProcessEnv): string[] {
  const certificate = values['api-certificate'] ?? env.EVENKEEL_API_CERTIFICATE;
  const key = values['api-key'] ?? env.EVENKEEL_API_KEY;
  const selfSigned = values['api-self-signed'] ?? env.EVENKEEL_API_SELF_SIGNED === '1';
  return [
    ...(certificate === undefined ? [] : ['--api-certificate', certificate]),
    ...(key === undefined ? [] : ['--api-key', key]),
    ...(selfSigned ? ['--api-self-signed'] : []),
  ];
}

/** What is no place is left to the control plane to refuse. */
function controlMetricsOf(text = '') {
  const [, six, four, port] = /^(?:\[([^\]]+)\]|([^:]+)):([0-9]{1,5})$/.exec(text) ?? [];
  const host = six ?? four ?? '';
  return isIP(host) === 0 || Number(port) > 65_535 ? null : { host, port: Number(port) };
}

function addressOf(option: string, text: string): string {
  if (isIP(text) !== 0) return text;
  throw new StartFailure(`${option} ${text} is not allowed: give an IPv4 or IPv6 address.`);
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

function parseOrRefuse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        home: { type: 'string' },
        host: { type: 'string' },
        port: { type: 'string' },
        'metrics-port': { type: 'string' },
        'metrics-host': { type: 'string' },
        'api-certificate': { type: 'string' },
        'api-key': { type: 'string' },
        'api-self-signed': { type: 'boolean' },
        'vip-pool': { type: 'string' },
        workers: { type: 'string' },
        reactor: { type: 'string' },
        datapath: { type: 'string' },
        'node-name': { type: 'string' },
        'join-token-file': { type: 'string' },
        'control-ca': { type: 'string' },
        'control-fingerprint': { type: 'string' },
        zone: { type: 'string' },
        'flow-sharing': { type: 'string' },
        'flow-sharing-port': { type: 'string' },
        'announce-table': { type: 'string' },
        'when-revoked': { type: 'string' },
        join: { type: 'string' },
        'drain-timeout': { type: 'string' },
        'no-demo': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new StartFailure(
      `${(error as Error).message.replace(/\.?\s*To specify.*$/s, '')}: see "evenkeel start --help".`,
    );
  }
}

function integer(option: string, text: string, minimum: number, maximum: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= minimum && value <= maximum) return value;
  throw new StartFailure(`${option} ${text} is not allowed: give a whole number from ${minimum} to ${maximum}.`);
}

function oneOf(option: string, text: string, allowed: readonly string[]): string {
  if (allowed.includes(text)) return text;
  throw new StartFailure(`${option} ${text} is not allowed: give one of ${allowed.join(', ')}.`);
}
