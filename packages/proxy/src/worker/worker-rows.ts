import { SharedLimits } from '../limits/shared-limits.ts';
import { SourceTable } from '../limits/source-table.ts';
import { LISTENER_ROW, TARGET_ROW } from '../telemetry/cells.ts';
import type { CounterBlocks } from '../telemetry/shared-counters.ts';

/** The counter rows of one worker, by slot. */
export class WorkerRows {
  readonly #blocks: CounterBlocks;
  readonly #sources: SourceTable;

  constructor(blocks: CounterBlocks) {
    this.#blocks = blocks;
    this.#sources = new SourceTable(blocks.sources);
  }

  listener(slot: number): Float64Array {
    return this.#blocks.listeners.subarray(slot * LISTENER_ROW, (slot + 1) * LISTENER_ROW);
  }

  /** What all workers count together of a listener. */
  limits(slot: number): SharedLimits {
    return new SharedLimits(this.#blocks.limits, slot, this.#sources);
  }

  /** The same of a load balancer with limits. */
  loadBalancer(slot: number): SharedLimits {
    return new SharedLimits(this.#blocks.loadBalancers, slot, this.#sources);
  }

  target(slot: number): Float64Array {
    return this.#blocks.targets.subarray(slot * TARGET_ROW, (slot + 1) * TARGET_ROW);
  }

  /** Requests by slot of the rule. */
  get rules(): Float64Array {
    return this.#blocks.rules;
  }

  /** Which worker it is, from 0. */
  get index(): number {
    return this.#blocks.index;
  }

  /** Connections to targets on all workers, by slot. */
  get connections(): Int32Array {
    return this.#blocks.connections;
  }

  /** Which targets some worker needs a connection's place at, by slot. */
  get wanted(): Int32Array {
    return this.#blocks.wanted;
  }

  /** The worker's own row; see `WorkerCell`. */
  get own(): Float64Array {
    return this.#blocks.worker;
  }
}
