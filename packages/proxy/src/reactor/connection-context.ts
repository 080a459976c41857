import type { Arena } from './arena.ts';
import type { Unsettled } from './reactor.ts';
import type { TimerWheel } from './timer-wheel.ts';

/** What connections share with their reactor. */
export interface ConnectionContext {
  readonly arena: Arena;
  readonly wheel: TimerWheel;
  readonly clock: { readonly now: number };
  /** Has `settle` called at the end of the turn, outside of any call by protocol code. */
  unsettle(item: Unsettled): void;
}
