import type { ProbeTarget } from '../health/prober.ts';
import type { HealthState, Thresholds } from '../health/state.ts';
import type { Beginning } from '../health/watch.ts';

/** What the owner of the probing thread asks of it; see `Watch`. */
export type Order =
  | {
      readonly kind: 'begin';
      readonly id: number;
      readonly target: ProbeTarget;
      readonly limits: Thresholds;
      readonly beginning: Beginning;
    }
  | { readonly kind: 'adjust'; readonly id: number; readonly limits: Thresholds }
  | { readonly kind: 'end'; readonly id: number };

export type ToProbing = { readonly type: 'orders'; readonly orders: readonly Order[] } | { readonly type: 'stop' };

/** Judgements that have changed, in order. */
export interface FromProbing {
  readonly changes: readonly { readonly id: number; readonly state: HealthState }[];
}

export interface ProbingData {
  readonly reactor: 'auto' | 'uring' | 'portable';
  /** `Wake.descriptor` of who posts orders. */
  readonly wake: number;
  /** Of `ProbeCounts`. */
  readonly counts: SharedArrayBuffer;
}
