import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { OriginPlace } from './demo-record.ts';
import type { HeldSocket } from './held-socket.ts';
import { ROOT } from './home.ts';
import type { StartOptions } from './options.ts';
import type { SocketQueue } from './socket-queue.ts';
import type { ProcessSpec } from './supervised-process.ts';

/** Main files of the processes; only tests exchange them. */
export interface Scripts {
  readonly control: string;
  readonly agent: string;
  readonly origin: string;
}

export const SCRIPTS = scriptsOf(ROOT);

/** Those of the version in a folder. */
export function scriptsOf(root: string): Scripts {
  const packages = join(root, 'packages');
  return {
    control: join(packages, 'control', 'src', 'main.ts'),
    agent: join(packages, 'agent', 'src', 'main.ts'),
    origin: join(packages, 'cli', 'src', 'start', 'origin.ts'),
  };
}

/** What of a process another version brings with it. */
export interface Version {
  readonly script: string;
  readonly node: string;
  readonly lifeline: string;
}

export function lifelineOf(root: string): string {
  return join(root, 'packages', 'cli', 'src', 'start', 'lifeline.ts');
}

/** Ports as they are; one that was "any" is fixed by the first start, so that a restarted process comes back to it. */
export class Ports {
  api: number;
  metrics: number;

  constructor(api: number, metrics: number) {
    this.api = api;
    this.metrics = metrics;
  }
}

/** By the variable that tells of a socket: the file that reads it, in a version that knows it. */
const READ_BY: Readonly<Record<string, string>> = {
  EVENKEEL_API_SOCKET: 'held-socket.ts',
  EVENKEEL_METRICS_SOCKET: 'held-metrics-socket.ts',
};

/** The control plane of a version from before there were `sockets` opens its own. */
export function controlSpec(
  version: Pick<Version, 'script'>,
  options: StartOptions,
  ports: Ports,
  sockets: readonly HeldSocket[],
): ProcessSpec {
  const transport = join(dirname(version.script), 'transport');
  return {
    ...version,
    name: 'control plane',
    listensOn: sockets.filter(({ variable }) => existsSync(join(transport, READ_BY[variable]!))),
    args: () => [
      ...['--home', options.home.path, '--host', options.host, '--port', String(ports.api)],
      ...options.controlFlags,
    ],
  };
}

/** Its own control plane, and others on the same state, as the environment has them. */
function controlUrls(options: StartOptions, ports: Ports): string {
  const others = process.env['EVENKEEL_CONTROL_URL'];
  return [urlOf(options, ports.api), ...(others ? [others] : [])].join(',');
}

/** `standby`: in its first start it takes over from another one. */
export function agentSpec(
  version: Pick<Version, 'script'>,
  options: StartOptions,
  ports: Ports,
  sockets: SocketQueue,
  standby = false,
): ProcessSpec {
  let starts = 0;
  return {
    ...version,
    name: 'node agent',
    sockets,
    args: () => [
      ...(standby && starts++ === 0 ? ['--standby'] : []),
      ...['--home', options.home.path, '--control-url', options.joins ?? controlUrls(options, ports)],
      ...['--metrics-host', options.metricsHost, '--metrics-port', String(ports.metrics)],
      ...['--drain-timeout', String(options.drainTimeout), ...options.agentFlags],
    ],
  };
}

/** `place` is asked before each start: a restarted server comes back to the port that its load balancer knows. */
export function originSpec(script: string, name: string, place: () => OriginPlace): ProcessSpec {
  return {
    name,
    script,
    args: () => ['--name', name, '--address', place().address, '--port', String(place().port)],
  };
}

/** Where a process of this machine reaches the API. */
export function urlOf({ host, tls }: Pick<StartOptions, 'host' | 'tls'>, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `${tls ? 'https' : 'http'}://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}
