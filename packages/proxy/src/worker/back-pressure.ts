import type { Connection } from '../reactor/reactor.ts';

/** A side that has this many bytes unsent stops the other side's reading … */
const HIGH_WATER = 64 * 1024;
/** … until it has no more than this. */
const LOW_WATER = 16 * 1024;

/** The same for sends, each of which keeps a whole buffer, however few bytes of it are to be sent. */
const MANY_SENDS = 24;
const FEW_SENDS = 6;

/** Nobody has enough with less than this: the least that a pacer grants at a turn, in bytes. */
const LITTLE = 1_460;

/** Whether so much waits on this side that nothing more should be read from the other one. */
export function isCongested(side: Connection): boolean {
  const { unsent, queued } = side;
  if (unsent < LITTLE && queued <= 1) return false;
  return unsent > HIGH_WATER || queued > MANY_SENDS || side.isSated;
}

/** Whether so little waits that the other side may be read again. */
export function isRelieved(side: Connection): boolean {
  return side.unsent <= LOW_WATER && side.queued <= FEW_SENDS;
}
