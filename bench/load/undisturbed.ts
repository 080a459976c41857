import type { Pause, Witnessed } from '../process/witness.ts';
import type { Answered } from './paced.ts';

/**
 * Milliseconds behind the moment at which a request is due in which no core may pause. They are the same for each
 * request, however long it took: were it only that no pause falls into the request, slow ones would be left out more
 * often than fast ones, and of what the slowest took, nothing true would remain. So a quantile is right up to this, and
 * above it no more than an upper bound.
 */
export const AHEAD = 5;
/** Milliseconds behind a pause, and what it costs to catch up with it, that are left out as well. */
export const BEHIND = 2;

/**
 * The requests that no pause of a core has touched, as far as can be known without looking at how long they took: left out
 * is all that was due from `AHEAD` before a pause until what had piled up was worked off. At half of what a balancer can
 * do, that takes as long as the pause took; what further pauses take meanwhile comes on top. What was due while not every
 * core was watched is left out too.
 */
export function undisturbed(requests: readonly Answered[], cores: readonly Witnessed[]): Answered[] {
  const from = Math.max(...cores.map(({ begin }) => begin));
  const until = Math.min(...cores.map(({ end }) => end)) - AHEAD;
  const shadows = shadowsOf(cores.flatMap(({ pauses }) => pauses));
  let next = 0;
  return requests
    .toSorted((a, b) => a.at - b.at)
    .filter(({ at }) => {
      while (next < shadows.length && shadows[next]!.end < at) next++;
      return at >= from && at <= until && !(next < shadows.length && shadows[next]!.begin <= at);
    });
}

interface Shadow {
  readonly begin: number;
  readonly end: number;
}

/** The times in which no request may have been due, without overlaps, in order. */
function shadowsOf(pauses: readonly Pause[]): Shadow[] {
  const shadows: { begin: number; end: number }[] = [];
  /** When all that has piled up so far will have been worked off. */
  let caughtUp = Number.NEGATIVE_INFINITY;
  for (const { at, length } of pauses.toSorted((a, b) => a.at - b.at)) {
    caughtUp = Math.max(caughtUp, at) + 2 * length;
    const last = shadows.at(-1);
    if (last !== undefined && at - AHEAD <= last.end) last.end = caughtUp + BEHIND;
    else shadows.push({ begin: at - AHEAD, end: caughtUp + BEHIND });
  }
  return shadows;
}
