import type { Flapping } from '@evenkeel/model/plan/stream.ts';
import type { PlannedAuthority } from '@evenkeel/model/plan/tls.ts';
import type { Clock, Random } from '../clock/clock.ts';
import { Judge } from './judge.ts';
import type { ProbeOutcome } from './outcome.ts';
import type { Prober, ProbeTarget } from './prober.ts';
import { Scheduler } from './scheduler.ts';
import { probeKey, SharedProbe, type SharedProbeOptions } from './shared-probe.ts';
import { detecting, type HealthState, type Thresholds } from './state.ts';
import { tryOut } from './trial.ts';
import type { Beginning, Evidence, EvidenceRequest, ProbeLoad, Watch } from './watch.ts';

/** Probes in flight at a time; each holds one descriptor. */
export const PROBE_SLOTS = 256;
/**
 * The same for probes that wait in silence until their timeout: 680 a second with a timeout of 3 s, which are 3,400 such
 * targets at the default interval. More wait for their turn, and delay nobody else.
 */
export const SILENT_SLOTS = 2_048;

export interface LocalWatchOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly prober: Prober;
  readonly slots?: number;
  /** A probe has ended; `duration` and `lag` (how long it waited for a slot) in milliseconds. */
  readonly onProbed?: (target: ProbeTarget, outcome: ProbeOutcome, duration: number, lag: number) => void;
}

interface Watched {
  readonly judge: Judge;
  readonly probe: SharedProbe;
  readonly key: string;
}

/** Probes and judges on the thread that it is on. */
export class LocalWatch implements Watch {
  onChange: (id: number, state: HealthState, flapping: Flapping | null) => void = () => undefined;
  readonly #clock: Clock;
  readonly #prober: Prober;
  readonly #scheduler: Scheduler;
  readonly #probeOptions: SharedProbeOptions;
  readonly #probes = new Map<string, SharedProbe>();
  readonly #watched = new Map<number, Watched>();

  constructor(options: LocalWatchOptions) {
    this.#clock = options.clock;
    this.#prober = options.prober;
    const slots = options.slots ?? PROBE_SLOTS;
    this.#scheduler = new Scheduler({ clock: options.clock, slots, silentSlots: SILENT_SLOTS });
    this.#probeOptions = { ...options, scheduler: this.#scheduler, onProbed: options.onProbed ?? (() => undefined) };
  }

  get load(): ProbeLoad {
    const { running, waiting, lag } = this.#scheduler;
    return { endpoints: this.#probes.size, inFlight: running, waiting, lag };
  }

  setAuthority(id: string, planned: PlannedAuthority | null): void {
    this.#prober.setAuthority(id, planned);
  }

  begin(id: number, target: ProbeTarget, limits: Thresholds, beginning: Beginning): void {
    const key = probeKey(target);
    let probe = this.#probes.get(key);
    if (probe === undefined) {
      probe = new SharedProbe(target, this.#probeOptions);
      this.#probes.set(key, probe);
    }
    const judge = new Judge(id, this.#resolve(beginning), limits, this.#clock, probe, (changed) =>
      this.onChange(changed.id, changed.state, changed.flapping),
    );
    this.#watched.set(id, { judge, probe, key });
    // With a state of its own, it was watched before, in just that way.
    probe.join(judge, beginning.kind !== 'as' && !judge.isNewcomer);
  }

  adjust(id: number, limits: Thresholds): void {
    const watched = this.#watched.get(id);
    if (watched !== undefined) watched.judge.limits = limits;
  }

  end(id: number): void {
    const watched = this.#watched.get(id);
    if (watched === undefined) return;
    this.#watched.delete(id);
    if (watched.probe.leave(watched.judge)) this.#probes.delete(watched.key);
  }

  gather(request: EvidenceRequest): Promise<Evidence> {
    return new Promise((resolve) => this.collect(request, resolve));
  }

  /** The same on a thread whose promises do not move. */
  collect(request: EvidenceRequest, done: (evidence: Evidence) => void): void {
    switch (request.kind) {
      case 'history':
        done(request.ids.map((id) => this.#exchanges(id)));
        return;
      case 'trial':
        tryOut(request.targets, this.#prober, this.#clock, (exchanges) => done(exchanges.map((one) => [one])));
        return;
    }
  }

  stop(): Promise<void> {
    this.#scheduler.stop();
    for (const id of [...this.#watched.keys()]) this.end(id);
    return Promise.resolve();
  }

  #exchanges(id: number): Evidence[number] {
    const probe = this.#watched.get(id)?.probe;
    return probe === undefined ? [] : probe.history.exchanges(probe.request);
  }

  #resolve(beginning: Beginning): HealthState {
    if (beginning.kind !== 'as') return beginning;
    return this.#watched.get(beginning.id)?.judge.state ?? detecting(this.#clock.wallTime());
  }
}
