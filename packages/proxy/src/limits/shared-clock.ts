import type { Reactor } from '../reactor/reactor.ts';

/**
 * Milliseconds of a clock that all threads of the process share, to be added to `Reactor.now`: each thread counts from
 * its own beginning, and the calendar jumps. The simulated world has one clock.
 */
export function sharedClockOffset({ name }: Reactor): number {
  if (name === 'simulated') return 0;
  return Number(process.hrtime.bigint() / 1_000n) / 1_000 - performance.now();
}
