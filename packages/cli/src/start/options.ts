import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { StartFailure } from './failure.ts';
import { type Home, locateHome } from './home.ts';

export interface StartOptions {
  readonly home: Home;
  /** Address that API and metrics listen on. */
  readonly host: string;
  /** Port of the API; 0: any free one. */
  readonly port: number;
  readonly metricsPort: number;
  readonly demo: boolean;
  /** Seconds that requests in flight may take to finish when Evenkeel is stopped. */
  readonly drainTimeout: number;
  /** Passed on to the agent as they are. */
  readonly agentFlags: readonly string[];
}

export const DEFAULT_PORT = 7700;
export const DEFAULT_METRICS_PORT = 7701;

const DEFAULT_DRAIN_TIMEOUT = 10;

export const START_HELP = `Usage: evenkeel start [options]

Runs a control plane and a node agent on this machine, and on the first start a demo.

Options:
  --home FOLDER         where state, credentials and logs are kept (EVENKEEL_HOME; default: .evenkeel in the checkout)
  --host ADDRESS        loopback address of the API and the metrics (default: 127.0.0.1)
  --port N              port of the API; 0: any free one (default: ${DEFAULT_PORT})
  --metrics-port N      port of the node's metrics; 0: any free one (default: ${DEFAULT_METRICS_PORT})
  --workers N           traffic workers of the node (default: one for each core, at most 4)
  --reactor NAME        auto, uring or portable (default: auto)
  --datapath NAME       of network load balancers: auto, kernel or userspace (default: auto)
  --zone NAME           zone of the node
  --drain-timeout N     seconds that requests in flight may take when it is stopped (default: ${DEFAULT_DRAIN_TIMEOUT})
  --no-demo             no demo; on the first start: for good
  -h, --help            this text
`;

/** Throws a StartFailure that names the option, the reason and what is allowed. */
export function parseStart(args: readonly string[], env: NodeJS.ProcessEnv = process.env): StartOptions | 'help' {
  const values = parseOrRefuse(args);
  if (values.help) return 'help';
  const host = values.host ?? '127.0.0.1';
  if (isIP(host) === 0) throw new StartFailure(`--host ${host} is not allowed: give an IPv4 or IPv6 address.`);
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
  if (values.zone !== undefined) agentFlags.push('--zone', values.zone);
  return {
    home: locateHome(values.home, env),
    host,
    port: integer('--port', values.port ?? String(DEFAULT_PORT), 0, 65_535),
    metricsPort: integer('--metrics-port', values['metrics-port'] ?? String(DEFAULT_METRICS_PORT), 0, 65_535),
    drainTimeout: integer('--drain-timeout', values['drain-timeout'] ?? String(DEFAULT_DRAIN_TIMEOUT), 0, 3_600),
    demo: !values['no-demo'],
    agentFlags,
  };
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
        workers: { type: 'string' },
        reactor: { type: 'string' },
        datapath: { type: 'string' },
        zone: { type: 'string' },
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
