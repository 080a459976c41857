import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { EngineService } from '@evenkeel/proxy/engine/engine.ts';
import type { Gates } from './source-gates.ts';

/** A listener that the kernel is to carry, with all that it needs to know of it. */
export interface WantedListener {
  readonly planned: PlannedListener;
  readonly service: EngineService;
  readonly gates: Gates;
}

/** What has become of it. */
export interface Outcome {
  /** Why the kernel does not carry it as it is wanted; empty: it does. */
  readonly reason: string;
  /** Something has failed, and the kernel goes on with what it had of the listener. */
  readonly stays: boolean;
}

export const CARRIED: Outcome = { reason: '', stays: false };
