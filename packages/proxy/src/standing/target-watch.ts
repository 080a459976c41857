import type { PlannedOutlierDetection } from '@evenkeel/model/plan/resilience.ts';
import { TargetCell } from '../telemetry/cells.ts';
import { type EjectionCount, EjectionReason, eject, type StandingMemory } from './ejections.ts';

/**
 * Statuses by which a target says that it cannot serve. A 500 is the application's answer to one request, and counts
 * where targets are compared by their rates.
 */
const FIRST_ERROR = 502;
const LAST_ERROR = 504;

/**
 * What one worker sees of a target, as outlier detection judges it. Failures in a row are counted over all workers, and
 * the one that sees the last of them ejects the target on the spot.
 */
export class TargetWatch {
  readonly #memory: StandingMemory;
  readonly #count: EjectionCount;
  readonly #slot: number;
  readonly #cells: Float64Array;
  readonly #errors: number;
  readonly #connectFailures: number;
  /** Whether answers are timed. */
  readonly #rates: boolean;

  /** `cells`: the worker's counter row of the target. */
  constructor(
    planned: PlannedOutlierDetection,
    memory: StandingMemory,
    count: EjectionCount,
    slot: number,
    cells: Float64Array,
  ) {
    this.#memory = memory;
    this.#count = count;
    this.#slot = slot;
    this.#cells = cells;
    this.#errors = planned.consecutiveErrors;
    this.#connectFailures = planned.consecutiveConnectFailures;
    this.#rates = planned.successRateMargin > 0 || planned.latencyFactor > 0;
  }

  /** It has answered with this status, so many milliseconds after it was asked. */
  answered(status: number, after: number): void {
    const { streaks } = this.#memory;
    const at = 2 * this.#slot;
    if (status >= 500) this.#cells[TargetCell.failures]!++;
    else if (this.#rates) {
      this.#cells[TargetCell.answers]!++;
      this.#cells[TargetCell.answerTime]! += after;
    }
    if (streaks[at] !== 0) Atomics.store(streaks, at, 0);
    if (status >= FIRST_ERROR && status <= LAST_ERROR) this.#err();
    else if (streaks[at + 1] !== 0) Atomics.store(streaks, at + 1, 0);
  }

  /** A connection to it is up, and that is all that can be said. */
  connected(): void {
    const { streaks } = this.#memory;
    const at = 2 * this.#slot;
    if (streaks[at] !== 0) Atomics.store(streaks, at, 0);
    if (streaks[at + 1] !== 0) Atomics.store(streaks, at + 1, 0);
  }

  /** It could not be connected to, or closed before one byte of an answer. */
  connectFailed(): void {
    if (this.#adds(0, this.#connectFailures)) this.#eject(EjectionReason.connectFailures);
    this.failed();
  }

  /** It answered too late, not to the end, or with what cannot be understood. */
  failed(): void {
    this.#cells[TargetCell.failures]!++;
    this.#err();
  }

  #err(): void {
    if (this.#adds(1, this.#errors)) this.#eject(EjectionReason.errors);
  }

  /** One more in a row; true: those are enough. */
  #adds(cell: 0 | 1, enough: number): boolean {
    return Atomics.add(this.#memory.streaks, 2 * this.#slot + cell, 1) + 1 >= enough && enough > 0;
  }

  #eject(reason: EjectionReason): void {
    eject(this.#memory, this.#count, this.#slot, reason);
  }
}
