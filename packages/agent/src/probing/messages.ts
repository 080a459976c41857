import type { Flapping } from '@evenkeel/model/plan/stream.ts';
import type { PlannedAuthority } from '@evenkeel/model/plan/tls.ts';
import type { ProbeTarget } from '../health/prober.ts';
import type { HealthState, Thresholds } from '../health/state.ts';
import type { Beginning, Evidence, EvidenceRequest } from '../health/watch.ts';

/** What the owner of the probing thread asks of it; see `Watch`. */
export type Order =
  | {
      readonly kind: 'begin';
      readonly id: number;
      readonly target: ProbeTarget;
      readonly limits: Thresholds;
      readonly beginning: Beginning;
    }
  | { readonly kind: 'authority'; readonly id: string; readonly planned: PlannedAuthority | null }
  | { readonly kind: 'adjust'; readonly id: number; readonly limits: Thresholds }
  | { readonly kind: 'end'; readonly id: number };

export type ToProbing =
  | { readonly type: 'orders'; readonly orders: readonly Order[] }
  /** Answered by `evidence` with the same number. */
  | { readonly type: 'gather'; readonly id: number; readonly request: EvidenceRequest }
  | { readonly type: 'stop' };

export interface ChangedJudgement {
  readonly id: number;
  readonly state: HealthState;
  readonly flapping: Flapping | null;
}

export type FromProbing =
  /** Judgements that have changed, in order. */
  | { readonly type: 'changes'; readonly changes: readonly ChangedJudgement[] }
  | { readonly type: 'evidence'; readonly id: number; readonly evidence: Evidence };

export interface ProbingData {
  readonly reactor: 'auto' | 'uring' | 'portable';
  /** `Wake.descriptor` of who posts orders. */
  readonly wake: number;
  /** Of `ProbeCounts`. */
  readonly counts: SharedArrayBuffer;
}
