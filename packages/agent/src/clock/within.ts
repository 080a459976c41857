import type { Clock } from './clock.ts';

/** Resolves with the work, or when its time (in milliseconds) is up; rejects as the work does before that. */
export async function within(clock: Clock, milliseconds: number, work: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = clock.setTimer(milliseconds, late.resolve);
  try {
    await Promise.race([late.promise, work]);
  } finally {
    timer.cancel();
  }
}
