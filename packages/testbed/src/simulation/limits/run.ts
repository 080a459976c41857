import { type PlannedTargetLimits, STANDARD_TARGET_LIMITS } from '@evenkeel/model/plan/balancing.ts';
import { type PlannedLimits, STANDARD_LIMITS } from '@evenkeel/model/plan/limits.ts';
import type { PlannedListener, PlannedService } from '@evenkeel/model/plan/objects.ts';
import { PLAIN_HTTP_LISTENER, PLAIN_SERVICE } from '@evenkeel/model/plan/plain.ts';
import { Tables } from '@evenkeel/proxy/engine/tables.ts';
import { placesTaken } from '@evenkeel/proxy/limits/shared-limits.ts';
import { NodeSockets } from '@evenkeel/proxy/overload/node-sockets.ts';
import { drawConditions } from '@evenkeel/proxy/reactor/simulated/conditions.ts';
import { SimulatedNetwork } from '@evenkeel/proxy/reactor/simulated/network.ts';
import { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import type { SimulatedReactor } from '@evenkeel/proxy/reactor/simulated/simulated-reactor.ts';
import { AccessLog } from '@evenkeel/proxy/telemetry/access-log.ts';
import { AccessLogRing } from '@evenkeel/proxy/telemetry/access-log-ring.ts';
import { SharedCounters } from '@evenkeel/proxy/telemetry/shared-counters.ts';
import { WorkerContext } from '@evenkeel/proxy/worker/context.ts';
import { Proxy } from '@evenkeel/proxy/worker/proxy.ts';
import { WorkerRows } from '@evenkeel/proxy/worker/worker-rows.ts';
import { Journal } from '../journal.ts';
import { serveSessions } from '../sticky/origin.ts';
import { DemandingClient } from './client.ts';

const WORKERS = 2;
const LONGEST = 3_600_000;
const ORIGIN = { address: '10.2.0.1', port: 80 };
const counters = new SharedCounters(WORKERS);
let runs = 0;

/**
 * Two workers of one node with narrow limits, and clients who want more. After every event, no more connections may have
 * a place than there are, and the target no more requests and connections than it may; no more requests may have been let
 * in than the rate allows; in the end every place is free and nobody waits.
 */
export function playLimits(seed: number, trace: ((line: string) => void) | null = null): Journal {
  const random = new Random(seed);
  const network = new SimulatedNetwork(seed, drawConditions(random), trace);
  const journal = new Journal(network);
  const limits = drawLimits(random);
  const most = limits.connections!;
  // Apart, so that the rest of a seed is as it was.
  const targetLimits = drawTargetLimits(new Random(seed ^ 0x7a26_e700));
  const reactors = [1, 2].map((worker) =>
    network.createReactor({ label: `worker-${worker}`, address: `10.3.0.${worker}`, buffers: 200, descriptors: 1_000 }),
  );
  const origin = network.createReactor({ label: 'origin', address: ORIGIN.address, buffers: 100, descriptors: 1_000 });
  serveSessions(origin, ORIGIN, 'origin');
  const world = startWorkers(reactors, limits, targetLimits, random);
  network.run(100);
  const clients = Array.from({ length: random.between(2, 14) }, (_, index) => {
    const address = `10.1.0.${index + 1}`;
    const reactor = network.createReactor({ label: `client-${index}`, address, buffers: 40, descriptors: 100 });
    return new DemandingClient(
      reactor,
      random.fork(),
      journal,
      reactors.map((worker) => ({ address: worker.address, port: 80 })),
    );
  });
  for (const client of clients) client.start();
  const began = network.now;
  const look = (): boolean => {
    if (world.places() > most) journal.violate(`${world.places()} connections have a place, of ${most}`);
    const { requests, connections } = world.atTarget();
    if (requests > targetLimits.maxRequests) journal.violate(`${requests} requests at the target`);
    if (connections > targetLimits.maxConnections) journal.violate(`${connections} connections to the target`);
    return clients.every((client) => client.done) || journal.violations.length > 20;
  };
  if (network.run(LONGEST, look) !== 'done') journal.violate(`the clients are not done after ${LONGEST} ms`);
  const seconds = (network.now - began) / 1_000;
  const served = journal.counts.get('200') ?? 0;
  if (served > limits.requestsPerSecond! * (seconds + 1)) {
    journal.violate(`${served} requests in ${seconds} s at ${limits.requestsPerSecond} per second`);
  }
  network.run(network.now + 200_000);
  if (world.places() !== 0) journal.violate(`${world.places()} places are taken by nobody`);
  const { requests, connections, queued } = world.atTarget();
  if (requests + connections + queued !== 0) {
    journal.violate(`${requests} requests, ${connections} connections, ${queued} in the queue of nobody`);
  }
  if (world.active() !== 0) journal.violate(`${world.active()} connections of nobody are counted`);
  if (world.waiting() !== 0) journal.violate(`${world.waiting()} heads of nobody are waited for`);
  origin.halt();
  world.stop();
  network.run(network.now + 400_000);
  for (const { arena, open } of reactors) {
    if (arena.free !== arena.capacity || open > 0) journal.violate('a worker has not given everything back');
  }
  world.retire();
  return journal;
}

function drawLimits(random: Random): PlannedLimits {
  return {
    ...STANDARD_LIMITS,
    bodyTimeout: 5_000,
    sendTimeout: 5_000,
    keepAliveTimeout: 2_000,
    connections: random.between(1, 6),
    connectionsPerSecond: random.pick([null, random.between(1, 20)]),
    requestsPerSecond: random.between(1, 20),
    requestsPerConnection: random.pick([null, 1, 3]),
    bodySize: 1_000,
  };
}

/** Every other time as narrow as can be. */
function drawTargetLimits(random: Random): PlannedTargetLimits {
  if (random.chance(0.5)) return STANDARD_TARGET_LIMITS;
  return {
    maxConnections: random.between(1, 3),
    maxRequests: random.between(1, 3),
    queueSize: random.between(0, 4),
    queueTimeout: random.between(1, 3_000),
  };
}

function startWorkers(
  reactors: readonly SimulatedReactor[],
  limits: PlannedLimits,
  targetLimits: PlannedTargetLimits,
  random: Random,
) {
  const run = runs++;
  const tables = new Tables(counters, () => random.fraction());
  const service: PlannedService = {
    id: `limited-${run}`,
    name: 'origins',
    protocol: 'http',
    algorithm: 'round-robin',
    groupId: 'group',
    port: 80,
    healthCheck: null,
    connectTimeout: 4_000,
    readTimeout: 60_000,
    drainTimeout: 300_000,
    ...PLAIN_SERVICE,
    targetLimits,
  };
  const listener: PlannedListener = {
    id: `limited-listener-${run}`,
    loadBalancerId: 'lb',
    loadBalancerName: 'simulated',
    name: 'http',
    protocol: 'http',
    addresses: [],
    port: 80,
    serviceId: service.id,
    idleTimeout: 60_000,
    headerTimeout: 5_000,
    accessLog: true,
    ...PLAIN_HTTP_LISTENER,
    limits,
  };
  const target = { id: 'origin', ...ORIGIN, weight: 10, state: 'active', eligible: true } as const;
  const change = tables.change({
    shared: new Map(),
    services: new Map([[service.id, { service, targets: [target] }]]),
    listeners: new Map([[listener.id, listener]]),
  });
  const sockets = new Int32Array(WORKERS);
  const workers = reactors.map((reactor, index) => {
    const log = new AccessLog(AccessLogRing.create(256 * 1024), reactor);
    const context = new WorkerContext(reactor, log, new NodeSockets(sockets, index, 0));
    const proxy = new Proxy(context, new WorkerRows(counters.blocks(index)));
    const listeners = change.listeners.map((each) => ({
      ...each,
      planned: each.planned && { ...each.planned, addresses: [reactor.address] },
    }));
    proxy.apply({ ...change, listeners }, (refused) => {
      if (refused.length > 0) throw new Error(`the listener is refused: ${refused[0]?.detail}`);
    });
    return { context, proxy };
  });
  tables.retire(change);
  const slot = counters.listenerSlot(listener.id);
  const targetSlot = counters.targetSlot(service.id, target.id);
  const queue = tables.service(service.id)?.queue;
  return {
    atTarget: () => ({
      requests: counters.load[targetSlot]!,
      connections: counters.connections[targetSlot]!,
      queued: queue?.total[0] ?? 0,
    }),
    places: () => placesTaken(counters.blocks(0).limits, slot),
    active: () => counters.read(0).listeners.find(({ listenerId }) => listenerId === listener.id)!.activeConnections,
    waiting: () => workers.reduce((sum, { context }) => sum + context.overload.waiting.count, 0),
    stop: () => {
      for (const { proxy } of workers) proxy.stop(1_000, () => undefined);
    },
    retire: () => {
      const services = new Map([[service.id, null]]);
      tables.retire(tables.change({ shared: new Map(), services, listeners: new Map([[listener.id, null]]) }));
    },
  };
}
