import { HELD_WHOLE } from '../balance/held.ts';

/** Share of its weight that a target begins with: enough to warm up, and to be seen failing. */
const FIRST_SHARE = 0.1;

/** What is held back from a target `elapsed` milliseconds into a slow start of `duration`: never more later on. */
export function heldInSlowStart(elapsed: number, duration: number): number {
  if (elapsed >= duration) return 0;
  const share = FIRST_SHARE + (1 - FIRST_SHARE) * (Math.max(0, elapsed) / duration);
  return Math.round(HELD_WHOLE * (1 - share));
}
