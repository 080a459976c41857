import { Worker } from 'node:worker_threads';
import type { RefusedListener } from '@evenkeel/model/plan/stream.ts';
import { descriptorLimit } from '../overload/descriptor-limit.ts';
import { newTrace, type Remains, Trace } from '../reactor/uring/remains.ts';
import { Wake } from '../reactor/wake.ts';
import { AccessLogRing } from '../telemetry/access-log-ring.ts';
import { WorkerCell } from '../telemetry/cells.ts';
import type { SharedCounters } from '../telemetry/shared-counters.ts';
import type { CertificateFailure } from '../tls/listener-tls.ts';
import { WORKER_HEAP } from '../worker/heap.ts';
import type { FromWorker, ToWorker } from '../worker/messages.ts';
import type { WorkerData } from '../worker/worker-data.ts';
import type { EngineOptions } from './engine.ts';
import type { SharedChange, Tables } from './tables.ts';
import { WorkerHang, WorkerWatch } from './worker-watch.ts';

/** Before a worker that died is replaced, in milliseconds: doubled with each death until one has lived for a minute. */
const RESTART_DELAY = 50;
const RESTART_DELAY_LIMIT = 5_000;
const LONG_LIFE = 60_000;

/** Milliseconds that a hanging thread has to end when it is told to, which reaches it anywhere but in a system call. */
const LAST_CHANCE = 5_000;

/** What the reactor of a worker turned out to be. */
export interface Ready {
  readonly reactor: 'uring' | 'portable';
  readonly reason: string;
}

export interface SeatOptions {
  readonly index: number;
  /** How many there are. */
  readonly workers: number;
  readonly reactor: EngineOptions['reactor'];
  readonly buffers?: number;
  readonly tables: Tables;
  readonly counters: SharedCounters;
  /** Tells of a worker that died, and why. */
  readonly onDeath: (index: number, error: Error) => void;
  /** Tells of a worker that hangs and cannot be ended: this process has to be. */
  readonly onStuck: (index: number) => void;
  readonly onCertificateFailure: (failure: CertificateFailure) => void;
}

/**
 * One worker thread as the engine sees it. A thread that dies takes its connections with it and is replaced; the new
 * one is told everything before it answers for anything.
 */
export class WorkerSeat {
  /** Told what a new thread could not open of everything; an empty list when all is well. */
  onRefused: (refused: readonly RefusedListener[]) => void = () => {};
  /** Told when a thread has died, and when another runs everything in its place. */
  onPresence: () => void = () => {};
  readonly #options: SeatOptions;
  readonly #ring = AccessLogRing.create();
  readonly #wake = new Wake();
  readonly #trace = newTrace();
  /** Changes that the worker has not acknowledged, by sequence. */
  readonly #pending = new Map<number, (refused: readonly RefusedListener[]) => void>();
  #thread: Worker | null = null;
  #watch: WorkerWatch | null = null;
  #remains: Remains | null = null;
  #sequence = 0;
  #stopping = false;
  /** It runs everything that it should. */
  #present = false;
  #mine = '';
  #delay = RESTART_DELAY;
  #bornAt = 0;
  #ready: ((ready: Ready) => void) | null = null;
  #failed: ((error: Error) => void) | null = null;
  #stopped: (() => void) | null = null;

  constructor(options: SeatOptions) {
    this.#options = options;
  }

  /** Starts the first thread. Rejects when it cannot run, such as with a reactor that the system forbids. */
  start(): Promise<Ready> {
    return new Promise((resolve, reject) => {
      this.#ready = resolve;
      this.#failed = reject;
      this.#spawn();
    });
  }

  /** Resolves when the worker runs the change, with the listeners of it that it cannot open. */
  apply(change: SharedChange): Promise<readonly RefusedListener[]> {
    return new Promise((resolve) => {
      // Without a thread there is nothing to tell: its successor is told everything.
      if (this.#thread === null) resolve([]);
      else this.#tell(change, resolve);
    });
  }

  /** Whether its thread runs everything that it should. */
  get present(): boolean {
    return this.#present;
  }

  /** Has the worker accept from these shares of the sockets. */
  accept(mine: readonly number[]): void {
    const now = mine.join();
    if (this.#mine === now || !this.#present) return;
    this.#mine = now;
    this.#post({ type: 'accept', mine });
  }

  get accessLogDropped(): number {
    return this.#ring.dropped;
  }

  readAccessLog(): Uint8Array | null {
    return this.#ring.read();
  }

  get mayHaveFailures(): boolean {
    return this.#ring.mayHaveFailures;
  }

  /** Resolves when the worker has drained and its thread has ended. */
  stop(drainMilliseconds: number): Promise<void> {
    return this.#end({ type: 'stop', drainMilliseconds });
  }

  /** Resolves when nothing runs any more, as others accept, and the thread has ended. */
  retire(drainMilliseconds: number): Promise<void> {
    return this.#end({ type: 'retire', drainMilliseconds });
  }

  #end(message: ToWorker): Promise<void> {
    this.#stopping = true;
    if (this.#thread === null) {
      this.#wake.close();
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const before = this.#stopped;
      this.#stopped = () => {
        before?.();
        resolve();
      };
      this.#post(message);
    });
  }

  #spawn(): void {
    const { index, workers, reactor, buffers, counters } = this.#options;
    const workerData: WorkerData = {
      workers,
      reactor,
      ...(buffers === undefined ? {} : { buffers }),
      wake: this.#wake.descriptor,
      trace: this.#trace,
      ring: this.#ring.shared,
      counters: counters.blocks(index),
      index,
      descriptorLimit: descriptorLimit(),
    };
    const thread = new Worker(new URL('../worker/main.ts', import.meta.url), {
      workerData,
      resourceLimits: WORKER_HEAP,
    });
    let cause = new Error('the worker ended by itself');
    this.#thread = thread;
    this.#bornAt = performance.now();
    const own = counters.blocks(index).worker;
    this.#watch = new WorkerWatch(
      () => own[WorkerCell.beats]!,
      (seconds) => {
        cause = new WorkerHang(seconds);
        this.#terminate(thread);
      },
    );
    thread.on('message', (message: FromWorker) => this.#onMessage(message));
    thread.on('error', (error) => {
      cause = error instanceof Error ? error : new Error(String(error));
    });
    thread.on('exit', () => this.#onExit(cause));
  }

  #terminate(thread: Worker): void {
    const late = setTimeout(() => this.#options.onStuck(this.#options.index), LAST_CHANCE);
    void thread.terminate().then(() => clearTimeout(late));
  }

  #onMessage(message: FromWorker): void {
    switch (message.type) {
      case 'ready':
        this.#remains = message.remains;
        if (this.#ready !== null) this.#present = true;
        this.#ready?.({ reactor: message.reactor, reason: message.reason });
        this.#ready = null;
        this.#failed = null;
        return;
      case 'applied': {
        const resolve = this.#pending.get(message.sequence);
        this.#pending.delete(message.sequence);
        resolve?.(message.refused);
        return;
      }
      case 'certificate-failed':
        this.#options.onCertificateFailure(message);
        return;
      case 'stopped':
        // The thread ends by itself now; `exit` tells.
        return;
    }
  }

  #onExit(cause: Error): void {
    const { index, counters, tables, onDeath } = this.#options;
    this.#thread = null;
    this.#watch?.stop();
    if (this.#remains !== null) new Trace(this.#trace).clear(this.#remains);
    this.#remains = null;
    this.#present = false;
    this.#mine = '';
    counters.forgetWorker(index);
    tables.forgetWorker(index);
    for (const resolve of this.#pending.values()) resolve([]);
    this.#pending.clear();
    if (this.#stopping) {
      this.#wake.close();
      this.#stopped?.();
      return;
    }
    if (this.#failed !== null) {
      this.#failed(cause);
      return;
    }
    onDeath(index, cause);
    this.onPresence();
    if (performance.now() - this.#bornAt >= LONG_LIFE) this.#delay = RESTART_DELAY;
    setTimeout(() => this.#replace(), this.#delay);
    this.#delay = Math.min(this.#delay * 2, RESTART_DELAY_LIMIT);
  }

  #replace(): void {
    if (this.#stopping) return;
    this.#spawn();
    this.#tell(this.#options.tables.everything(), (refused) => {
      this.#present = this.#thread !== null;
      this.onPresence();
      this.onRefused(refused);
    });
  }

  #tell(change: SharedChange, applied: (refused: readonly RefusedListener[]) => void): void {
    const sequence = ++this.#sequence;
    this.#pending.set(sequence, applied);
    this.#post({ type: 'apply', sequence, ...change });
  }

  #post(message: ToWorker): void {
    this.#thread?.postMessage(message);
    this.#wake.signal();
  }
}
