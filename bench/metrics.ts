/** What is measured, and which way is better. A round of a scenario is a record of some of these. */
export const METRICS = {
  cpuPerRequest: { label: 'CPU per request', unit: 'µs', better: 'lower' },
  userPerRequest: { label: '– user', unit: 'µs', better: 'lower' },
  systemPerRequest: { label: '– system', unit: 'µs', better: 'lower' },
  requestsPerSecond: { label: 'Requests per second', unit: '/s', better: 'higher' },
  handshakesPerCpuSecond: { label: 'Handshakes per CPU-second', unit: '/s', better: 'higher' },
  requestsPerCpuSecond: { label: 'Requests per CPU-second', unit: '/s', better: 'higher' },
  p50: { label: 'Latency p50, saturated', unit: 'ms', better: 'lower' },
  p99: { label: 'Latency p99, saturated', unit: 'ms', better: 'lower' },
  p999: { label: 'Latency p99.9, saturated', unit: 'ms', better: 'lower' },
  pacedP50: { label: 'Latency p50, equal load', unit: 'ms', better: 'lower' },
  pacedP99: { label: 'Latency p99, equal load', unit: 'ms', better: 'lower' },
  pacedP999: { label: 'Latency p99.9, equal load', unit: 'ms', better: 'lower' },
  pacedCounted: { label: 'Requests in undisturbed time, equal load', unit: '', better: 'higher' },
  pacedPaused: { label: '– cores that paused, as the witnesses saw it', unit: 'cores', better: 'lower' },
  pacedStolen: { label: '– cores taken by the hypervisor, as the kernel was told', unit: 'cores', better: 'lower' },
  pacedRate: { label: 'Rate of the equal load', unit: '/s', better: 'higher' },
  gigabytesPerCpuSecond: { label: 'GB per CPU-second', unit: 'GB', better: 'higher' },
  gigabytesPerSecond: { label: 'GB per second', unit: 'GB/s', better: 'higher' },
  busy: { label: 'Cores kept busy', unit: 'cores', better: 'lower' },
  errors: { label: 'Failed requests', unit: '', better: 'lower' },
  bytesPerIdleConnection: { label: 'Memory per idle connection', unit: 'KiB', better: 'lower' },
  bytesPerTunnel: { label: 'Memory per idle WebSocket tunnel', unit: 'KiB', better: 'lower' },
  downloadMovement: { label: 'Memory movement, slow 1 GB download', unit: 'KiB', better: 'lower' },
  restMovement: { label: 'Memory movement at rest', unit: 'KiB', better: 'lower' },
  residentAtRest: { label: 'Resident memory at rest', unit: 'MiB', better: 'lower' },
  applyP50: { label: 'API call → traffic follows, p50', unit: 'ms', better: 'lower' },
  applyP99: { label: 'API call → traffic follows, p99', unit: 'ms', better: 'lower' },
  callP50: { label: '– of which the API call answers, p50', unit: 'ms', better: 'lower' },
  checksBusy: { label: 'Cores kept busy by health checks', unit: 'cores', better: 'lower' },
  checksUser: { label: '– user', unit: 'cores', better: 'lower' },
  checksSystem: { label: '– system', unit: 'cores', better: 'lower' },
  checksCore: { label: '– by the whole core', unit: 'cores', better: 'lower' },
  sharedBusy: { label: 'Cores kept busy by health checks, ten to a connection', unit: 'cores', better: 'lower' },
  sharedUser: { label: '– user', unit: 'cores', better: 'lower' },
  sharedSystem: { label: '– system', unit: 'cores', better: 'lower' },
  sharedCore: { label: '– by the whole core', unit: 'cores', better: 'lower' },
  tcpBusy: { label: 'Cores kept busy by health checks, connecting alone', unit: 'cores', better: 'lower' },
  tcpUser: { label: '– user', unit: 'cores', better: 'lower' },
  tcpSystem: { label: '– system', unit: 'cores', better: 'lower' },
  tcpCore: { label: '– by the whole core', unit: 'cores', better: 'lower' },
  coldStart: { label: 'First start → first proxied byte', unit: 's', better: 'lower' },
  restart: { label: 'Next start → first answer', unit: 's', better: 'lower' },
  restartWithOne: { label: '– with a single certificate', unit: 's', better: 'lower' },
  agentMemoryOver: { label: 'Memory of the node agent over that with one', unit: 'MiB', better: 'lower' },
  controlMemoryOver: { label: 'Memory of the control plane over that with one', unit: 'MiB', better: 'lower' },
  controlStart: { label: 'Start of the control plane', unit: 's', better: 'lower' },
  changeP50: { label: 'Change of one target → delta at a node, p50', unit: 'ms', better: 'lower' },
  changeP99: { label: 'Change of one target → delta at a node, p99', unit: 'ms', better: 'lower' },
  pageP50: { label: 'Page of a list, p50', unit: 'ms', better: 'lower' },
  pageP99: { label: 'Page of a list, p99', unit: 'ms', better: 'lower' },
  controlMemory: { label: 'Most memory of the control plane', unit: 'MiB', better: 'lower' },
  durableWrites: { label: 'Durable writes', unit: '/s', better: 'higher' },
  bareWrites: { label: '– of a loop of SQLite alone', unit: '/s', better: 'higher' },
  durableRatio: { label: 'Durable writes ÷ those of the loop', unit: '×', better: 'higher' },
  foreign: { label: 'Disturbance: cores used by other programs', unit: 'cores', better: 'lower' },
  stolen: { label: 'Disturbance: cores taken by the hypervisor', unit: 'cores', better: 'lower' },
} as const satisfies Record<string, Metric>;

export interface Metric {
  readonly label: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
}

export type MetricName = keyof typeof METRICS;
export type Round = Readonly<Partial<Record<MetricName, number>>>;

/** A value with as many digits as it deserves: about three that count. */
export function format(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString('en-US');
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  return value.toFixed(2);
}
