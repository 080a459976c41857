import { Worker } from 'node:worker_threads';
import type { Flapping } from '@evenkeel/model/plan/stream.ts';
import type { PlannedAuthority } from '@evenkeel/model/plan/tls.ts';
import { Wake } from '@evenkeel/proxy/reactor/wake.ts';
import type { Logger } from 'pino';
import type { Clock, Timer } from '../clock/clock.ts';
import type { ProbeTarget } from '../health/prober.ts';
import type { HealthState, Thresholds } from '../health/state.ts';
import type { Beginning, Evidence, EvidenceRequest, ProbeLoad, Watch } from '../health/watch.ts';
import type { FromProbing, Order, ProbingData, ToProbing } from './messages.ts';
import { ProbeCounts } from './probe-counts.ts';

/** Before a thread that died is replaced, in milliseconds: doubled with each death until one has lived for a minute. */
const RESTART_DELAY = 100;
const RESTART_DELAY_LIMIT = 10_000;
const LONG_LIFE = 60_000;
/** Milliseconds between two looks at the thread's heartbeat, which must be another each time. */
const LOOK = 10_000;
/** A look that is later than this has been held up itself, as has been the thread, probably: the whole process stood still. */
const LATE = 1_000;
/** Milliseconds for which `stop` waits for the thread: one that is still being started takes longer to hear of it. */
const PARTING = 250;

export interface ProbingThreadOptions {
  readonly reactor: ProbingData['reactor'];
  readonly clock: Clock;
  readonly log: Logger;
}

interface Watched {
  readonly target: ProbeTarget;
  limits: Thresholds;
  /** As it was last heard of. */
  state: HealthState;
}

/**
 * Has targets watched on a thread of its own, whose reactor needs a fraction of what Node's sockets do, so that probing
 * never delays a change of the plan. The thread is started by the first target. One that dies or hangs is replaced; its
 * successor goes on with the states that were known.
 */
export class ProbingThread implements Watch {
  onChange: (id: number, state: HealthState, flapping: Flapping | null) => void = () => undefined;
  readonly counts = new ProbeCounts();
  readonly #options: ProbingThreadOptions;
  readonly #watched = new Map<number, Watched>();
  readonly #authorities = new Map<string, PlannedAuthority>();
  readonly #gathering = new Map<number, PromiseWithResolvers<Evidence>>();
  #lastGathering = 0;
  readonly #wake = new Wake();
  #orders: Order[] = [];
  #thread: Worker | null = null;
  #bornAt = 0;
  /** Why the thread has died, as far as that is known. */
  #fault: Error | null = null;
  #delay = RESTART_DELAY;
  /** For the next look at the thread, or its replacement. */
  #timer: Timer | null = null;
  #stopped = false;
  readonly #ended = Promise.withResolvers<void>();

  constructor(options: ProbingThreadOptions) {
    this.#options = options;
  }

  get load(): ProbeLoad {
    return this.counts.load;
  }

  begin(id: number, target: ProbeTarget, limits: Thresholds, beginning: Beginning): void {
    const known = beginning.kind === 'as' ? this.#watched.get(beginning.id)?.state : beginning;
    if (known === undefined) throw new Error('a judgement begins as one that is not there');
    this.#watched.set(id, { target, limits, state: known });
    this.#order({ kind: 'begin', id, target, limits, beginning });
  }

  setAuthority(id: string, planned: PlannedAuthority | null): void {
    if (planned === null) this.#authorities.delete(id);
    else this.#authorities.set(id, planned);
    // A thread is not started for an authority alone.
    if (this.#thread !== null || this.#orders.length > 0) this.#order({ kind: 'authority', id, planned });
  }

  gather(request: EvidenceRequest): Promise<Evidence> {
    if (this.#stopped || (this.#timer !== null && this.#thread === null)) {
      return Promise.reject(new Error('probing is not running at this moment'));
    }
    // What was asked before is carried out before.
    this.#flush();
    const thread = this.#thread ?? this.#spawn();
    const id = ++this.#lastGathering;
    const gathering = Promise.withResolvers<Evidence>();
    this.#gathering.set(id, gathering);
    this.#post(thread, { type: 'gather', id, request });
    return gathering.promise;
  }

  adjust(id: number, limits: Thresholds): void {
    const watched = this.#watched.get(id);
    if (watched === undefined) return;
    watched.limits = limits;
    this.#order({ kind: 'adjust', id, limits });
  }

  end(id: number): void {
    if (this.#watched.delete(id)) this.#order({ kind: 'end', id });
  }

  /** Resolves when the thread has ended, or is not to be waited for. */
  stop(): Promise<void> {
    if (this.#stopped) return this.#ended.promise;
    this.#stopped = true;
    this.#timer?.cancel();
    if (this.#thread === null) this.#end();
    else this.#part(this.#thread);
    return this.#ended.promise;
  }

  #part(thread: Worker): void {
    this.#timer = this.#options.clock.setTimer(PARTING, this.#ended.resolve);
    this.#post(thread, { type: 'stop' });
  }

  #end(): void {
    this.#wake.close();
    this.#ended.resolve();
  }

  /** Collects what is asked in one go, such as all targets of a plan. */
  #order(order: Order): void {
    if (this.#stopped) return;
    if (this.#orders.length === 0) queueMicrotask(() => this.#flush());
    this.#orders.push(order);
  }

  #flush(): void {
    const orders = this.#orders;
    this.#orders = [];
    if (this.#stopped || orders.length === 0) return;
    if (this.#thread !== null) this.#post(this.#thread, { type: 'orders', orders });
    // Between two threads there is nobody to tell: the successor is told everything.
    else if (this.#timer === null) this.#spawn();
  }

  #spawn(): Worker {
    const { reactor, clock } = this.#options;
    const workerData: ProbingData = { reactor, wake: this.#wake.descriptor, counts: this.counts.shared };
    const thread = new Worker(new URL('./thread.ts', import.meta.url), { workerData, name: 'probing' });
    this.#fault = null;
    thread.on('message', (message: FromProbing) => this.#onMessage(message));
    thread.on('error', (error) => {
      this.#fault = error instanceof Error ? error : new Error(String(error));
    });
    thread.on('exit', () => this.#onExit());
    this.#thread = thread;
    this.#bornAt = clock.now();
    const orders: Order[] = [];
    for (const [id, planned] of this.#authorities) orders.push({ kind: 'authority', id, planned });
    for (const [id, { target, limits, state }] of this.#watched) {
      orders.push({ kind: 'begin', id, target, limits, beginning: state });
    }
    this.#post(thread, { type: 'orders', orders });
    this.#look(thread, Number.NaN);
    return thread;
  }

  /** Ends a thread that shows no sign of life from one look to the next. */
  #look(thread: Worker, before: number): void {
    const { clock } = this.#options;
    const due = clock.now() + LOOK;
    this.#timer = clock.setTimer(LOOK, () => {
      const { heartbeat } = this.counts;
      if (heartbeat !== before || clock.now() > due + LATE) {
        this.#look(thread, heartbeat);
        return;
      }
      this.#fault = new Error(`the thread has shown no sign of life for ${LOOK / 1000} s`);
      void thread.terminate();
    });
  }

  #onMessage(message: FromProbing): void {
    if (message.type === 'evidence') {
      this.#gathering.get(message.id)?.resolve(message.evidence);
      this.#gathering.delete(message.id);
      return;
    }
    for (const { id, state, flapping } of message.changes) {
      const watched = this.#watched.get(id);
      if (watched === undefined) continue;
      watched.state = state;
      this.onChange(id, state, flapping);
    }
  }

  #onExit(): void {
    const { clock, log } = this.#options;
    this.#thread = null;
    this.#timer?.cancel();
    for (const { reject } of this.#gathering.values()) reject(new Error('probing has ended before it could answer'));
    this.#gathering.clear();
    if (this.#stopped) {
      this.#end();
      return;
    }
    if (clock.now() - this.#bornAt >= LONG_LIFE) this.#delay = RESTART_DELAY;
    const err = this.#fault ?? new Error('the thread has ended by itself');
    log.error({ err, retryMilliseconds: this.#delay }, 'the probing thread has died and is replaced');
    this.#timer = clock.setTimer(this.#delay, () => this.#spawn());
    this.#delay = Math.min(this.#delay * 2, RESTART_DELAY_LIMIT);
  }

  #post(thread: Worker, message: ToProbing): void {
    thread.postMessage(message);
    this.#wake.signal();
  }
}
