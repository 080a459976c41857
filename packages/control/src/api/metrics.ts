import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What the gauges look at when they are read. */
export interface Observed {
  generation(): number;
  leads(): boolean;
  nodes(): number;
  nodesOnline(): number;
  nodesCordoned(): number;
  nodesDrained(): number;
  handovers(): number;
  operationsPending(): number;
  operationsAwaited(): number;
  writesWaiting(): number;
  /** When the newest backup by the policy was made, in Unix seconds; 0: none is known. */
  backupAt(): number;
  backupFailures(): number;
  eventsLost(): number;
  eventStreams(): number;
  /** What expires, the first first; bounded. */
  expiring(): readonly Expiring[];
  /** OCSP responses by certificate, the first to run out first; bounded. */
  staples(): readonly Ending[];
}

export interface Ending {
  readonly id: string;
  /** Unix seconds. */
  readonly at: number;
}

/** A certificate or an authority. */
export interface Expiring extends Ending {
  readonly kind: 'certificate' | 'authority';
}

/** Gauges of the library whose names Prometheus' own linter refuses. */
const MISNAMED = ['handles', 'requests', 'resources'].map((what) => `nodejs_active_${what}_total`);

/** The metrics of the control plane, in the Prometheus text format. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Counter<'operation' | 'status'>;
  readonly #duration: Histogram<'operation'>;
  readonly #commits: Histogram;
  readonly #writes: Counter;

  constructor() {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name);
    this.#requests = new Counter({
      name: 'evenkeel_api_requests_total',
      help: 'API requests by operation and status.',
      labelNames: ['operation', 'status'],
      registers,
    });
    this.#duration = new Histogram({
      name: 'evenkeel_api_request_duration_seconds',
      help: 'Time from request to answer by operation; waiting for operations included.',
      labelNames: ['operation'],
      buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    });
    this.#commits = new Histogram({
      name: 'evenkeel_store_commit_duration_seconds',
      help: 'Time of a transaction of the store, the disk included.',
      buckets: [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1],
      registers,
    });
    this.#writes = new Counter({ name: 'evenkeel_store_writes_total', help: 'Writes that were committed.', registers });
  }

  observe(observed: Observed): void {
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers: [this.#registry],
        collect() {
          this.set(read());
        },
      });
    gauge('evenkeel_configuration_generation', 'The generation of the configuration.', observed.generation);
    gauge('evenkeel_control_leading', '1: this control plane writes; 0: it follows another one.', () =>
      Number(observed.leads()),
    );
    gauge('evenkeel_nodes_known', 'Nodes that are known.', observed.nodes);
    gauge('evenkeel_nodes_online', 'Nodes whose agent is connected.', observed.nodesOnline);
    gauge('evenkeel_nodes_cordoned', 'Nodes that nothing new is placed on.', observed.nodesCordoned);
    gauge('evenkeel_nodes_drained', 'Nodes that are to have no load balancers.', observed.nodesDrained);
    gauge(
      'evenkeel_placement_handovers',
      'Load balancers that go from one node to another, and that the new one has yet to take over.',
      observed.handovers,
    );
    gauge('evenkeel_operations_pending', 'Operations that a node has yet to acknowledge.', observed.operationsPending);
    gauge('evenkeel_operations_awaited', 'Calls that wait for an operation.', observed.operationsAwaited);
    gauge(
      'evenkeel_backup_last_success_timestamp_seconds',
      'When the newest backup by the policy was made; 0: none.',
      observed.backupAt,
    );
    gauge('evenkeel_backup_failures', 'Backups by the policy that failed since the start.', observed.backupFailures);
    gauge(
      'evenkeel_events_lost',
      'Events that were lost since the start, because too many waited.',
      observed.eventsLost,
    );
    gauge('evenkeel_event_streams', 'Readers that follow events.', observed.eventStreams);
    gauge('evenkeel_store_writes_waiting', 'Writes that wait for the store.', observed.writesWaiting);
    // No names: whoever reads metrics needs no token, and what tenants call their things is theirs.
    const labelNames = ['kind', 'id'] as const;
    new Gauge<(typeof labelNames)[number]>({
      name: 'evenkeel_expiry_timestamp_seconds',
      help: 'When a certificate or an authority expires, in Unix time; the 1,000 that expire first.',
      labelNames,
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const { at, ...labels } of observed.expiring()) this.set(labels, at);
      },
    });
    new Gauge<'id'>({
      name: 'evenkeel_staple_expiry_timestamp_seconds',
      help: 'When the OCSP response of a certificate runs out, in Unix time; the 1,000 that do first.',
      labelNames: ['id'],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const { at, id } of observed.staples()) this.set({ id }, at);
      },
    });
  }

  /** A request has been answered; `seconds` is the time it took. */
  request(operation: string, status: number, seconds: number): void {
    this.#requests.inc({ operation, status });
    this.#duration.observe({ operation }, seconds);
  }

  committed(seconds: number, writes: number): void {
    this.#commits.observe(seconds);
    this.#writes.inc(writes);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
