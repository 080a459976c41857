import type { PlannedListener, PlannedService } from '@evenkeel/model/plan/objects.ts';
import { PLAIN_HTTP_LISTENER, PLAIN_SERVICE } from '@evenkeel/model/plan/plain.ts';
import { type PlannedStickiness, TARGET_STATES } from '@evenkeel/model/plan/stickiness.ts';
import type { EngineTarget } from '@evenkeel/proxy/engine/engine.ts';
import { Tables } from '@evenkeel/proxy/engine/tables.ts';
import type { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import type { SimulatedReactor } from '@evenkeel/proxy/reactor/simulated/simulated-reactor.ts';
import { AccessLog } from '@evenkeel/proxy/telemetry/access-log.ts';
import { AccessLogRing } from '@evenkeel/proxy/telemetry/access-log-ring.ts';
import { SharedCounters } from '@evenkeel/proxy/telemetry/shared-counters.ts';
import { WorkerContext } from '@evenkeel/proxy/worker/context.ts';
import { Proxy } from '@evenkeel/proxy/worker/proxy.ts';
import { WorkerRows } from '@evenkeel/proxy/worker/worker-rows.ts';

const WORKERS = 2;
const counters = new SharedCounters(WORKERS);
let runs = 0;

/** What the plan says of one target for some time: until `until`, in milliseconds. */
interface Spell {
  readonly from: number;
  until: number;
  /** It takes clients who belong to it, and those who belong to nobody. */
  readonly keeps: boolean;
  readonly takes: boolean;
}

/** Workers of one node that run one sticky service, and the history of its plan. */
export class StickyWorld {
  readonly names: readonly string[];
  readonly #workers: readonly { readonly reactor: SimulatedReactor; readonly proxy: Proxy }[];
  readonly #random: Random;
  readonly #tables: Tables;
  readonly #service: PlannedService;
  readonly #listener: PlannedListener;
  readonly #history = new Map<string, Spell[]>();

  constructor(
    reactors: readonly SimulatedReactor[],
    random: Random,
    stickiness: PlannedStickiness,
    names: readonly string[],
  ) {
    const run = runs++;
    this.names = names;
    this.#random = random;
    this.#tables = new Tables(counters, () => random.fraction());
    this.#workers = reactors.map((reactor, index) => {
      const log = new AccessLog(AccessLogRing.create(256 * 1024), reactor);
      return { reactor, proxy: new Proxy(new WorkerContext(reactor, log), new WorkerRows(counters.blocks(index))) };
    });
    this.#service = {
      id: `sticky-${run}`,
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
      stickiness,
    };
    this.#listener = {
      id: `sticky-listener-${run}`,
      loadBalancerId: 'lb',
      loadBalancerName: 'simulated',
      name: 'http',
      protocol: 'http',
      addresses: [],
      port: 80,
      serviceId: this.#service.id,
      idleTimeout: 60_000,
      headerTimeout: 30_000,
      accessLog: true,
      ...PLAIN_HTTP_LISTENER,
    };
    this.#apply(names.map((name, index) => this.#target(name, index)));
  }

  /** Another plan: targets leave and come back, fall ill, drain, are disabled, change their weight. */
  change(): void {
    const random = this.#random;
    const targets = this.names.flatMap((name, index) => {
      if (random.chance(0.15)) return [];
      return [
        {
          ...this.#target(name, index),
          weight: random.pick([0, 1, 10, 100]),
          state: random.chance(0.6) ? 'active' : random.pick(TARGET_STATES),
          eligible: random.chance(0.8),
        } satisfies EngineTarget,
      ];
    });
    random.shuffle(targets);
    this.#apply(targets);
  }

  /** Whether a target did so, all the time from `from` to `to`; null: some of the time. */
  did(what: 'keeps' | 'takes', name: string, from: number, to: number): boolean | null {
    const spells = this.#history.get(name)!.filter((spell) => spell.from <= to && spell.until >= from);
    if (spells.every((spell) => spell[what])) return true;
    return spells.some((spell) => spell[what]) ? null : false;
  }

  stop(): void {
    for (const { proxy } of this.#workers) proxy.stop(1_000, () => undefined);
  }

  retire(): void {
    const services = new Map([[this.#service.id, null]]);
    this.#tables.retire(
      this.#tables.change({ shared: new Map(), services, listeners: new Map([[this.#listener.id, null]]) }),
    );
  }

  #target(name: string, index: number): EngineTarget {
    return { id: name, address: `10.2.0.${index + 1}`, port: 80, weight: 10, state: 'active', eligible: true };
  }

  #apply(targets: readonly EngineTarget[]): void {
    const { now } = this.#workers[0]!.reactor.network;
    const change = this.#tables.change({
      shared: new Map(),
      services: new Map([[this.#service.id, { service: this.#service, targets }]]),
      listeners: new Map([[this.#listener.id, this.#listener]]),
    });
    for (const { reactor, proxy } of this.#workers) {
      // Each at an address of its own, so that clients choose the worker.
      const listeners = change.listeners.map((each) => ({
        ...each,
        planned: each.planned && { ...each.planned, addresses: [reactor.address] },
      }));
      proxy.apply({ ...change, listeners }, (refused) => {
        if (refused.length > 0) throw new Error(`the listener is refused: ${refused[0]?.detail}`);
      });
    }
    this.#tables.retire(change);
    const able = targets.filter(({ weight, state }) => weight > 0 && state === 'active');
    const healthCounts = able.some(({ eligible }) => eligible);
    for (const name of this.names) {
      const target = targets.find(({ id }) => id === name);
      const well = target !== undefined && (target.eligible || !healthCounts);
      const keeps = well && target.state !== 'disabled';
      const takes = well && able.includes(target);
      const spells = this.#history.get(name) ?? [];
      if (spells.length > 0) spells.at(-1)!.until = now;
      spells.push({ from: now, until: Number.POSITIVE_INFINITY, keeps, takes });
      this.#history.set(name, spells);
    }
  }
}
