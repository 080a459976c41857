import type { Scenario } from '../bench.ts';
import type { MetricName } from '../metrics.ts';
import { PATHS } from '../origin.ts';
import type { Target } from '../verdict.ts';
import { trafficScenario } from './traffic.ts';

const PER_REQUEST: readonly MetricName[] = [
  'cpuPerRequest',
  'userPerRequest',
  'systemPerRequest',
  'requestsPerSecond',
  'p50',
  'p99',
  'busy',
];

const KEEPALIVE_TARGETS: readonly Target[] = [
  { metric: 'cpuPerRequest', kind: 'ratio', against: 'better', limit: 0.75 },
  { metric: 'userPerRequest', kind: 'ratio', against: 'better', limit: 0.6 },
  { metric: 'requestsPerSecond', kind: 'ratio', against: 'better', limit: 1 },
  { metric: 'p99', kind: 'ratio', against: 'better', limit: 1 },
  { metric: 'pacedP99', kind: 'ratio', against: 'better', limit: 1 },
];

export const keepalive64 = keepalive(64);
export const keepalive256 = keepalive(256);

export const keepaliveVaried = trafficScenario({
  name: 'keepalive-64-varied',
  title: 'As keepalive-64, but each request has a trace identifier of its own, so that no two have the same fields.',
  path: PATHS.small,
  connections: 64,
  vary: true,
  metrics: PER_REQUEST,
  targets: [],
});

function keepalive(connections: number): Scenario {
  return trafficScenario({
    name: `keepalive-${connections}`,
    title: `HTTP/1.1 keep-alive on ${connections} connections, 1 KB responses.`,
    path: PATHS.small,
    connections,
    paced: true,
    metrics: PER_REQUEST,
    targets: KEEPALIVE_TARGETS,
  });
}

export const connectionPerRequest = trafficScenario({
  name: 'connection-per-request',
  title: 'A new client connection for each request, 64 at a time, 1 KB responses; connections to targets are kept.',
  path: PATHS.small,
  connections: 64,
  close: true,
  metrics: PER_REQUEST,
  targets: [{ metric: 'cpuPerRequest', kind: 'ratio', against: 'haproxy', limit: 1 }],
});

export const body1mb = trafficScenario({
  name: 'body-1mb',
  title: 'HTTP/1.1 keep-alive on 16 connections, 1 MB responses.',
  path: PATHS.large,
  connections: 16,
  metrics: ['gigabytesPerCpuSecond', 'gigabytesPerSecond', 'busy'],
  targets: [{ metric: 'gigabytesPerCpuSecond', kind: 'ratio', against: 'nginx', limit: 0.9 }],
});
