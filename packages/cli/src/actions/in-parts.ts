import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import type { Io } from '../io.ts';

/** Lists of sources are longer than one call takes. */
export function* inParts<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let i = 0; i < all.length; i += size) yield all.slice(i, i + size);
}

/**
 * Sends all of them, in calls of `size`, and returns the last answer. When one call fails, those before it have been
 * carried out: it says how many are `done`. Refuses a list of none.
 */
export async function sendInParts<T, A>(
  io: Io,
  all: readonly T[],
  size: number,
  done: string,
  send: (some: readonly T[]) => Promise<A>,
): Promise<A> {
  let answer: { readonly last: A } | null = null;
  let sent = 0;
  for (const some of inParts(all, size)) {
    try {
      answer = { last: await send(some) };
    } catch (error) {
      if (sent > 0) io.err(`The first ${sent} of ${all.length} are ${done}.\n`);
      throw error;
    }
    sent += some.length;
  }
  if (answer === null) throw new CliFailure(EXIT.usage, 'there is no source in it.');
  return answer.last;
}
