import { STANDARD_TARGET_LIMITS } from '@evenkeel/model/plan/balancing.ts';
import { STANDARD_LIMITS } from '@evenkeel/model/plan/limits.ts';
import type { PlannedListener, PlannedService } from '@evenkeel/model/plan/objects.ts';
import { PLAIN_HTTP_LISTENER } from '@evenkeel/model/plan/plain.ts';
import type { EngineTarget } from '@evenkeel/proxy/engine/engine.ts';
import { Tables } from '@evenkeel/proxy/engine/tables.ts';
import type { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import type { SimulatedReactor } from '@evenkeel/proxy/reactor/simulated/simulated-reactor.ts';
import { type EjectionCount, ejectionsOf } from '@evenkeel/proxy/standing/ejections.ts';
import { SWEEP_INTERVAL } from '@evenkeel/proxy/standing/standings.ts';
import { AccessLog } from '@evenkeel/proxy/telemetry/access-log.ts';
import { AccessLogRing } from '@evenkeel/proxy/telemetry/access-log-ring.ts';
import { LISTENER_ROW, ListenerCell, TARGET_ROW, TargetCell } from '@evenkeel/proxy/telemetry/cells.ts';
import { SharedCounters } from '@evenkeel/proxy/telemetry/shared-counters.ts';
import { WorkerContext } from '@evenkeel/proxy/worker/context.ts';
import { Proxy } from '@evenkeel/proxy/worker/proxy.ts';
import { WorkerRows } from '@evenkeel/proxy/worker/worker-rows.ts';
import type { OriginPlan } from '../http/plan.ts';
import type { Journal } from '../journal.ts';

export const WORKERS = 2;
const DRAIN = 60_000;
const PORT = 80;
/** Clients that say nothing, or take nothing, are let go after so long. */
const PATIENCE = 5_000;
const counters = new SharedCounters(WORKERS);
let runs = 0;

/** What there is at a target now, over all workers. */
export interface AtTarget {
  /** Requests, as the workers count them. */
  readonly active: number;
  /** Connections, and those of them that wait for a request. */
  readonly open: number;
  readonly idle: number;
  /** Places that are taken, of requests and of connections. */
  readonly places: number;
  readonly connectionPlaces: number;
}

export interface PlacedTarget extends EngineTarget {
  /** Its place in shared memory. */
  readonly slot: number;
}

/** Two workers of one node that run one service, whose targets come, go, drain, fall ill and change their weight. */
export class TroubledWorld {
  /** As the plan has them now. */
  targets: readonly PlacedTarget[] = [];
  readonly service: PlannedService;
  readonly memory = counters.standing;
  readonly #reactors: readonly SimulatedReactor[];
  readonly #random: Random;
  readonly #journal: Journal;
  readonly #origins: readonly OriginPlan[];
  readonly #tables: Tables;
  readonly #proxies: readonly Proxy[];
  readonly #logs = Array.from({ length: WORKERS }, () => AccessLogRing.create(256 * 1024));
  readonly #rows = Array.from({ length: WORKERS }, (_, worker) => counters.blocks(worker).targets);
  readonly #listener: PlannedListener;
  #count: EjectionCount | null = null;
  #stopped = 0;
  #over = false;

  /** `service`: all of it but its name. */
  constructor(
    reactors: readonly SimulatedReactor[],
    random: Random,
    journal: Journal,
    service: Omit<PlannedService, 'id'>,
    origins: readonly OriginPlan[],
  ) {
    const run = runs++;
    this.#reactors = reactors;
    this.#random = random;
    this.#journal = journal;
    this.#origins = origins;
    this.service = { ...service, id: `troubled-${run}` };
    this.#listener = listenerOf(`troubled-listener-${run}`, this.service.id);
    const [first] = reactors;
    const { network } = first!;
    const clock = { now: () => network.now, wallTime: () => first!.wallTime };
    this.#tables = new Tables(counters, () => random.fraction(), undefined, { clock, onChange: () => undefined });
    this.#proxies = reactors.map((reactor, index) => {
      const log = new AccessLog(this.#logs[index]!, reactor);
      const context = new WorkerContext(reactor, log, undefined, () => reactor.now);
      return new Proxy(context, new WorkerRows(counters.blocks(index)));
    });
    this.settle();
    this.#sweepSoon();
  }

  /** Another plan, of the same service. */
  change(): void {
    const random = this.#random;
    const staying = this.#origins.filter(() => random.chance(0.85));
    const targets = staying.map(
      (origin): EngineTarget => ({
        ...targetOf(origin),
        weight: random.pick([0, 1, 10, 10, 100]),
        state: random.chance(0.8) ? 'active' : random.pick(['draining', 'disabled'] as const),
        eligible: random.chance(0.85),
      }),
    );
    random.shuffle(targets);
    this.#apply(targets);
  }

  /** All targets are there, healthy, and of the same weight. */
  settle(): void {
    this.#apply(this.#origins.map(targetOf));
  }

  /** How many are ejected, as the workers count them. */
  get counted(): number {
    return this.#count === null ? 0 : ejectionsOf(this.#count);
  }

  /** Requests that were sent to it so far. */
  requestsAt({ slot }: PlacedTarget): number {
    return this.#sum(slot, TargetCell.requests);
  }

  at({ slot }: PlacedTarget): AtTarget {
    return {
      active: this.#sum(slot, TargetCell.activeRequests),
      open: this.#sum(slot, TargetCell.activeConnections),
      idle: this.#sum(slot, TargetCell.idleConnections),
      places: counters.load[slot]!,
      connectionPlaces: counters.connections[slot]!,
    };
  }

  /** Requests that wait for a target. */
  get queued(): number {
    return this.#tables.service(this.service.id)?.queue.total[0] ?? 0;
  }

  /** Requests of clients that are under way, and connections of theirs. */
  get underWay(): { readonly requests: number; readonly connections: number } {
    const at = counters.listenerSlot(this.#listener.id) * LISTENER_ROW;
    const rows = this.#proxies.map((_, worker) => counters.blocks(worker).listeners);
    const sum = (cell: number) => rows.reduce((total, row) => total + row[at + cell]!, 0);
    return { requests: sum(ListenerCell.activeRequests), connections: sum(ListenerCell.activeConnections) };
  }

  standings() {
    return this.#tables.standings().filter(({ serviceId }) => serviceId === this.service.id);
  }

  stop(): void {
    if (this.#over) return;
    this.#over = true;
    for (const proxy of this.#proxies) proxy.stop(DRAIN, () => this.#stopped++);
  }

  /** Takes the service away; nothing may be under way any more. */
  retire(): void {
    if (this.#stopped < WORKERS) this.#journal.violate(`${WORKERS - this.#stopped} workers do not stop`);
    const services = new Map([[this.service.id, null]]);
    this.#tables.retire(
      this.#tables.change({ shared: new Map(), services, listeners: new Map([[this.#listener.id, null]]) }),
    );
  }

  readLog(): string[] {
    return this.#logs.flatMap((ring) => {
      if (ring.dropped > 0) throw new Error(`${ring.dropped} log lines found no room`);
      const lines = Buffer.from(ring.read() ?? []).toString('utf8');
      return lines.split('\n').slice(0, -1);
    });
  }

  #sum(slot: number, cell: number): number {
    let sum = 0;
    for (const rows of this.#rows) sum += rows[slot * TARGET_ROW + cell]!;
    return sum;
  }

  #sweepSoon(): void {
    const [reactor] = this.#reactors;
    reactor!.network.after(SWEEP_INTERVAL, () => {
      if (this.#over) return;
      this.#tables.sweepStandings();
      this.#sweepSoon();
    });
  }

  #apply(targets: readonly EngineTarget[]): void {
    if (this.#over) return;
    const change = this.#tables.change({
      shared: new Map(),
      services: new Map([[this.service.id, { service: this.service, targets }]]),
      listeners: new Map([[this.#listener.id, this.#listener]]),
    });
    this.targets = targets.map((target) => ({ ...target, slot: counters.targetSlot(this.service.id, target.id) }));
    for (const [index, proxy] of this.#proxies.entries()) {
      // Each at an address of its own, so that clients choose the worker.
      const addresses = [this.#reactors[index]!.address];
      const listeners = change.listeners.map((each) => ({
        ...each,
        planned: each.planned && { ...each.planned, addresses },
      }));
      proxy.apply({ ...change, listeners }, (refused) => {
        if (refused.length > 0) throw new Error(`the listener is refused: ${refused[0]?.detail}`);
      });
    }
    this.#tables.retire(change);
    this.#count = this.#tables.service(this.service.id)?.standing.count ?? null;
  }
}

function targetOf({ label, address, port }: OriginPlan): EngineTarget {
  return { id: label, address, port, weight: 10, state: 'active', eligible: true };
}

function listenerOf(id: string, serviceId: string): PlannedListener {
  return {
    id,
    loadBalancerId: 'lb',
    loadBalancerName: 'simulated',
    name: 'http',
    protocol: 'http',
    addresses: [],
    port: PORT,
    serviceId,
    idleTimeout: 60_000,
    headerTimeout: PATIENCE,
    accessLog: true,
    ...PLAIN_HTTP_LISTENER,
    limits: { ...STANDARD_LIMITS, bodyTimeout: PATIENCE, sendTimeout: PATIENCE, minimumRate: null },
  };
}

/** Whether a service leaves its targets as much as they want. */
export function isUnlimited({ targetLimits }: Pick<PlannedService, 'targetLimits'>): boolean {
  return targetLimits === undefined || targetLimits === STANDARD_TARGET_LIMITS;
}
