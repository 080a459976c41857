import { ALGORITHMS, type PlannedListener, type PlannedService } from '@evenkeel/model/plan/objects.ts';
import { PLAIN_HTTP_LISTENER, PLAIN_SERVICE, PLAIN_TCP_LISTENER } from '@evenkeel/model/plan/plain.ts';
import type { SharedEntry } from '@evenkeel/model/plan/plan.ts';
import { PLAIN_OUTLIER_DETECTION, resilienceOf } from '@evenkeel/model/plan/resilience.ts';
import type { EngineTarget } from '@evenkeel/proxy/engine/engine.ts';
import { Tables } from '@evenkeel/proxy/engine/tables.ts';
import { placesTaken } from '@evenkeel/proxy/limits/shared-limits.ts';
import type { Endpoint } from '@evenkeel/proxy/reactor/reactor.ts';
import type { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import type { SimulatedReactor } from '@evenkeel/proxy/reactor/simulated/simulated-reactor.ts';
import { SWEEP_INTERVAL } from '@evenkeel/proxy/standing/standings.ts';
import { AccessLog } from '@evenkeel/proxy/telemetry/access-log.ts';
import { AccessLogRing } from '@evenkeel/proxy/telemetry/access-log-ring.ts';
import { SharedCounters } from '@evenkeel/proxy/telemetry/shared-counters.ts';
import { WorkerContext } from '@evenkeel/proxy/worker/context.ts';
import { Proxy } from '@evenkeel/proxy/worker/proxy.ts';
import { WorkerRows } from '@evenkeel/proxy/worker/worker-rows.ts';
import type { Journal } from './journal.ts';
import { FRONT, type MakeMiddle, type Middle } from './middle.ts';
import { drawRules } from './rules/drawn-rules.ts';
import { listenAsMirror } from './rules/mirror-sink.ts';

/** How long the proxy may let things finish when it is stopped, in milliseconds. */
const DRAIN = 120_000;

/** Changes of the plan in one run. */
const MOST_CHANGES = 50;

/** Room for all lines of a run. */
const RING_SIZE = 256 * 1024;

/** One for all runs, as its address space is large: rows are given out anew to each. */
const counters = new SharedCounters(1);
let runs = 0;

/** Where copies of requests go. */
const MIRROR = { address: '10.4.0.1', port: 8080 };

/**
 * The real proxy, as one worker runs it, on a simulated reactor. With `changing`, its plan changes while it runs; with
 * `ruled`, its requests are judged by rules, and copies of some go to a mirror; `service` and `unusual` are what is
 * unusual about the service and the listener.
 */
export function proxyMiddle(
  protocol: 'http' | 'tcp',
  changing = false,
  ruled = false,
  service: Partial<PlannedService> = {},
  unusual: Partial<PlannedListener> = {},
): MakeMiddle {
  return (reactor, origins) => new ProxyMiddle(protocol, changing, ruled, service, unusual, reactor, origins);
}

class ProxyMiddle implements Middle {
  readonly proxies = true;
  readonly front = FRONT;
  readonly #reactor: SimulatedReactor;
  readonly #random: Random;
  readonly #proxy: Proxy;
  readonly #ring = AccessLogRing.create(RING_SIZE);
  readonly #tables: Tables;
  readonly #listener: PlannedListener;
  readonly #service: PlannedService;
  /** null: there are no rules. */
  readonly #mirror: PlannedService | null;
  readonly #targets: readonly EngineTarget[];
  #ending = false;
  #stopping = false;
  #stopped = false;

  constructor(
    protocol: 'http' | 'tcp',
    changing: boolean,
    ruled: boolean,
    service: Partial<PlannedService>,
    unusual: Partial<PlannedListener>,
    reactor: SimulatedReactor,
    origins: readonly Endpoint[],
  ) {
    this.#reactor = reactor;
    this.#random = reactor.network.random.fork();
    const { network } = reactor;
    const clock = { now: () => network.now, wallTime: () => reactor.wallTime };
    this.#tables = new Tables(counters, () => this.#random.fraction(), undefined, { clock, onChange: () => undefined });
    const listener = { ...plannedListener(protocol, runs++), ...unusual };
    this.#listener = ruled ? { ...listener, ruleGroupId: `rules-${runs}` } : listener;
    this.#service = { ...plannedService(protocol, listener.serviceId as string), ...service };
    this.#mirror = ruled ? plannedService(protocol, `mirror-${runs}`) : null;
    if (ruled) this.#startMirror();
    this.#targets = origins.map(({ address, port }, index) => target(address, port, index));
    if (resilienceOf(service).outlierDetection !== null) this.#sweepSoon();
    const log = new AccessLog(this.#ring, reactor);
    // Time stands still within a turn: how long a thread takes for something does not change what happens.
    const context = new WorkerContext(reactor, log, undefined, () => reactor.now);
    this.#proxy = new Proxy(context, new WorkerRows(counters.blocks(0)));
    this.#apply(this.#service, this.#targets, this.#listener, () => {
      if (changing) this.#changeSoon(MOST_CHANGES);
    });
  }

  stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#ending = true;
    this.#proxy.stop(DRAIN, () => {
      this.#stopped = true;
    });
  }

  inspect(journal: Journal, stopped: boolean): void {
    const services = [this.#service.id, ...(this.#mirror === null ? [] : [this.#mirror.id])];
    inspectCounters(journal, this.#listener.id, services, this.#reactor);
    this.#ending = true;
    if (!stopped) return;
    if (!this.#stopped) journal.violate('the proxy does not stop');
    const { ruleGroupId } = this.#listener;
    this.#tables.retire(
      this.#tables.change({
        shared: new Map(ruleGroupId === null ? [] : [[`rule-group/${ruleGroupId}`, null]]),
        services: new Map(services.map((id) => [id, null])),
        listeners: new Map([[this.#listener.id, null]]),
      }),
    );
  }

  readLog(): string[] {
    if (this.#ring.dropped > 0) throw new Error(`${this.#ring.dropped} log lines found no room`);
    const lines = Buffer.from(this.#ring.read() ?? [])
      .toString('utf8')
      .split('\n');
    return lines.slice(0, -1);
  }

  /** Some time from now: other targets, weights and health, other time-outs of the listener. */
  #changeSoon(left: number): void {
    if (left === 0) return;
    const random = this.#random;
    this.#reactor.network.after(random.real([0.1, random.pick([5, 200, 3000])]), () => {
      if (this.#ending) return;
      const staying = this.#targets.filter(() => random.chance(0.7));
      const targets = (staying.length > 0 ? staying : [random.pick(this.#targets)]).map((each) => ({
        ...each,
        weight: random.between(1, 100),
        eligible: random.chance(0.8),
      }));
      random.shuffle(targets);
      // A table by source is dear to build: rarely.
      const algorithm = random.chance(0.05) ? 'source-ip' : random.pick(ALGORITHMS.slice(0, 2));
      const listener = { ...this.#listener, idleTimeout: 60_000 + random.below(10_000) };
      this.#apply({ ...this.#service, algorithm }, targets, listener, () => this.#changeSoon(left - 1));
    });
  }

  /** Ejections end, and are never too many. */
  #sweepSoon(): void {
    this.#reactor.network.after(SWEEP_INTERVAL, () => {
      if (this.#ending) return;
      this.#tables.sweepStandings();
      const standings = this.#tables.standings().filter(({ serviceId }) => serviceId === this.#service.id);
      const ejected = standings.filter((standing) => standing.ejected !== null).length;
      const { maxEjectedShare } = resilienceOf(this.#service).outlierDetection ?? PLAIN_OUTLIER_DETECTION;
      const most = Math.max(1, Math.floor((standings.length * maxEjectedShare) / 100));
      if (ejected > Math.min(most, standings.length - 1)) {
        throw new Error(`${ejected} of ${standings.length} targets are ejected`);
      }
      this.#sweepSoon();
    });
  }

  #startMirror(): void {
    const { network } = this.#reactor;
    const reactor = network.createReactor({
      label: 'mirror',
      address: MIRROR.address,
      buffers: 100,
      descriptors: 1_000,
    });
    listenAsMirror(reactor, MIRROR, this.#random.fork());
  }

  #apply(service: PlannedService, targets: readonly EngineTarget[], listener: PlannedListener, done: () => void): void {
    const services = new Map([[service.id, { service, targets }]]);
    const shared = new Map<string, SharedEntry>();
    if (this.#mirror !== null) {
      const rules = drawRules(this.#random, listener.ruleGroupId as string, service.id, this.#mirror.id);
      shared.set(rules.key, rules);
      services.set(this.#mirror.id, {
        service: this.#mirror,
        targets: [target(MIRROR.address, MIRROR.port, 100)],
      });
    }
    const change = this.#tables.change({
      shared,
      services,
      listeners: new Map([[listener.id, listener]]),
    });
    this.#proxy.apply(change, (refused) => {
      if (refused.length > 0) throw new Error(`the listener is refused: ${refused[0]?.detail}`);
      this.#tables.retire(change);
      done();
    });
  }
}

/** Nothing is under way: whatever counts what is must be back at 0. */
function inspectCounters(
  journal: Journal,
  listenerId: string,
  serviceIds: readonly string[],
  reactor: SimulatedReactor,
): void {
  const read = counters.read(0);
  const listener = read.listeners.find((candidate) => candidate.listenerId === listenerId);
  const targets = read.targets.filter((candidate) => serviceIds.includes(candidate.serviceId));
  if (listener === undefined) return;
  if (listener.activeConnections !== 0) journal.violate(`${listener.activeConnections} client connections are counted`);
  const places = placesTaken(counters.blocks(0).limits, counters.listenerSlot(listenerId));
  if (places !== 0) journal.violate(`${places} places of the listener are taken by nobody`);
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
    ...(protocol === 'http' ? PLAIN_HTTP_LISTENER : PLAIN_TCP_LISTENER),
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
    drainTimeout: 300_000,
    ...PLAIN_SERVICE,
  };
}

function target(address: string, port: number, index: number): EngineTarget {
  return { id: `target-${index}`, address, port, weight: 100, state: 'active', eligible: true };
}
