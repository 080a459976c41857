import type { PlannedListener, PlannedService } from '@evenkeel/model/plan/objects.ts';
import type { EngineTarget } from '@evenkeel/proxy/engine/engine.ts';
import { Tables } from '@evenkeel/proxy/engine/tables.ts';
import type { SimulatedReactor } from '@evenkeel/proxy/reactor/simulated/simulated-reactor.ts';
import { AccessLog } from '@evenkeel/proxy/telemetry/access-log.ts';
import { AccessLogRing } from '@evenkeel/proxy/telemetry/access-log-ring.ts';
import { SharedCounters } from '@evenkeel/proxy/telemetry/shared-counters.ts';
import { WorkerContext } from '@evenkeel/proxy/worker/context.ts';
import { Proxy } from '@evenkeel/proxy/worker/proxy.ts';
import { WorkerRows } from '@evenkeel/proxy/worker/worker-rows.ts';
import type { Journal } from './journal.ts';
import { FRONT, type MakeMiddle } from './middle.ts';

/** How long the proxy may let things finish when it is stopped, in milliseconds. */
const DRAIN = 5_000;

const RING_SIZE = 64 * 1024;

/** One for all runs, as its address space is large: rows are given out anew to each. */
const counters = new SharedCounters(1);
let runs = 0;

/** The real proxy, as one worker runs it, on a simulated reactor. */
export function proxyMiddle(protocol: 'http' | 'tcp'): MakeMiddle {
  return (reactor, origins) => {
    const listener = plannedListener(protocol, runs++);
    const service = plannedService(protocol, listener.serviceId as string);
    const targets = origins.map(({ address, port }, index) => target(address, port, index));
    const tables = new Tables(counters, () => reactor.network.random.fraction());
    const change = tables.change({
      services: new Map([[service.id, { service, targets }]]),
      listeners: new Map([[listener.id, listener]]),
    });
    const log = new AccessLog(AccessLogRing.create(RING_SIZE), reactor);
    const proxy = new Proxy(new WorkerContext(reactor, log), new WorkerRows(counters.blocks(0)));
    proxy.apply(change, (refused) => {
      if (refused.length > 0) throw new Error(`the listener is refused: ${refused[0]?.detail}`);
    });
    let stopped = false;
    return {
      proxies: true,
      front: FRONT,
      stop: () =>
        proxy.stop(DRAIN, () => {
          stopped = true;
        }),
      inspect: (journal, atTheEnd) => {
        inspectCounters(journal, listener.id, service.id, reactor);
        if (!atTheEnd) return;
        if (!stopped) journal.violate('the proxy does not stop');
        tables.change({ services: new Map([[service.id, null]]), listeners: new Map([[listener.id, null]]) });
        counters.retireListener(listener.id);
        for (const { id } of targets) counters.retireTarget(service.id, id);
        counters.sweep();
      },
    };
  };
}

/** Nothing is under way: whatever counts what is must be back at 0. */
function inspectCounters(journal: Journal, listenerId: string, serviceId: string, reactor: SimulatedReactor): void {
  const read = counters.read(0);
  const listener = read.listeners.find((candidate) => candidate.listenerId === listenerId);
  const targets = read.targets.filter((candidate) => candidate.serviceId === serviceId);
  if (listener === undefined) return;
  if (listener.activeConnections !== 0) journal.violate(`${listener.activeConnections} client connections are counted`);
  if (listener.activeRequests !== 0) journal.violate(`${listener.activeRequests} requests are counted as active`);
  for (const { targetId, activeConnections, activeRequests, idleConnections } of targets) {
    if (activeRequests !== 0) journal.violate(`${activeRequests} requests are counted as active at ${targetId}`);
    if (activeConnections !== idleConnections) {
      journal.violate(`${activeConnections} connections and ${idleConnections} idle ones are counted at ${targetId}`);
    }
  }
  const idle = targets.reduce((sum, { idleConnections }) => sum + idleConnections, 0);
  if (reactor.open !== idle) journal.violate(`${reactor.open} connections are open, ${idle} are counted as idle`);
}

function plannedListener(protocol: 'http' | 'tcp', run: number): PlannedListener {
  return {
    id: `listener-${run}`,
    loadBalancerId: 'lb-1',
    loadBalancerName: 'simulated',
    name: protocol,
    protocol,
    addresses: [FRONT.address],
    port: FRONT.port,
    serviceId: `service-${run}`,
    idleTimeout: 60_000,
    headerTimeout: 30_000,
    accessLog: true,
  };
}

function plannedService(protocol: 'http' | 'tcp', id: string): PlannedService {
  return {
    id,
    name: 'origins',
    protocol,
    algorithm: 'round-robin',
    groupId: 'group-1',
    port: 8080,
    healthCheck: null,
    connectTimeout: 4_000,
    readTimeout: 60_000,
    drainTimeout: 30_000,
  };
}

function target(address: string, port: number, index: number): EngineTarget {
  return { id: `target-${index}`, address, port, weight: 100, eligible: true };
}
