import { CALM_SECONDS, type Flood } from '@evenkeel/flow/datapath/limits.ts';
import type { PlannedSynAlarm } from '@evenkeel/model/plan/limits.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { Logger } from 'pino';
import type { NodeAgentOptions } from '../agent-options.ts';
import type { Clock, Timer } from '../clock/clock.ts';

/** Milliseconds between two looks. */
const PACE = 1_000;
const CALM = CALM_SECONDS * 1_000;

/** What is known of the floods of one listener, for metrics. */
export interface FloodCount {
  readonly listenerId: string;
  readonly isFlooded: boolean;
  /** Floods so far. */
  readonly floods: number;
}

export interface FloodWatchOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Of a listener that the kernel carries; null: the proxy does. */
  readonly inKernel: (listenerId: string) => Flood | null;
  /** Connections that the proxy has accepted for a listener so far. */
  readonly connections: (listenerId: string) => number;
  /** Told when a flood has begun or ended. */
  readonly onChange: () => void;
}

/** Watches what both datapaths of a node carry; `onChange` as in the options. */
export function watchFloods(
  { clock, log, engine, datapath }: Pick<NodeAgentOptions, 'clock' | 'log' | 'engine' | 'datapath'>,
  onChange: () => void,
): FloodWatch {
  const watch = new FloodWatch({
    clock,
    log,
    inKernel: (id) => datapath?.kernel?.sight.flood(id) ?? null,
    connections: (id) => engine.connectionsOf(id),
    onChange,
  });
  if (datapath !== undefined) datapath.onListeners = (changed) => watch.follow(changed);
  return watch;
}

interface Watched {
  alarm: PlannedSynAlarm;
  isFlooded: boolean;
  floods: number;
  /** When there were last as many as `calm` in a second. */
  busyAt: number;
  /** At the last look of the proxy's listener; null: there was none. */
  seen: { readonly at: number; readonly connections: number } | null;
}

/**
 * Which listeners are under a flood: what the kernel says of those that it carries, and of the others the same by the
 * connections that the proxy accepts. Looks once a second, as long as there is a listener with a threshold.
 */
export class FloodWatch {
  readonly #options: FloodWatchOptions;
  readonly #watched = new Map<string, Watched>();
  #timer: Timer | null = null;
  #stopped = false;

  constructor(options: FloodWatchOptions) {
    this.#options = options;
  }

  /** Listeners have changed; null: one is gone. */
  follow(listeners: ReadonlyMap<string, PlannedListener | null>): void {
    for (const [id, planned] of listeners) {
      const alarm = planned?.synAlarm;
      const known = this.#watched.get(id);
      if (alarm === undefined) this.#watched.delete(id);
      else if (known !== undefined) known.alarm = alarm;
      else this.#watched.set(id, { alarm, isFlooded: false, floods: 0, busyAt: 0, seen: null });
    }
    this.#wait();
  }

  /** Identifiers of listeners. */
  flooded(): string[] {
    return [...this.#watched].filter(([, { isFlooded }]) => isFlooded).map(([id]) => id);
  }

  counts(): FloodCount[] {
    return Array.from(this.#watched, ([listenerId, { isFlooded, floods }]) => ({ listenerId, isFlooded, floods }));
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #wait(): void {
    if (this.#stopped || this.#timer !== null || this.#watched.size === 0) return;
    this.#timer = this.#options.clock.setTimer(PACE, () => {
      this.#timer = null;
      this.#look();
      this.#wait();
    });
  }

  #look(): void {
    let isChanged = false;
    for (const [listener, watched] of this.#watched) {
      const flood = this.#options.inKernel(listener);
      const isFlooded = flood === null ? this.#isFloodedInProxy(listener, watched) : flood.alarm;
      if (flood !== null) watched.seen = null;
      if (isFlooded === watched.isFlooded) continue;
      watched.isFlooded = isFlooded;
      if (isFlooded) watched.floods++;
      isChanged = true;
      const { alarm } = watched;
      if (isFlooded) this.#options.log.warn({ listener, alarm }, 'a listener is under a flood of connections');
      else this.#options.log.info({ listener }, 'the flood of a listener is over');
    }
    if (isChanged) this.#options.onChange();
  }

  #isFloodedInProxy(listener: string, watched: Watched): boolean {
    const at = this.#options.clock.now();
    const connections = this.#options.connections(listener);
    const { seen, alarm } = watched;
    watched.seen = { at, connections };
    if (seen === null || at <= seen.at) return watched.isFlooded;
    const perSecond = ((connections - seen.connections) * 1_000) / (at - seen.at);
    if (perSecond >= alarm.calm) watched.busyAt = at;
    return watched.isFlooded ? at - watched.busyAt <= CALM : perSecond >= alarm.alarm;
  }
}
