import type { Endpoint } from '../origin.ts';

export const INTERVAL_SECONDS = 5;
/** Probes that a connection carries where they may share one. */
export const PER_CONNECTION = 10;

/** How targets are asked: by GET over a connection of its own each time, over one for several, or by connecting alone. */
export type CheckKind = 'checks' | 'shared' | 'tcp';

/** Somebody who checks targets, and the processes that it takes. */
export interface Checker {
  readonly name: string;
  /** Asks in another way from then on; null: it cannot. */
  readonly turnTo: ((kind: CheckKind) => Promise<void>) | null;
  pids(): readonly number[];
  stop(): Promise<void>;
}

export interface CheckerSetup {
  readonly directory: string;
  readonly targets: readonly Endpoint[];
  /** The core to run on; null: any. */
  readonly core: number | null;
}
