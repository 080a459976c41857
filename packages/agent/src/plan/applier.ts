import type { NodePlan } from '@evenkeel/model/plan/plan.ts';
import type { RefusedListener, ReportedDatapath } from '@evenkeel/model/plan/stream.ts';
import type { EngineChange, ProxyEngine } from '@evenkeel/proxy/engine/engine.ts';
import type { CertificateFailure } from '@evenkeel/proxy/tls/listener-tls.ts';
import type { Logger } from 'pino';
import type { Clock, Timer } from '../clock/clock.ts';
import { CertificateFaults } from './certificate-faults.ts';
import type { Resolver } from './resolver.ts';

/**
 * Milliseconds after which refused listeners are tried again (the port may be free by then), and a change that the
 * engine failed to take. Both double up to `RETRY_LIMIT`; news begins anew.
 */
const RETRY_REFUSED = 1000;
const RETRY_FAILED = 250;
const RETRY_LIMIT = 30_000;

const NOTHING: EngineChange = { shared: new Map(), services: new Map(), listeners: new Map() };

export interface ApplierOptions {
  readonly engine: Pick<ProxyEngine, 'apply'> & {
    /** What carries listeners, where that is not always the same. */
    carried?(): readonly ReportedDatapath[];
    /**
     * What was applied last is not all in force. Resolves when the next change, an empty one if there is no other, goes
     * on with what waits; null, or absent: nothing does.
     */
    undecided?(): Promise<void> | null;
  };
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly log: Logger;
  /**
   * The engine runs all of this plan. Called after every `setPlan`, once for those that were merged, and again whenever
   * the list of refused listeners changes.
   */
  readonly onApplied: (applied: Applied, plan: NodePlan) => void;
  /** An application has ended after so many milliseconds. */
  readonly onAttempt?: (milliseconds: number, succeeded: boolean) => void;
}

export interface Applied {
  readonly version: number;
  /** Complete. */
  readonly refused: readonly RefusedListener[];
  /** Likewise; absent: there are none. */
  readonly datapaths?: readonly ReportedDatapath[];
}

/**
 * Brings the engine to the plan, one change at a time. Whatever comes while a change is being applied (plans, health) is
 * merged into the next: the way to the newest plan is two applications long, however many deltas lie between.
 */
export class Applier {
  readonly #options: ApplierOptions;
  #applied: Applied = { version: 0, refused: [] };
  /** What the engine refused; the rest of the list was refused before it. */
  #byEngine: readonly RefusedListener[] = [];
  #beforehand: readonly RefusedListener[] = [];
  readonly #certificateFaults = new CertificateFaults();
  /** The refused listeners, and what carries the others, that were told of last. */
  #told = '[]';
  /** A plan has come that was not answered yet. */
  #asked = false;
  #busy = false;
  #again = false;
  /** What the engine waits for before it runs all that it was told. */
  #undecided: Promise<void> | null = null;
  /** It waits no more, and has not been told anything since. */
  #isDue = false;
  #failures = 0;
  #refusals = 0;
  #retry: Timer | null = null;
  #stopped = false;
  #idle: (() => void)[] = [];

  constructor(options: ApplierOptions) {
    this.#options = options;
  }

  /** What the engine runs now. */
  get applied(): Applied {
    return this.#applied;
  }

  /** `refused` are listeners of which the plan says less than the control plane does. */
  setPlan(plan: NodePlan, refused: readonly RefusedListener[] = []): void {
    this.#beforehand = refused;
    this.#options.resolver.setPlan(plan);
    this.#asked = true;
    this.#wake();
  }

  /** Has the engine told of a change in the eligibility of a service's targets. */
  touchService(id: string): void {
    this.#options.resolver.touchService(id);
    this.#wake();
  }

  /** Has the engine told of listeners once more. */
  touchListeners(ids: Iterable<string>): void {
    for (const id of ids) this.#options.resolver.touchListener(id);
    this.#wake();
  }

  /** Tries these at once that were refused, and what the engine failed to take; resolves when nothing is under way. */
  async retry(listenerIds: readonly string[]): Promise<{ version: number }> {
    const wanted = new Set(listenerIds);
    const refused = this.#byEngine.filter(({ listenerId }) => wanted.has(listenerId));
    for (const { listenerId } of refused) this.#options.resolver.touchListener(listenerId);
    // A change that the engine failed to take waits for a timer.
    if (refused.length > 0 || this.#failures > 0) this.#wake();
    await this.settled();
    return { version: this.#applied.version };
  }

  /** A listener goes on without a name whose certificate is no good; false when that was known. */
  certificateFailed(failure: CertificateFailure): boolean {
    if (!this.#certificateFaults.add(failure, this.#options.resolver.plan)) return false;
    this.#wake();
    return true;
  }

  /** Resolves when nothing is being applied and nothing waits, in the engine neither. */
  async settled(): Promise<void> {
    do {
      await this.#undecided;
      if (this.#busy) await new Promise<void>((resolve) => this.#idle.push(resolve));
    } while (this.#undecided !== null);
  }

  /** Applies nothing more; what is being applied goes on. */
  stop(): void {
    this.#stopped = true;
    this.#retry?.cancel();
  }

  #wake(): void {
    this.#again = true;
    if (!this.#busy && !this.#stopped) void this.#run();
  }

  async #run(): Promise<void> {
    this.#busy = true;
    while (this.#again && !this.#stopped) {
      this.#again = false;
      if (!(await this.#applyOnce())) break;
    }
    this.#busy = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #applyOnce(): Promise<boolean> {
    const { engine, resolver, clock, log, onAttempt } = this.#options;
    const { plan } = resolver;
    const asked = this.#asked;
    this.#asked = false;
    const beforehand = this.#beforehand;
    const { version } = plan;
    const change = resolver.take() ?? (this.#isDue ? NOTHING : null);
    if (change === null) {
      if (this.#undecided !== null) this.#asked ||= asked;
      else this.#conclude(plan, this.#byEngine, beforehand, asked);
      return true;
    }
    this.#isDue = false;
    const started = clock.now();
    try {
      const refused = await engine.apply(change);
      onAttempt?.(clock.now() - started, true);
      this.#failures = 0;
      this.#undecided = engine.undecided?.() ?? null;
      if (this.#undecided === null) this.#conclude(plan, refused, beforehand, asked);
      else this.#goOnAfter(this.#undecided, asked);
      return true;
    } catch (error) {
      onAttempt?.(clock.now() - started, false);
      resolver.giveBack(change);
      this.#isDue = change === NOTHING;
      this.#asked ||= asked;
      const wait = doubled(RETRY_FAILED, this.#failures++);
      log.error({ err: error, version, retryMilliseconds: wait }, 'the engine did not take a change; trying again');
      this.#retryAfter(wait, () => undefined);
      return false;
    }
  }

  /** The plan is told of when all of it is in force. */
  #goOnAfter(undecided: Promise<void>, asked: boolean): void {
    this.#asked ||= asked;
    void undecided.then(() => {
      if (this.#undecided !== undecided) return;
      this.#undecided = null;
      this.#isDue = true;
      this.#wake();
    });
  }

  #conclude(
    plan: NodePlan,
    byEngine: readonly RefusedListener[],
    beforehand: readonly RefusedListener[],
    asked: boolean,
  ): void {
    this.#byEngine = byEngine;
    // Of what is wrong with a listener, the first is told.
    const byListener = new Map<string, RefusedListener>();
    for (const one of [...beforehand, ...byEngine, ...this.#certificateFaults.of(plan)]) {
      if (!byListener.has(one.listenerId)) byListener.set(one.listenerId, one);
    }
    const refused = [...byListener.values()];
    const datapaths = this.#options.engine.carried?.() ?? [];
    const applied = { version: plan.version, refused, ...(datapaths.length > 0 && { datapaths }) };
    this.#applied = applied;
    const refusals = JSON.stringify([...refused, ...datapaths]);
    const isNews = refusals !== this.#told;
    this.#told = refusals;
    if (isNews) this.#refusals = 0;
    // Other changes in between do not put the next attempt off.
    if (byEngine.length > 0 && (isNews || this.#retry === null)) this.#retryRefused();
    if (asked || isNews) this.#options.onApplied(applied, plan);
  }

  #retryRefused(): void {
    this.#retryAfter(doubled(RETRY_REFUSED, this.#refusals++), () => {
      for (const { listenerId } of this.#byEngine) this.#options.resolver.touchListener(listenerId);
    });
  }

  #retryAfter(milliseconds: number, prepare: () => void): void {
    if (this.#stopped) return;
    this.#retry?.cancel();
    this.#retry = this.#options.clock.setTimer(milliseconds, () => {
      this.#retry = null;
      prepare();
      this.#wake();
    });
  }
}

function doubled(first: number, times: number): number {
  return Math.min(RETRY_LIMIT, first * 2 ** Math.min(16, times));
}
