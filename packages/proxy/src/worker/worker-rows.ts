import { SharedLimits } from '../limits/shared-limits.ts';
import { LISTENER_ROW, TARGET_ROW } from '../telemetry/cells.ts';
import type { CounterBlocks } from '../telemetry/shared-counters.ts';

/** The counter rows of one worker, by slot. */
export class WorkerRows {
  readonly #blocks: CounterBlocks;

  constructor(blocks: CounterBlocks) {
    this.#blocks = blocks;
  }

  listener(slot: number): Float64Array {
    return this.#blocks.listeners.subarray(slot * LISTENER_ROW, (slot + 1) * LISTENER_ROW);
  }

  /** What all workers count together of a listener. */
  limits(slot: number): SharedLimits {
    return new SharedLimits(this.#blocks.limits, slot);
  }

  target(slot: number): Float64Array {
    return this.#blocks.targets.subarray(slot * TARGET_ROW, (slot + 1) * TARGET_ROW);
  }

  /** The worker's own row; see `WorkerCell`. */
  get own(): Float64Array {
    return this.#blocks.worker;
  }
}
