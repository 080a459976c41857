import type { PlannedKind } from '@evenkeel/model/plan/plan.ts';
import { histogramSamples, type Metric } from './metric.ts';
import type { Snapshot } from './snapshot.ts';

/** The node itself: its plan, its stream to the control plane, its access log, its process. */
export const nodeMetrics: readonly Metric<Snapshot>[] = [
  {
    name: 'evenkeel_node_info',
    type: 'gauge',
    help: 'This node; always 1.',
    sample: ({ node }) => [
      { labels: { node: node.name, zone: node.zone, version: node.version, reactor: node.reactor }, value: 1 },
    ],
  },
  gauge('evenkeel_plan_version', 'Version of the plan that the control plane wants.', ({ plan }) => plan.version),
  gauge(
    'evenkeel_plan_applied_version',
    'Version of the plan that the data plane runs.',
    ({ applied }) => applied.version,
  ),
  gauge(
    'evenkeel_plan_stored_version',
    'Version of the plan on disk; 0 for none.',
    ({ storedVersion }) => storedVersion,
  ),
  counter(
    'evenkeel_plan_store_failures_total',
    'Plans that could not be written to disk.',
    ({ storeFailures }) => storeFailures,
  ),
  {
    name: 'evenkeel_plan_objects',
    type: 'gauge',
    help: 'Objects in the plan by kind.',
    *sample({ plan }) {
      const counts: Record<PlannedKind | 'target', number> = {
        listener: 0,
        service: 0,
        group: 0,
        'rule-group': 0,
        certificate: 0,
        authority: 0,
        'ticket-keys': 0,
        'security-group': 0,
        target: 0,
      };
      for (const entry of plan.entries.values()) {
        counts[entry.kind]++;
        if (entry.kind === 'group') counts.target += entry.value.targets.length;
      }
      for (const [kind, value] of Object.entries(counts)) yield { labels: { kind }, value };
    },
  },
  {
    name: 'evenkeel_listener_refused',
    type: 'gauge',
    help: '1 for each listener that this node cannot run, with the reason.',
    *sample({ applied }) {
      for (const { listenerId, code } of applied.refused) yield { labels: { listener: listenerId, code }, value: 1 };
    },
  },
  {
    name: 'evenkeel_plan_apply_duration_seconds',
    type: 'histogram',
    help: 'Time that the data plane took to run a change.',
    sample: ({ control }) => histogramSamples('evenkeel_plan_apply_duration_seconds', {}, control.applyDuration),
  },
  counter(
    'evenkeel_plan_apply_failures_total',
    'Changes that the data plane failed to take.',
    ({ control }) => control.applyFailures,
  ),
  counter(
    'evenkeel_worker_deaths_total',
    'Traffic workers that died, with their connections, and were replaced.',
    ({ control }) => control.workerDeaths,
  ),
  counter(
    'evenkeel_worker_hangs_total',
    'Traffic workers among them that were ended because their loop did not turn.',
    ({ control }) => control.workerHangs,
  ),
  gauge(
    'evenkeel_listening_sockets',
    'Listening sockets: for each address of a listener one per worker.',
    (snapshot) => snapshot.sockets.open,
  ),
  gauge(
    'evenkeel_listening_sockets_held',
    'Listening sockets that would outlive this process, for the next one to accept from.',
    (snapshot) => snapshot.sockets.held,
  ),
  counter(
    'evenkeel_certificate_failures_total',
    'Certificates that turned out to be no good when a client first asked for their name; handshakes for it are refused.',
    ({ control }) => control.certificateFailures,
  ),
  counter('evenkeel_plan_resyncs_total', 'Times that a whole plan was asked for.', ({ control }) => control.resyncs),
  gauge('evenkeel_stream_open', '1 while the stream to the control plane is open.', ({ stream }) =>
    stream.isOpen ? 1 : 0,
  ),
  counter('evenkeel_stream_connects_total', 'Times that the stream has been opened.', ({ stream }) => stream.connects),
  {
    name: 'evenkeel_stream_messages_total',
    type: 'counter',
    help: 'Messages from the control plane by type; invalid and unknown ones were passed over.',
    *sample({ control }) {
      for (const [type, value] of control.messages) yield { labels: { type }, value };
    },
  },
  {
    name: 'evenkeel_access_log_dropped_total',
    type: 'counter',
    help: 'Lines of the access log that were lost: the ring was full (ring), or the file could not be written (write).',
    sample: ({ engine, accessLog }) => [
      { labels: { cause: 'ring' }, value: engine.accessLogDropped },
      { labels: { cause: 'write' }, value: accessLog.dropped },
    ],
  },
  counter(
    'evenkeel_access_log_written_bytes_total',
    'Bytes written to the access log.',
    ({ accessLog }) => accessLog.writtenBytes,
  ),
  gauge('evenkeel_access_log_failing', '1 while the access log cannot be written.', ({ accessLog }) =>
    accessLog.failing ? 1 : 0,
  ),
  counter('process_cpu_seconds_total', 'User and system CPU time of all threads.', (one) => one.process.cpuSeconds),
  gauge('process_resident_memory_bytes', 'Resident memory.', (one) => one.process.residentBytes),
  gauge('process_open_fds', 'Open file descriptors.', (one) => one.process.openDescriptors),
  gauge('process_max_fds', 'Limit of open file descriptors.', (one) => one.process.descriptorLimit),
  gauge('process_start_time_seconds', 'Start of the process, in Unix time.', (one) => one.process.startTime),
  gauge(
    'evenkeel_main_thread_delay_seconds',
    'Longest time since the last scrape for which the main thread, which carries no traffic, was busy with one thing.',
    (one) => one.process.mainThreadDelay,
  ),
];

function gauge(name: string, help: string, read: (snapshot: Snapshot) => number): Metric<Snapshot> {
  return { name, type: 'gauge', help, sample: (snapshot) => [{ labels: {}, value: read(snapshot) }] };
}

function counter(name: string, help: string, read: (snapshot: Snapshot) => number): Metric<Snapshot> {
  return { name, type: 'counter', help, sample: (snapshot) => [{ labels: {}, value: read(snapshot) }] };
}
