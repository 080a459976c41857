import type { PlannedHealthCheck } from '@evenkeel/model/plan/objects.ts';
import type { PlannedAuthority } from '@evenkeel/model/plan/tls.ts';
import type { ProbeOutcome } from './outcome.ts';
import type { ProbeHistory } from './probe-history.ts';

export interface ProbeTarget {
  /** IPv4 or IPv6 literal. */
  readonly address: string;
  /** Never 0. */
  readonly port: number;
  readonly check: PlannedHealthCheck;
  /** Version of the PROXY protocol that it expects at the beginning of a connection; 0: none. */
  readonly proxyProtocol: 0 | 1 | 2;
}

/** Whether a probe succeeds when nothing comes back until the timeout: UDP of which no answer is expected. */
export function silenceIsGood(check: PlannedHealthCheck): boolean {
  return check.protocol === 'udp' && check.expect === '';
}

export interface Prober {
  prepare(target: ProbeTarget): Probe;
  /** What targets are judged by that are verified; null: it is gone. */
  setAuthority(id: string, planned: PlannedAuthority | null): void;
}

/** Asks one target how it is, any number of times, one after the other. */
export interface Probe {
  /** What is sent each time, as far as the target takes it. */
  readonly request: Uint8Array;
  /**
   * Begins; `done` is called once, later, within the check's timeout; never after `cancel`, which gives up at once. What
   * happens is written down in `history`, whose exchange has begun; ending it is left to the caller.
   */
  start(history: ProbeHistory, done: (outcome: ProbeOutcome) => void): void;
  /** Gives up what has been started. */
  cancel(): void;
}
