import type { PlannedHealthCheck } from '@evenkeel/model/plan/objects.ts';
import type { ProbeOutcome } from './outcome.ts';

export interface ProbeTarget {
  /** IPv4 or IPv6 literal. */
  readonly address: string;
  /** Never 0. */
  readonly port: number;
  readonly check: PlannedHealthCheck;
  /** Version of the PROXY protocol that it expects at the beginning of a connection; 0: none. */
  readonly proxyProtocol: 0 | 1 | 2;
}

/** Asks a target once how it is. */
export interface Prober {
  /**
   * Begins; `done` is called once, later, within the check's timeout; never after `cancel`, which gives up at once.
   */
  probe(target: ProbeTarget, done: (outcome: ProbeOutcome) => void): RunningProbe;
}

export interface RunningProbe {
  cancel(): void;
}
