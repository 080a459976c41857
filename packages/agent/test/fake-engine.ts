import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { RefusedListener } from '@evenkeel/model/plan/stream.ts';
import type { EngineChange, EngineService, ProxyEngine, RefusedRetries } from '@evenkeel/proxy/engine/engine.ts';
import type { TargetStanding } from '@evenkeel/proxy/standing/standing.ts';
import type { EngineCounters, ListenerVolume, WorkerCounters } from '@evenkeel/proxy/telemetry/counters.ts';

/** An engine that carries nothing but keeps account of what it was told, and does as the test says. */
export class FakeEngine implements ProxyEngine {
  readonly reactor = 'simulated';
  readonly reactorReason = 'a test';
  readonly workers = 1;
  readonly services = new Map<string, EngineService>();
  readonly listeners = new Map<string, PlannedListener>();
  readonly changes: EngineChange[] = [];
  /** Listeners to refuse, by id. */
  readonly refuse = new Map<string, RefusedListener>();
  /** Lines that `readAccessLog` gives next. */
  readonly log: Uint8Array[] = [];
  counted: EngineCounters = { listeners: [], targets: [], rules: [], workers: [], accessLogDropped: 0 };
  standing: TargetStanding[] = [];
  /** Set to fail the next change. */
  failure: Error | null = null;
  stoppedWith: number | null = null;
  #gate: Promise<void> = Promise.resolve();
  #refused = new Map<string, RefusedListener>();

  /** Holds every change from now on until the returned function is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return resolve;
  }

  async apply(change: EngineChange): Promise<readonly RefusedListener[]> {
    this.changes.push(change);
    await this.#gate;
    if (this.failure !== null) {
      const error = this.failure;
      this.failure = null;
      throw error;
    }
    for (const [id, service] of change.services) {
      if (service === null) this.services.delete(id);
      else this.services.set(id, service);
    }
    for (const [id, listener] of change.listeners) {
      this.#refused.delete(id);
      const refusal = this.refuse.get(id);
      if (listener === null) this.listeners.delete(id);
      else if (refusal !== undefined) this.#refused.set(id, refusal);
      else this.listeners.set(id, listener);
    }
    return [...this.#refused.values()];
  }

  counters(): EngineCounters {
    return this.counted;
  }

  listenerVolumes(): readonly ListenerVolume[] {
    return this.counted.listeners;
  }

  connectionsOf(listenerId: string): number {
    return this.counted.listeners.find((listener) => listener.listenerId === listenerId)?.connections ?? 0;
  }

  deniedSources(): number {
    return this.counted.listeners.reduce((sum, { refused }) => sum + (refused['deny-list'] ?? 0), 0);
  }

  workerCounters(): readonly WorkerCounters[] {
    return this.counted.workers;
  }

  standings(): readonly TargetStanding[] {
    return this.standing;
  }

  refusedRetries(): readonly RefusedRetries[] {
    return [];
  }

  readAccessLog(): Uint8Array | null {
    return this.log.shift() ?? null;
  }

  readonly mayHaveFailures = true;

  readonly sockets = { open: 0, held: 0 };

  restoreSockets(): number {
    return 0;
  }

  accept(): void {}

  reclaimSockets(): void {}

  retire(): Promise<void> {
    return Promise.resolve();
  }

  explain(): null {
    return null;
  }

  async stop(drainMilliseconds: number): Promise<void> {
    this.stoppedWith = drainMilliseconds;
  }

  /** Targets of a service that take traffic, by id. */
  eligible(serviceId: string): string[] {
    return (this.services.get(serviceId)?.targets ?? []).filter((target) => target.eligible).map((target) => target.id);
  }
}
