import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import { RESOURCES } from '@evenkeel/proxy/overload/pressure.ts';
import type { ListenerCounters, TargetCounters } from '@evenkeel/proxy/telemetry/counters.ts';
import { histogramSamples, type Metric, type Sample } from './metric.ts';
import type { Snapshot } from './snapshot.ts';

/** What the data plane counted, per listener, per target of a service, and per worker. */
export const engineMetrics: readonly Metric<Snapshot>[] = [
  {
    name: 'evenkeel_listener_info',
    type: 'gauge',
    help: 'Names of each listener in the plan, to be joined by listener; always 1.',
    *sample({ plan }) {
      for (const entry of plan.entries.values()) if (entry.kind === 'listener') yield listenerInfo(entry.value);
    },
  },
  listener('connections_total', 'counter', 'Connections accepted.', (counters) => counters.connections),
  listener('active_connections', 'gauge', 'Connections open now.', (counters) => counters.activeConnections),
  listener('requests_total', 'counter', 'Requests received; HTTP listeners only.', (counters) => counters.requests),
  listener('active_requests', 'gauge', 'Requests in flight now.', (counters) => counters.activeRequests),
  listener('received_bytes_total', 'counter', 'Bytes received from clients.', (counters) => counters.bytesReceived),
  listener('sent_bytes_total', 'counter', 'Bytes sent to clients.', (counters) => counters.bytesSent),
  perListener(
    'datagrams_total',
    'counter',
    'Datagrams of listeners with UDP: received from clients, sent to clients, and lost in between.',
    function* ({ datagrams }, labels) {
      for (const [way, value] of Object.entries(datagrams)) if (value > 0) yield { labels: { ...labels, way }, value };
    },
  ),
  {
    name: 'evenkeel_listener_flood',
    type: 'gauge',
    help: '1 while a listener is under a flood of connections; of those with a threshold for it.',
    *sample({ floods }) {
      for (const { listenerId, isFlooded } of floods)
        yield { labels: { listener: listenerId }, value: Number(isFlooded) };
    },
  },
  {
    name: 'evenkeel_listener_floods_total',
    type: 'counter',
    help: 'Floods of connections that a listener has been under; of those with a threshold for it.',
    *sample({ floods: known }) {
      for (const { listenerId, floods } of known) yield { labels: { listener: listenerId }, value: floods };
    },
  },
  {
    name: 'evenkeel_rule_requests_total',
    type: 'counter',
    help: 'Requests that each rule has matched; rules that have matched none are left out.',
    *sample({ engine }) {
      for (const { ruleGroupId, ruleId, requests } of engine.rules) {
        yield { labels: { rule_group: ruleGroupId, rule: ruleId }, value: requests };
      }
    },
  },
  perListener(
    'responses_total',
    'counter',
    'Responses sent to clients, by class of status.',
    function* (counters, labels) {
      yield* byClass(counters.responses, labels);
    },
  ),
  perListener(
    'ended_total',
    'counter',
    'Ended requests and connections, by who ended them and in which phase.',
    function* (counters, labels) {
      for (const [reason, value] of Object.entries(counters.reasons)) yield { labels: { ...labels, reason }, value };
    },
  ),
  perListener(
    'limited_total',
    'counter',
    'Connections and requests that were refused or ended at a limit, by limit.',
    function* (counters, labels) {
      for (const [limit, value] of Object.entries(counters.limits)) yield { labels: { ...labels, limit }, value };
    },
  ),
  perListener(
    'refused_total',
    'counter',
    'Connections of sources that may not connect, by what refuses them.',
    function* (counters, labels) {
      for (const [reason, value] of Object.entries(counters.refused)) yield { labels: { ...labels, reason }, value };
    },
  ),
  perListener(
    'desync_total',
    'counter',
    'Requests that some server could understand in another way, by reason; one request may have several.',
    function* (counters, labels) {
      for (const [reason, value] of Object.entries(counters.desync)) yield { labels: { ...labels, reason }, value };
    },
  ),
  perListener(
    'request_duration_seconds',
    'histogram',
    'Time from the first byte of a request in to the last byte of its response out.',
    (counters, labels) => histogramSamples('evenkeel_listener_request_duration_seconds', labels, counters.duration),
  ),
  {
    name: 'evenkeel_service_info',
    type: 'gauge',
    help: 'Name and settings of each backend service in the plan, to be joined by service; always 1.',
    *sample({ plan }) {
      for (const entry of plan.entries.values()) {
        if (entry.kind !== 'service') continue;
        const { id, name, protocol, algorithm, groupId } = entry.value;
        yield { labels: { service: id, service_name: name, protocol, algorithm, group: groupId ?? '' }, value: 1 };
      }
    },
  },
  {
    name: 'evenkeel_target_info',
    type: 'gauge',
    help: 'Address, port and zone of each target in the plan, to be joined by target; port 0 is that of the service.',
    *sample({ plan }) {
      for (const entry of plan.entries.values()) {
        if (entry.kind !== 'group') continue;
        for (const { id, address, port, zone } of entry.value.targets) {
          yield { labels: { group: entry.value.id, target: id, address, port, zone }, value: 1 };
        }
      }
    },
  },
  target('connections_total', 'counter', 'Connections made to the target.', (counters) => counters.connections),
  target(
    'active_connections',
    'gauge',
    'Connections to the target in use now.',
    (counters) => counters.activeConnections,
  ),
  target(
    'idle_connections',
    'gauge',
    'Connections kept for the next request now.',
    (counters) => counters.idleConnections,
  ),
  target('requests_total', 'counter', 'Requests sent to the target.', (counters) => counters.requests),
  target('active_requests', 'gauge', 'Requests that wait for the target now.', (counters) => counters.activeRequests),
  target(
    'connect_errors_total',
    'counter',
    'Connections that could not be made.',
    (counters) => counters.connectErrors,
  ),
  target(
    'replays_total',
    'counter',
    'Requests sent again because a kept connection had gone.',
    (counters) => counters.replays,
  ),
  target(
    'retries_total',
    'counter',
    'Requests sent to the target after another attempt of theirs had failed.',
    (counters) => counters.retries,
  ),
  target(
    'failures_total',
    'counter',
    'Requests that failed at the target, as outlier detection sees it.',
    (counters) => counters.failures,
  ),
  target('sent_bytes_total', 'counter', 'Bytes sent to the target.', (counters) => counters.bytesSent),
  target('received_bytes_total', 'counter', 'Bytes received from the target.', (counters) => counters.bytesReceived),
  perTarget(
    'responses_total',
    'counter',
    'Responses received from the target, by class of status.',
    function* (counters, labels) {
      yield* byClass(counters.responses, labels);
    },
  ),
  worker(
    'open_connections',
    'gauge',
    'Connections of either side that the worker holds.',
    (one) => one.openConnections,
  ),
  worker('free_buffers', 'gauge', 'Buffers of the worker that are free.', (one) => one.freeBuffers),
  worker(
    'waiting_heads',
    'gauge',
    'Client connections of the worker that owe their first request or handshake.',
    (one) => one.waitingHeads,
  ),
  worker(
    'standing_delay_seconds',
    'gauge',
    'Time that whatever arrives at the worker has waited at least, of late.',
    (one) => one.standingDelay / 1_000,
  ),
  worker(
    'shed_ratio',
    'gauge',
    'Share of new connections and requests that the worker turns away for want of time or memory.',
    (one) => one.shedShare,
  ),
  {
    name: 'evenkeel_worker_overloaded',
    type: 'gauge',
    help: '1 while the worker is out of time, buffers, descriptors or memory, so that it turns new work away.',
    *sample({ engine }) {
      for (const { worker: index, overload } of engine.workers) {
        for (const resource of RESOURCES) {
          yield { labels: { worker: index, resource }, value: overload.includes(resource) ? 1 : 0 };
        }
      }
    },
  },
];

function listenerInfo({ id, name, loadBalancerId, loadBalancerName, protocol, port }: PlannedListener): Sample {
  const labels = {
    load_balancer: loadBalancerId,
    load_balancer_name: loadBalancerName,
    listener: id,
    listener_name: name,
    protocol,
    port,
  };
  return { labels, value: 1 };
}

type Labels = Readonly<Record<string, string>>;
type Kind = Metric<Snapshot>['type'];

function listener(
  name: string,
  type: Kind,
  help: string,
  read: (counters: ListenerCounters) => number,
): Metric<Snapshot> {
  return perListener(name, type, help, (counters, labels) => [{ labels, value: read(counters) }]);
}

function perListener(
  name: string,
  type: Kind,
  help: string,
  samples: (counters: ListenerCounters, labels: Labels) => Iterable<Sample>,
): Metric<Snapshot> {
  return {
    name: `evenkeel_listener_${name}`,
    type,
    help,
    *sample({ engine, plan }) {
      for (const counters of engine.listeners) {
        const entry = plan.entries.get(`listener/${counters.listenerId}`);
        // A listener that has just left the plan is still counted until the engine forgets it.
        const loadBalancer = entry?.kind === 'listener' ? entry.value.loadBalancerId : '';
        yield* samples(counters, { load_balancer: loadBalancer, listener: counters.listenerId });
      }
    },
  };
}

function target(name: string, type: Kind, help: string, read: (counters: TargetCounters) => number): Metric<Snapshot> {
  return perTarget(name, type, help, (counters, labels) => [{ labels, value: read(counters) }]);
}

function perTarget(
  name: string,
  type: Kind,
  help: string,
  samples: (counters: TargetCounters, labels: Labels) => Iterable<Sample>,
): Metric<Snapshot> {
  return {
    name: `evenkeel_target_${name}`,
    type,
    help,
    *sample({ engine }) {
      for (const counters of engine.targets) {
        yield* samples(counters, { service: counters.serviceId, target: counters.targetId });
      }
    },
  };
}

function worker(
  name: string,
  type: Kind,
  help: string,
  read: (counters: Snapshot['engine']['workers'][number]) => number,
): Metric<Snapshot> {
  return {
    name: `evenkeel_worker_${name}`,
    type,
    help,
    *sample({ engine }) {
      for (const one of engine.workers) yield { labels: { worker: one.worker }, value: read(one) };
    },
  };
}

/** Index 1–5 of the counts is the class. */
function* byClass(responses: readonly number[], labels: Labels): Generator<Sample> {
  for (let index = 1; index <= 5; index++)
    yield { labels: { ...labels, class: `${index}xx` }, value: responses[index] ?? 0 };
}
