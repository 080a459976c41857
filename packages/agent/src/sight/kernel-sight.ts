import type { Datapath } from '@evenkeel/flow/datapath/datapath.ts';
import { addEstimates, type FlowEstimate } from '@evenkeel/flow/datapath/flow-estimate.ts';
import { type FlowForecast, FlowForecaster } from '@evenkeel/flow/datapath/flow-forecast.ts';
import type { Flow } from '@evenkeel/flow/datapath/flow-hash.ts';
import { type DropCounts, FlowSight } from '@evenkeel/flow/datapath/flow-sight.ts';
import type { Traffic } from '@evenkeel/flow/datapath/layout.ts';
import type { Flood } from '@evenkeel/flow/datapath/limits.ts';
import type { AttachPoint } from '@evenkeel/flow/loader/attach.ts';
import type { LoadedObject } from '@evenkeel/flow/loader/object.ts';
import type { FlowsQuestion, SeenFlow } from '@evenkeel/model/plan/flows.ts';
import type { PortlessListener } from '@evenkeel/model/plan/stream.ts';
import type { ListenerVolume } from '@evenkeel/proxy/telemetry/counters.ts';
import type { Logger } from 'pino';
import type { KernelListener, KernelTarget, TargetInTables } from '../datapath/kernel-record.ts';
import { FlowLister, type Places } from './flow-lister.ts';
import { FlowWatch } from './flow-watch.ts';

export interface KernelSightOptions {
  readonly object: LoadedObject;
  readonly datapath: Pick<Datapath, 'listenerTraffic' | 'targetTraffic' | 'outcomes' | 'denied' | 'table' | 'flood'>;
  /** By identifier. */
  readonly listeners: () => ReadonlyMap<string, KernelListener>;
  readonly targets: () => readonly TargetInTables[];
  /** See FlowForecaster. */
  readonly asksForNextHops: () => boolean;
  /** Where the programs of devices are. */
  readonly points: () => ReadonlyMap<string, AttachPoint>;
  readonly log: Logger;
}

/** What is counted of one listener, or of one target. */
export interface CountsInKernel {
  readonly traffic: Traffic;
  /** By reason. */
  readonly drops: DropCounts;
  /** Flows that are alive. */
  readonly active: FlowEstimate;
}

export interface ForecastAtPoint extends Pick<FlowForecast, 'opening' | 'following'> {
  readonly point: AttachPoint;
  readonly devices: readonly string[];
}

export interface ForecastInKernel {
  readonly forecast: FlowForecast;
  /** What becomes of packets by where they come in. */
  readonly points: readonly ForecastAtPoint[];
  readonly serviceId: string;
  /** Identifiers of the targets of the service, by number. */
  readonly targets: ReadonlyMap<number, string>;
  /** Targets that take new flows. */
  readonly takers: ReadonlySet<number>;
  /** Flows to a target that are alive. */
  readonly activeFlows: (target: number) => number;
  /** As whom a target sees the flow, or would; null: as its client. */
  readonly seenAs: (target: number) => { readonly address: string; readonly port: number } | null;
}

/** What the programs in the kernel have counted. */
export interface KernelCounts {
  readonly listeners: readonly (CountsInKernel & {
    readonly listenerId: string;
    /** One flow in so many is in the sample. */
    readonly sampledOneIn: number;
    /** It takes datagrams alone, so that its packets are datagrams. */
    readonly isUdp: boolean;
  })[];
  readonly targets: readonly (CountsInKernel & Omit<TargetInTables, 'number'>)[];
  /** Packets by what became of them, where that was not simply a target. */
  readonly outcomes: Readonly<Record<string, bigint>>;
}

/** Of these listeners, and of the targets of one service. */
export interface CountsWanted {
  readonly listenerIds: readonly string[];
  /** Empty: none. */
  readonly serviceId: string;
}

/** Of listeners from records of older versions, which do not say; the default of TCP listeners. */
const IDLE_SECONDS = 1_800;

/** What the kernel's maps say of traffic, by the names of listeners and targets. */
export class KernelSight {
  readonly #options: KernelSightOptions;
  readonly #sight: FlowSight;
  readonly #watch: FlowWatch;
  readonly #lister: FlowLister;
  readonly #forecaster: FlowForecaster;

  constructor(options: KernelSightOptions) {
    this.#options = options;
    this.#sight = new FlowSight(options.object);
    this.#watch = new FlowWatch({
      sight: this.#sight,
      traffic: (number) => options.datapath.listenerTraffic(number),
      listeners: () => new Map(this.#listeners().map((listener) => [listener.number, listener])),
      log: options.log,
    });
    this.#forecaster = new FlowForecaster(options.object, options.datapath, options.asksForNextHops);
    this.#lister = new FlowLister({
      sight: this.#sight,
      places: () => this.#places(),
      seenAs: (flow, target) => {
        const seen = this.#forecaster.seenAs(flow, target);
        return seen?.isNow === true ? seen : null;
      },
    });
  }

  /**
   * Before packets of a listener are counted under its number. What was counted under a number that was somebody else's
   * goes: that of the listener if it `isNew`, and those of targets that were not among the former ones.
   */
  begin(
    listener: number,
    isNew: boolean,
    before: Readonly<Record<string, KernelTarget>>,
    now: Readonly<Record<string, KernelTarget>>,
  ): void {
    const added = Object.entries(now).filter(([id]) => before[id] === undefined);
    this.#sight.resetCounts(
      isNew ? [listener] : [],
      added.map(([, { number }]) => number),
    );
    this.#watch.begin(listener);
  }

  /** null: the kernel does not carry the listener. */
  flood(listenerId: string): Flood | null {
    const listener = this.#options.listeners().get(listenerId);
    return listener === undefined ? null : this.#options.datapath.flood(listener.number);
  }

  end(listener: number): void {
    this.#watch.end(listener);
  }

  /** How many flows of all listeners are alive, as the sample says. */
  allActiveFlows(): FlowEstimate {
    return addEstimates(Array.from(this.#options.listeners().values(), ({ number }) => this.#watch.listener(number)));
  }

  /** Packets that the deny list of the installation has refused. */
  deniedPackets(): number {
    return Number(this.#options.datapath.denied());
  }

  /** Listeners of which packets were refused because their flow found no port of this node, or of its client. */
  portless(): readonly PortlessListener[] {
    if (this.#options.datapath.outcomes().no_port === 0n) return [];
    const { listeners } = this.#sight.drops();
    return Array.from(this.#options.listeners(), ([listenerId, { number }]) => {
      return { listenerId, packets: Number(listeners.get(number)?.no_port ?? 0n) };
    }).filter(({ packets }) => packets > 0);
  }

  /** All that is counted, or what is wanted of it. */
  counts(wanted?: CountsWanted): KernelCounts {
    const { datapath } = this.#options;
    const drops = this.#sight.drops();
    const ids = wanted && new Set(wanted.listenerIds);
    const listeners = Array.from(this.#options.listeners())
      .filter(([id]) => ids === undefined || ids.has(id))
      .map(([listenerId, { number, protocols }]) => ({
        listenerId,
        traffic: datapath.listenerTraffic(number),
        drops: drops.listeners.get(number) ?? {},
        active: this.#watch.listener(number),
        sampledOneIn: this.#watch.oneIn(number),
        isUdp: !protocols.includes('tcp'),
      }));
    const targets = this.#options
      .targets()
      .filter(({ serviceId }) => wanted === undefined || wanted.serviceId === serviceId)
      .map(({ number, ...target }) => ({
        ...target,
        traffic: datapath.targetTraffic(number),
        drops: drops.targets.get(number) ?? {},
        active: this.#watch.target(number),
      }));
    return { listeners, targets, outcomes: wanted === undefined ? datapath.outcomes() : {} };
  }

  /** What listeners have carried alone: one read each, and none of targets or drops. */
  volumes(): readonly ListenerVolume[] {
    return Array.from(this.#options.listeners(), ([listenerId, { number }]) => {
      const { flows, bytes, answerBytes } = this.#options.datapath.listenerTraffic(number);
      const [connections, bytesReceived, bytesSent] = [Number(flows), Number(bytes), Number(answerBytes)];
      return { listenerId, connections, bytesReceived, bytesSent };
    });
  }

  /** Single flows that the kernel carries. */
  flows(question: FlowsQuestion): Promise<readonly SeenFlow[]> {
    return this.#lister.list(question);
  }

  /** How many flows of a listener are alive, and one in how many of them is in the sample; null: it is not here. */
  activeFlows(listenerId: string): (FlowEstimate & { readonly sampledOneIn: number }) | null {
    const listener = this.#options.listeners().get(listenerId);
    if (listener === undefined) return null;
    return { ...this.#watch.listener(listener.number), sampledOneIn: this.#watch.oneIn(listener.number) };
  }

  /** What would become of a flow to a listener that is here; null: it is not. Nothing changes by it. */
  forecast(listenerId: string, flow: Flow): ForecastInKernel | null {
    const listener = this.#options.listeners().get(listenerId);
    const forecast = listener === undefined ? null : this.#forecaster.forecast(flow);
    if (listener === undefined || forecast?.listener !== listener.number) return null;
    const targets = this.#options.targets().filter(({ serviceId }) => serviceId === listener.serviceId);
    return {
      forecast,
      points: this.#atPoints(flow),
      serviceId: listener.serviceId,
      targets: new Map(targets.map(({ targetId, number }) => [number, targetId])),
      takers: this.#forecaster.takers(forecast),
      activeFlows: (number) => this.#watch.target(number).flows,
      seenAs: (number) => this.#forecaster.seenAs(flow, number),
    };
  }

  #atPoints(flow: Flow): ForecastAtPoint[] {
    const devices = Map.groupBy(this.#options.points(), ([, point]) => point);
    return [...devices].sort().flatMap(([point, those]) => {
      const there = this.#forecaster.where(point === 'tcx').forecast(flow);
      if (there === null) return [];
      const { opening, following } = there;
      return [{ point, devices: those.map(([device]) => device).sort(), opening, following }];
    });
  }

  stop(): void {
    this.#watch.stop();
    this.#lister.stop();
  }

  #places(): Places {
    const targets = new Map(this.#options.targets().map((target) => [target.number, target]));
    return { listeners: this.#listeners(), targets };
  }

  #listeners(): Places['listeners'] {
    return Array.from(this.#options.listeners(), ([id, { idleSeconds = IDLE_SECONDS, ...listener }]) => {
      return { id, ...listener, idleSeconds };
    });
  }
}
