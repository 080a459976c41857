import type { SimulatedNetwork } from '@evenkeel/proxy/reactor/simulated/network.ts';
import type { SimulatedReactor } from '@evenkeel/proxy/reactor/simulated/simulated-reactor.ts';
import type { Journal } from './journal.ts';
import type { Middle } from './middle.ts';

/** What the thing under test gets to work with. */
export interface MiddleLimits {
  readonly buffers: number;
  readonly largeBuffers?: number;
  readonly descriptors: number;
  /** Buffers that it may have in use at once, if that is to be looked at. */
  readonly mostBuffers?: number;
}

/** More than this may never wait for one connection, in bytes: a reader that is slow must not fill the memory. */
const MOST_UNSENT = 128 * 1024;

/** Longer than every time-out of the thing under test and of the network, in milliseconds. */
const SETTLE = 400_000;

/** Longer than what is left may drain, in milliseconds. */
const STOP = 400_000;

/** Lets time run past all time-outs, ends what is in the middle, and notes what it has not given back. */
export function inspectLeaks(
  network: SimulatedNetwork,
  reactor: SimulatedReactor,
  middle: Middle,
  journal: Journal,
  limits: MiddleLimits,
  ends: readonly SimulatedReactor[],
): void {
  network.run(network.now + SETTLE);
  const { arena } = reactor;
  if (arena.free !== arena.capacity)
    journal.violate(`${arena.capacity - arena.free} buffers are held while nothing is under way`);
  middle.inspect(journal, false);
  for (const end of ends) end.halt();
  middle.stop();
  network.run(network.now + STOP);
  if (arena.free !== arena.capacity) journal.violate(`${arena.capacity - arena.free} buffers are held after the end`);
  if (reactor.open > 0) journal.violate(`${reactor.open} connections are open after the end`);
  if (reactor.pendingTimers > 0) journal.violate(`${reactor.pendingTimers} timers are pending after the end`);
  if (reactor.peakUnsent > MOST_UNSENT) journal.violate(`${reactor.peakUnsent} bytes waited for one connection`);
  if (arena.peak > (limits.mostBuffers ?? arena.capacity)) journal.violate(`${arena.peak} buffers were in use at once`);
  middle.inspect(journal, true);
}
