import type { PlannedHealthCheck } from './objects.ts';

/** What a node knows of its probes, as it says it to the control plane. */

/** Exchanges that are kept of each target. */
export const EXCHANGES_KEPT = 10;
/** Bytes that are shown of what was sent, and of what came back. */
export const BYTES_SHOWN = 512;
/** Targets that one question may be about. */
export const TRIAL_TARGETS = 500;
/**
 * The same of one about exchanges: each target may have 40 KB of them, bytes that are not text written in five
 * characters, and they are one message, of which the control plane takes 32 MiB.
 */
export const EVIDENCE_TARGETS = 500;

/** One probe. Times in milliseconds, from its beginning. */
export interface ProbeExchange {
  /** Unix milliseconds of its beginning. */
  readonly at: number;
  readonly verdict: 'success' | 'failure' | 'inconclusive';
  /** Empty, or why the probe failed: `CONNECT_FAILED` and the like, as the agent has them. */
  readonly reason: string;
  /** What the verdict rests on, as a sentence. */
  readonly rule: string;
  /** A connection of its own, or one that an earlier probe had left open. */
  readonly connection: 'new' | 'kept';
  /** When the connection was up; null: never. */
  readonly connect: number | null;
  /** When the first byte of an answer came; null: none did. */
  readonly firstByte: number | null;
  readonly total: number;
  /** What was sent, in `escapeBytes` notation, at most BYTES_SHOWN bytes of it. Within TLS, as it is before encryption. */
  readonly sent: string;
  readonly sentBytes: number;
  readonly received: string;
  readonly receivedBytes: number;
}

export interface EvidenceQuestion {
  readonly serviceId: string;
  /** null: all targets of the service that this node probes, up to `limit`. */
  readonly targetId: string | null;
  readonly limit: number;
}

export interface EvidenceAnswer {
  readonly targets: readonly TargetEvidence[];
}

export interface TargetEvidence {
  readonly targetId: string;
  /** Where it is probed. */
  readonly address: string;
  readonly port: number;
  /** The newest last. */
  readonly exchanges: readonly ProbeExchange[];
}

export interface TrialQuestion {
  readonly check: PlannedHealthCheck;
  readonly proxyProtocol: 0 | 1 | 2;
  /** At most TRIAL_TARGETS. */
  readonly targets: readonly { readonly targetId: string; readonly address: string; readonly port: number }[];
}
