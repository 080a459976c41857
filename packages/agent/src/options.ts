import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  isLogFormatFault,
  JSON_LOG_FORMAT,
  LOG_FORMAT_NAMES,
  parseLogFormat,
} from '@evenkeel/model/access-log-format.ts';
import { complaintAsGiven, variableOf } from '@evenkeel/model/given-options.ts';
import { canonicalFingerprint } from '@evenkeel/model/tls-trust.ts';
import {
  ATTACH_SETTINGS,
  CONTAINERS_SETTINGS,
  DATAPATH_SETTINGS,
  type DatapathOptions,
  ROUTING_SETTINGS,
  WRITTEN_FLOWS,
} from './datapath/setting.ts';
import { WHEN_REVOKED, type WhenRevoked } from './membership/revocation.ts';
import type { SharingOptions } from './sharing/setting.ts';
import { WrongOption } from './start-error.ts';

export interface AgentSettings {
  readonly home: string;
  /** Of control planes on one state; one of them leads. */
  readonly controlUrls: readonly string[];
  /** File of PEM authorities, and the SHA-256 of a certificate, that the control plane is known by; undefined: none. */
  readonly controlCa: string | undefined;
  readonly controlFingerprint: string | undefined;
  /** What to join with: a token, or the file that holds one; undefined: the node has joined, or shares a token. */
  readonly joinToken: string | undefined;
  readonly joinTokenFile: string | undefined;
  readonly metricsHost: string;
  /** 0: any free port. */
  readonly metricsPort: number;
  readonly workers: number;
  readonly reactor: 'auto' | 'uring' | 'portable';
  readonly datapath: DatapathOptions;
  readonly sharing: SharingOptions;
  readonly zone: string;
  readonly nodeName: string | undefined;
  readonly whenRevoked: WhenRevoked;
  /** Milliseconds. */
  readonly drainTimeout: number;
  readonly accessLog: 'file' | 'stdout';
  /** A name or a template; see access-log-format.ts of the model. */
  readonly accessLogFormat: string;
  readonly accessLogMaxBytes: number;
  readonly accessLogKeep: number;
  readonly logLevel: string;
  /** End when standard input does. */
  readonly supervised: boolean;
  /** Take over from a node agent that serves, step by step as the supervisor says. */
  readonly standby: boolean;
}

/** Names that the system allows for devices. */
const DEVICE = /^[^\s/:]{1,15}$/;
const REACTORS = ['auto', 'uring', 'portable'] as const;
const ACCESS_LOGS = ['file', 'stdout'] as const;
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'];

export const USAGE = `Usage: node packages/agent/src/main.ts [flags]

Runs a load-balancer node: takes its plan from the control plane, serves traffic, probes targets. "evenkeel start" runs
it, and keeps it running. Each flag may also be given as an environment variable: --control-url is EVENKEEL_CONTROL_URL.

  --home DIR               where the plan, the logs and the node's credential are kept (.evenkeel)
  --control-url URLS       the control plane, or several on one state, by commas (http://127.0.0.1:7700)
  --control-ca FILE        authorities that vouch for it, PEM (those of the system)
  --control-fingerprint F  SHA-256 of the certificate that it must show (the one that the node's credential names)
  --join-token-file FILE   holds a join token, for a node that has yet to join; EVENKEEL_JOIN_TOKEN is the token itself
  --node-name NAME         how the node is called (the name it had, else that of the host)
  --zone ZONE              the zone that the node is in
  --when-revoked WHAT      what becomes of its last plan when it is revoked: serve or drain (serve)
  --workers N              threads that carry traffic (one per core, at most 4)
  --reactor KIND           auto, uring or portable (auto)
  --datapath KIND          of network load balancers: auto, kernel or userspace (auto)
  --datapath-devices LIST  devices whose packets are balanced in the kernel, by commas (all but loopback)
  --datapath-attach POINT  where their programs are: auto, xdp or tcx (auto)
  --datapath-routing WHO   sends on what NAT has translated: direct, the programs at tcx by the kernel's routes, or
                           kernel, with its filters and its IPsec (direct)
  --datapath-containers WAY  to containers of this node: direct, handed to them past the devices that lead there, or
                           device, by those with their queues and filters (direct)
  --datapath-bpf FOLDER    a BPF file system, mounted if it is none (/sys/fs/bpf)
  --datapath-written-flows N  that it has room for while tables of targets change, 110 bytes each (1048576)
  --flow-sharing WHERE     where other nodes reach this one to share flows: auto, off or an address (auto)
  --flow-sharing-port PORT the same (7702; 0 for any)
  --announce-table N       routing table for VIPs that the kernel carries, for a routing daemon to read (none)
  --metrics-host ADDRESS   where /metrics and /healthz are served (127.0.0.1)
  --metrics-port PORT      (7701; 0 for any)
  --drain-timeout SECONDS  how long requests in flight may go on after SIGTERM (10)
  --access-log WHERE       file (logs/access.log in the home) or stdout (file)
  --access-log-format F    of listeners that want no other: ${LOG_FORMAT_NAMES.join(', ')}, or a template (json)
  --access-log-max-mib N   size at which the access log is put aside (100)
  --access-log-keep N      access logs put aside that are kept (5)
  --log-level LEVEL        ${LOG_LEVELS.join(', ')} (info)
  --supervised             end when standard input ends
  --standby                take over from the node agent that serves, as the supervisor of both says
  --help                   print this
`;

const FLAGS = {
  home: { type: 'string' },
  'control-url': { type: 'string' },
  'control-ca': { type: 'string' },
  'control-fingerprint': { type: 'string' },
  'join-token-file': { type: 'string' },
  'node-name': { type: 'string' },
  zone: { type: 'string' },
  'when-revoked': { type: 'string' },
  workers: { type: 'string' },
  reactor: { type: 'string' },
  datapath: { type: 'string' },
  'datapath-devices': { type: 'string' },
  'datapath-attach': { type: 'string' },
  'datapath-routing': { type: 'string' },
  'datapath-containers': { type: 'string' },
  'datapath-bpf': { type: 'string' },
  'datapath-written-flows': { type: 'string' },
  'flow-sharing': { type: 'string' },
  'flow-sharing-port': { type: 'string' },
  'announce-table': { type: 'string' },
  'metrics-host': { type: 'string' },
  'metrics-port': { type: 'string' },
  'drain-timeout': { type: 'string' },
  'access-log': { type: 'string' },
  'access-log-format': { type: 'string' },
  'access-log-max-mib': { type: 'string' },
  'access-log-keep': { type: 'string' },
  'log-level': { type: 'string' },
  supervised: { type: 'boolean' },
  standby: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

type Values = Readonly<Record<string, string | undefined>>;

type Flags = Readonly<Record<string, string | boolean | undefined>>;

/**
 * Reads flags, then the environment, then defaults; null when help is asked for. Throws a StartError that names the flag,
 * or the variable in its place.
 */
export function parseSettings(args: readonly string[], environment: Values): AgentSettings | null {
  const given = parseFlags(args);
  if (given['help'] === true) return null;
  try {
    return settingsOf(given, environment);
  } catch (error) {
    if (!(error instanceof WrongOption)) throw error;
    throw new WrongOption(complaintAsGiven(error.message, (flag) => given[flag] !== undefined, environment));
  }
}

function settingsOf(given: Flags, environment: Values): AgentSettings {
  const text = (flag: string, standard: string): string => {
    const value = given[flag];
    return typeof value === 'string' ? value : (environment[variableOf(flag)] ?? standard);
  };
  const number = (flag: string, standard: number, minimum: number, maximum: number): number =>
    integer(flag, text(flag, String(standard)), minimum, maximum);
  const nodeName = text('node-name', '');
  return {
    home: resolve(text('home', '.evenkeel')),
    controlUrls: urls('control-url', text('control-url', 'http://127.0.0.1:7700')),
    controlCa: path(text('control-ca', '')),
    controlFingerprint: fingerprint('control-fingerprint', text('control-fingerprint', '')),
    joinToken: environment['EVENKEEL_JOIN_TOKEN'] || undefined,
    joinTokenFile: path(text('join-token-file', '')),
    metricsHost: text('metrics-host', '127.0.0.1'),
    metricsPort: number('metrics-port', 7701, 0, 65_535),
    workers: number('workers', Math.min(availableParallelism(), 4), 1, 256),
    reactor: oneOf('reactor', text('reactor', 'auto'), REACTORS),
    datapath: {
      setting: oneOf('datapath', text('datapath', 'auto'), DATAPATH_SETTINGS),
      attach: oneOf('datapath-attach', text('datapath-attach', 'auto'), ATTACH_SETTINGS),
      routing: oneOf('datapath-routing', text('datapath-routing', 'direct'), ROUTING_SETTINGS),
      containers: oneOf('datapath-containers', text('datapath-containers', 'direct'), CONTAINERS_SETTINGS),
      devices: deviceNames('datapath-devices', text('datapath-devices', '')),
      bpfFolder: resolve(text('datapath-bpf', '/sys/fs/bpf')),
      writtenFlows: number('datapath-written-flows', WRITTEN_FLOWS.default, WRITTEN_FLOWS.least, WRITTEN_FLOWS.most),
    },
    sharing: {
      address: sharingAddress('flow-sharing', text('flow-sharing', 'auto')),
      port: number('flow-sharing-port', 7702, 0, 65_535),
      announceTable: routingTable('announce-table', number('announce-table', 0, 0, 999_999_999)),
    },
    zone: text('zone', ''),
    nodeName: nodeName === '' ? undefined : nodeName,
    whenRevoked: oneOf('when-revoked', text('when-revoked', 'serve'), WHEN_REVOKED),
    drainTimeout: number('drain-timeout', 10, 0, 86_400) * 1000,
    accessLog: oneOf('access-log', text('access-log', 'file'), ACCESS_LOGS),
    accessLogFormat: logFormat('access-log-format', text('access-log-format', JSON_LOG_FORMAT)),
    accessLogMaxBytes: number('access-log-max-mib', 100, 1, 1_048_576) * 1024 * 1024,
    accessLogKeep: number('access-log-keep', 5, 0, 1000),
    logLevel: oneOf('log-level', text('log-level', 'info'), LOG_LEVELS),
    standby: given['standby'] === true,
    supervised: given['supervised'] === true || environment[variableOf('supervised')] === '1',
  };
}

function parseFlags(args: readonly string[]): Flags {
  try {
    return parseArgs({ args: [...args], options: FLAGS, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new WrongOption(`${(error as Error).message.split('\n', 1)[0]?.replace(/\.$/, '')}; see --help`);
  }
}

function integer(flag: string, text: string, minimum: number, maximum: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= minimum && value <= maximum) return value;
  throw new WrongOption(`--${flag} must be a whole number from ${minimum} to ${maximum}, not ${JSON.stringify(text)}`);
}

function oneOf<const Word extends string>(flag: string, text: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  throw new WrongOption(`--${flag} must be one of ${words.join(', ')}, not ${JSON.stringify(text)}`);
}

function path(text: string): string | undefined {
  return text === '' ? undefined : resolve(text);
}

function fingerprint(flag: string, text: string): string | undefined {
  if (text === '') return undefined;
  const canonical = canonicalFingerprint(text);
  if (canonical !== null) return canonical;
  throw new WrongOption(
    `--${flag} must be the SHA-256 of a certificate, 64 hexadecimal digits, not ${JSON.stringify(text)}`,
  );
}

function sharingAddress(flag: string, text: string): string {
  const isAddress = isIP(text) !== 0 && text !== '0.0.0.0' && text !== '::';
  if (text === 'auto' || text === 'off' || isAddress) return text;
  throw new WrongOption(`--${flag} must be auto, off or an address of this node, not ${JSON.stringify(text)}`);
}

/** Not one that the kernel looks packets up in: `default`, `main` and `local`. */
function routingTable(flag: string, table: number): number {
  if (table < 253 || table > 255) return table;
  throw new WrongOption(`--${flag} must be a routing table of its own, not ${table}, where packets are looked up`);
}

function deviceNames(flag: string, text: string): string[] {
  const names = text.split(',').filter((name) => name !== '');
  const wrong = names.find((name) => !DEVICE.test(name));
  if (wrong === undefined) return names;
  throw new WrongOption(`--${flag} must be names of devices such as eth0,eth1, not ${JSON.stringify(wrong)}`);
}

function logFormat(flag: string, text: string): string {
  const parsed = parseLogFormat(text);
  if (!isLogFormatFault(parsed)) return text;
  throw new WrongOption(`--${flag} ${parsed.reason}; allowed are ${parsed.allowed.join(', ')}`);
}

function urls(flag: string, text: string): string[] {
  return text.split(',').map((part) => {
    const protocol = URL.parse(part)?.protocol;
    if (protocol === 'http:' || protocol === 'https:') return part;
    throw new WrongOption(`--${flag} must be an http or https URL, or several by commas, not ${JSON.stringify(part)}`);
  });
}
