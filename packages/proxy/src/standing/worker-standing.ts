import { resilienceOf } from '@evenkeel/model/plan/resilience.ts';
import type { WorkerService } from '../worker/messages.ts';
import type { EjectionCount, StandingMemory } from './ejections.ts';
import { TargetWatch } from './target-watch.ts';

/** What workers need to eject targets of a service: shared memory. */
export interface WorkerStanding {
  readonly memory: StandingMemory;
  readonly count: EjectionCount;
}

/** The watch over the target of this slot; null: traffic says nothing about the targets of this service. */
export function watchOver({ planned, standing }: WorkerService, slot: number, cells: Float64Array): TargetWatch | null {
  const { outlierDetection } = resilienceOf(planned);
  return outlierDetection === null
    ? null
    : new TargetWatch(outlierDetection, standing.memory, standing.count, slot, cells);
}
