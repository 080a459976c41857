import { setImmediate } from 'node:timers/promises';
import { estimateFlows, type FlowEstimate, NO_FLOWS } from '@evenkeel/flow/datapath/flow-estimate.ts';
import { type FlowSight, secondsNow } from '@evenkeel/flow/datapath/flow-sight.ts';
import type { Traffic } from '@evenkeel/flow/datapath/layout.ts';
import type { FlowSample } from '@evenkeel/flow/datapath/sampled-flow.ts';
import type { Logger } from 'pino';
import { isOver } from './life.ts';
import { firstShare, nextShare, type Share } from './share.ts';

/** Milliseconds from one look at the sample to the next. */
const PACE = 5_000;
/** Flows in the sample, of all listeners and of one. The map has room for twice as many, since some have ended. */
const IN_ALL = 32_768;
const OF_ONE = 16_384;
/** Listeners that are seen to before the loop turns. */
const AT_ONCE = 256;

/** A listener in the kernel, as far as its flows matter. */
export interface WatchedListener {
  readonly idleSeconds: number;
}

export interface FlowWatchOptions {
  readonly sight: Pick<FlowSight, 'samples' | 'forgetSample' | 'sampling' | 'setSampling'>;
  readonly traffic: (listener: number) => Pick<Traffic, 'packets' | 'flows'>;
  /** By number. */
  readonly listeners: () => ReadonlyMap<number, WatchedListener>;
  readonly log: Logger;
  /** Seconds since the machine started. */
  readonly now?: () => number;
}

interface Tally {
  held: number;
  active: number;
}

interface Reading {
  readonly packets: bigint;
  readonly flows: bigint;
  readonly at: number;
}

/**
 * How many flows are alive in the kernel. Programs keep a sample of them, by their hash; this looks through it now and
 * then, strikes out what has ended, and chooses for each listener how large the share may be.
 */
export class FlowWatch {
  readonly #options: FlowWatchOptions;
  readonly #now: () => number;
  readonly #shares = new Map<number, Share>();
  readonly #readings = new Map<number, Reading>();
  #listeners: ReadonlyMap<number, FlowEstimate> = new Map();
  #targets: ReadonlyMap<number, FlowEstimate> = new Map();
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(options: FlowWatchOptions) {
    this.#options = options;
    this.#now = options.now ?? secondsNow;
  }

  /** Flows of a listener that are alive, by its number, as of a few seconds ago at most. */
  listener(number: number): FlowEstimate {
    return this.#listeners.get(number) ?? NO_FLOWS;
  }

  /** Those to a target. */
  target(number: number): FlowEstimate {
    return this.#targets.get(number) ?? NO_FLOWS;
  }

  /** One flow in so many is in the sample; 0: none. */
  oneIn(listener: number): number {
    return this.#shares.get(listener)?.oneIn ?? 0;
  }

  /** Has the flows of a listener sampled, as they were before if there was one. For before it gets packets. */
  begin(listener: number): void {
    if (this.#shares.has(listener)) return;
    const { sight } = this.#options;
    const oneIn = sight.sampling(listener) || 1;
    sight.setSampling(listener, oneIn);
    this.#shares.set(listener, firstShare(oneIn, this.#now()));
    this.#timer ??= this.#later();
  }

  /** The number is nobody's from now on. */
  end(listener: number): void {
    if (this.#shares.delete(listener)) this.#options.sight.setSampling(listener, 0);
    this.#readings.delete(listener);
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Looks through the sample. Gives way to other work after some thousand flows. */
  async look(): Promise<void> {
    const listeners = this.#options.listeners();
    const tallies = new Map<number, Tally>();
    const targets = new Map<number, { active: number; readonly countBy: number }>();
    for (const batch of this.#options.sight.samples()) {
      for (const flow of batch) this.#tally(flow, listeners.get(flow.listener), tallies, targets);
      await setImmediate();
      if (this.#stopped) return; // the next batch would be read from a map that is closed
    }
    this.#listeners = new Map(
      Array.from(this.#shares, ([number, { countBy }]) => [
        number,
        estimateFlows(tallies.get(number)?.active ?? 0, countBy),
      ]),
    );
    // All flows to a target are of one service; where several listeners share it, the coarsest share tells the error.
    this.#targets = new Map(
      Array.from(targets, ([number, { active, countBy }]) => [number, estimateFlows(active / countBy, countBy)]),
    );
    await this.#share(listeners, tallies);
  }

  #tally(
    flow: FlowSample,
    listener: WatchedListener | undefined,
    tallies: Map<number, Tally>,
    targets: Map<number, { active: number; readonly countBy: number }>,
  ): void {
    const share = this.#shares.get(flow.listener);
    const idle = this.#now() - flow.seen;
    if (
      listener === undefined ||
      share === undefined ||
      (flow.hash & (share.oneIn - 1)) !== 0 ||
      isOver(flow.state, idle, listener.idleSeconds)
    ) {
      this.#options.sight.forgetSample(flow.key);
      return;
    }
    const tally = tallies.get(flow.listener) ?? { held: 0, active: 0 };
    tallies.set(flow.listener, tally);
    tally.held++;
    if (flow.state === 'closing' || (flow.hash & (share.countBy - 1)) !== 0) return;
    tally.active++;
    const before = targets.get(flow.target);
    targets.set(flow.target, {
      active: (before?.active ?? 0) + share.countBy,
      countBy: Math.max(before?.countBy ?? 1, share.countBy),
    });
  }

  /** Chooses how many flows of each listener are sampled from now on. */
  async #share(listeners: ReadonlyMap<number, WatchedListener>, tallies: ReadonlyMap<number, Tally>): Promise<void> {
    const budget = Math.max(1, Math.min(OF_ONE, Math.floor(IN_ALL / Math.max(1, tallies.size))));
    let done = 0;
    for (const number of listeners.keys()) {
      if (++done % AT_ONCE === 0) await setImmediate();
      const share = this.#shares.get(number);
      if (this.#stopped || share === undefined) continue;
      const load = { ...this.#rates(number), held: tallies.get(number)?.held ?? 0, budget };
      const next = nextShare(share, load, this.#now());
      this.#shares.set(number, next);
      if (next.oneIn !== share.oneIn) this.#options.sight.setSampling(number, next.oneIn);
    }
  }

  #rates(listener: number): { readonly packetsPerSecond: number; readonly flowsPerSecond: number } {
    const { packets, flows } = this.#options.traffic(listener);
    const at = this.#now();
    const before = this.#readings.get(listener);
    this.#readings.set(listener, { packets, flows, at });
    if (before === undefined) return { packetsPerSecond: 0, flowsPerSecond: 0 };
    const seconds = Math.max(1, at - before.at);
    return {
      packetsPerSecond: Number(packets - before.packets) / seconds,
      flowsPerSecond: Number(flows - before.flows) / seconds,
    };
  }

  #later(): NodeJS.Timeout {
    return setTimeout(() => {
      this.look()
        .catch((error: unknown) => this.#options.log.error({ err: error }, 'the sample of flows cannot be read'))
        .finally(() => {
          if (!this.#stopped) this.#timer = this.#later();
        });
    }, PACE).unref();
  }
}
