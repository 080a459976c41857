import type { EngineOptions } from '../engine/engine.ts';
import type { CounterBlocks } from '../telemetry/shared-counters.ts';

/** What a worker thread is started with. */
export interface WorkerData {
  /** How many workers there are. */
  readonly workers: number;
  readonly reactor: EngineOptions['reactor'];
  /** As `EngineOptions` has them. */
  readonly buffers?: number;
  /** Descriptor of the eventfd that wakes the worker's loop. */
  readonly wake: number;
  /** Where word of its descriptors is left; see reactor/uring/remains.ts. */
  readonly trace: SharedArrayBuffer;
  /** Memory of its access-log ring. */
  readonly ring: SharedArrayBuffer;
  readonly counters: CounterBlocks;
  /** Which of the workers it is. */
  readonly index: number;
  /** Limit of open descriptors of the process; 0: not known. */
  readonly descriptorLimit: number;
}
