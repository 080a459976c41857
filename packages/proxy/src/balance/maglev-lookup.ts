import { fillMaglev, maglevSize } from '@evenkeel/model/hashing/maglev.ts';
import type { EngineTarget } from '../engine/engine.ts';

type Place = Pick<EngineTarget, 'address' | 'port' | 'weight'>;

/** What tables that are in use were filled with. */
const contents = new WeakMap<Uint16Array, string>();

/** Of a service that has no candidates, or needs none by key. */
export const NO_LOOKUP = new Uint16Array(new SharedArrayBuffer(0));

/**
 * Candidates (their places in `candidates`) by the hash of what clients are told apart by, in memory that threads share.
 * Filling it takes up to a millisecond of the owner's thread, so `previous`, the service's lookup until now, is used on
 * as long as the same targets have the same weights: most changes of a service are of something else.
 */
export function maglevLookup(targets: readonly Place[], candidates: Uint16Array, previous: Uint16Array): Uint16Array {
  if (candidates.length === 0) return NO_LOOKUP;
  const size = maglevSize(targets.length);
  const named = Array.from(candidates, (index) => {
    const { address, port, weight } = targets[index]!;
    return { name: `${address} ${port}`, weight };
  });
  const content = named.map(({ name, weight }) => `${name} ${weight}`).join();
  if (previous.length === size && contents.get(previous) === content) return previous;
  const lookup = new Uint16Array(new SharedArrayBuffer(size * Uint16Array.BYTES_PER_ELEMENT));
  fillMaglev(lookup, named);
  contents.set(lookup, content);
  return lookup;
}
