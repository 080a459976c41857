import type { ProbeExchange } from '@evenkeel/model/plan/evidence.ts';
import type { Flapping } from '@evenkeel/model/plan/stream.ts';
import type { PlannedAuthority } from '@evenkeel/model/plan/tls.ts';
import type { ProbeTarget } from './prober.ts';
import type { HealthState, Thresholds } from './state.ts';

/** Where a judgement begins: with a state, or with the one that another has by then. */
export type Beginning = HealthState | { readonly kind: 'as'; readonly id: number };

/** What probing has to do at a moment. */
export interface ProbeLoad {
  /** Different probes: what asks the same of the same endpoint shares one. */
  readonly endpoints: number;
  readonly inFlight: number;
  /** Probes that are due and wait for a slot. */
  readonly waiting: number;
  /** Milliseconds by which the latest probe is late for want of a slot. */
  readonly lag: number;
}

/** What is asked of a watch: the exchanges of judgements so far, or of one probe each of targets that are tried out. */
export type EvidenceRequest =
  | { readonly kind: 'history'; readonly ids: readonly number[] }
  | { readonly kind: 'trial'; readonly targets: readonly ProbeTarget[] };

/** For each of what was asked, in order: the exchanges, the newest last. */
export type Evidence = readonly (readonly ProbeExchange[])[];

/**
 * Whoever probes targets and judges them, here or on another thread. Each judgement has a number, which is never used
 * again; what is asked is carried out in order, and soon.
 */
export interface Watch {
  /** Told of each judgement that has changed in kind or reason, or flaps, those that were just ended included. */
  onChange: (id: number, state: HealthState, flapping: Flapping | null) => void;
  readonly load: ProbeLoad;
  /** What targets are judged by that are verified; null: it is gone. */
  setAuthority(id: string, planned: PlannedAuthority | null): void;
  /** Probes the target at once, and then at its interval. */
  begin(id: number, target: ProbeTarget, limits: Thresholds, beginning: Beginning): void;
  adjust(id: number, limits: Thresholds): void;
  end(id: number): void;
  /** Rejects when probing ends before there is an answer. */
  gather(request: EvidenceRequest): Promise<Evidence>;
  /** Ends all probing; resolves when nothing of it is under way, or soon. */
  stop(): Promise<void>;
}
