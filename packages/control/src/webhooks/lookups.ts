import type { Resolve } from './destination.ts';

/**
 * Lookups that are under way: the resolver of the system has one of four threads for each, which everything that this
 * process reads and writes shares, and a name server that does not answer keeps it for many seconds.
 */
const AT_ONCE = 2;
const WAITING = 64;

/** The same with two lookups at a time; the others wait, and those are refused that come when too many do. */
export function twoAtATime(resolve: Resolve): Resolve {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (host) => {
    if (running < AT_ONCE) running++;
    else if (waiting.length >= WAITING) throw new Error(`${WAITING} names wait to be looked up`);
    // Whoever ends gives its place on.
    else await new Promise<void>((begin) => waiting.push(begin));
    try {
      return await resolve(host);
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
