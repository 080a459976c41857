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

/** What a person needs to know once everything runs. */
export function readyScreen(ready: Ready): string {
  const { workers, reactor, reason } = ready.traffic;
  const rows: [string, string][] = [
    ['API', `${ready.url}/v1`],
    ['API reference', `${ready.url}/docs`],
    ...(ready.fingerprint === null ? [] : [['Fingerprint', ready.fingerprint] satisfies [string, string]]),
    ['Admin credential', ready.credential],
    ['Metrics', `${ready.url}/metrics (control plane), ${ready.metricsUrl} (node)`],
    ['Traffic', `${workers} ${workers === 1 ? 'worker' : 'workers'}, ${reactor} reactor (${reason})`],
    ['Logs', ready.logs],
  ];
  const lines = [`Ready in ${ready.seconds.toFixed(1)} s.`, ''];
  for (const [name, value] of rows) lines.push(`  ${name.padEnd(18)}${value}`);
  if (ready.demoUrl !== null) {
    lines.push('', '  A demo load balancer stands in front of two small servers on this machine. Try it:', '');
    lines.push(`    curl ${ready.demoUrl}`);
  }
  lines.push('', 'Ctrl-C drains and stops.');
  return lines.join('\n');
}
