export interface Ready {
  readonly url: string;
  /** Of the certificate that the API shows; null: it shows none. */
  readonly fingerprint: string | null;
  readonly metricsUrl: string;
  readonly traffic: { readonly workers: number; readonly reactor: string; readonly reason: string };
  readonly credential: string;
  readonly logs: string;
  /** Where the demo answers, or null. */
  readonly demoUrl: string | null;
  readonly seconds: number;
}

export interface NodeReady extends Pick<Ready, 'metricsUrl' | 'traffic' | 'logs' | 'seconds'> {
  /** Addresses of its control plane. */
  readonly joins: string;
  /** What it waits for before it is ready; null: it is. */
  readonly waitsFor: string | null;
}

/** The same of a node agent alone. */
export function nodeScreen({ joins, waitsFor, metricsUrl, traffic, logs, seconds }: NodeReady): string {
  const rows: [string, string][] = [
    ['Control plane', `${joins} ("evenkeel node list" there tells when it knows this node)`],
    ...(waitsFor === null
      ? []
      : [['Waits for', `${waitsFor} (it has no plan yet, and serves nothing)`] satisfies [string, string]]),
    ['Metrics', metricsUrl],
    ['Traffic', trafficOf(traffic)],
    ['Logs', logs],
  ];
  return [...table(rows, seconds, waitsFor === null ? 'Ready' : 'Started'), '', 'Ctrl-C drains and stops.'].join('\n');
}

/** What a person needs to know once everything runs. */
export function readyScreen(ready: Ready): string {
  const rows: [string, string][] = [
    ['API', `${ready.url}/v1`],
    ['API reference', `${ready.url}/docs`],
    ...(ready.fingerprint === null ? [] : [['Fingerprint', ready.fingerprint] satisfies [string, string]]),
    ['Admin credential', ready.credential],
    ['Metrics', `${ready.url}/metrics (control plane), ${ready.metricsUrl} (node)`],
    ['Traffic', trafficOf(ready.traffic)],
    ['Logs', ready.logs],
  ];
  const lines = table(rows, ready.seconds);
  if (ready.demoUrl !== null) {
    lines.push('', '  A demo load balancer stands in front of two small servers on this machine. Try it:', '');
    lines.push(`    curl ${ready.demoUrl}`);
  }
  lines.push('', 'Ctrl-C drains and stops.');
  return lines.join('\n');
}

function table(rows: readonly (readonly [string, string])[], seconds: number, done = 'Ready'): string[] {
  return [`${done} in ${seconds.toFixed(1)} s.`, '', ...rows.map(([name, value]) => `  ${name.padEnd(18)}${value}`)];
}

function trafficOf({ workers, reactor, reason }: Ready['traffic']): string {
  return `${workers} ${workers === 1 ? 'worker' : 'workers'}, ${reactor} reactor (${reason})`;
}
