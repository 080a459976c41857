import type { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import { mutate } from './mutate.ts';
import { shrink } from './shrink.ts';
import type { FuzzTarget } from './target.ts';

/** Inputs that are kept because they made the code do something new. */
const MAX_KEPT = 2_000;

export interface FuzzFailure {
  readonly target: string;
  /** Shrunk. */
  readonly input: Uint8Array;
  readonly error: unknown;
}

export interface FuzzReport {
  readonly inputs: number;
  /** Different things that the code did. */
  readonly outcomes: number;
  readonly failure: FuzzFailure | null;
}

/** Checks all seeds, then mutations of them for as long as `goOn` says so, up to the first failure. */
export async function fuzz(target: FuzzTarget, random: Random, goOn: () => boolean): Promise<FuzzReport> {
  const seen = new Set<string>();
  const kept: Uint8Array[] = [...target.seeds];
  let inputs = 0;
  const tryOne = async (input: Uint8Array): Promise<FuzzFailure | null> => {
    inputs++;
    try {
      const outcome = await target.check(input);
      if (!seen.has(outcome)) {
        seen.add(outcome);
        if (kept.length < MAX_KEPT) kept.push(input);
      }
      return null;
    } catch {
      return minimise(target, input);
    }
  };
  let failure: FuzzFailure | null = null;
  for (const seed of target.seeds) failure ??= await tryOne(seed);
  while (failure === null && goOn()) failure = await tryOne(mutate(random, { inputs: kept, words: target.words }));
  return { inputs, outcomes: seen.size, failure };
}

async function minimise(target: FuzzTarget, input: Uint8Array): Promise<FuzzFailure> {
  let last: unknown = new Error('the failure does not come back when the input is tried again');
  const fails = async (candidate: Uint8Array): Promise<boolean> => {
    try {
      await target.check(candidate);
      return false;
    } catch (error) {
      last = error;
      return true;
    }
  };
  const smallest = await shrink(input, fails);
  await fails(smallest);
  return { target: target.name, input: smallest, error: last };
}

/** The failure as a person wants to see it, with what is needed to see it again. */
export function describeFailure({ target, input, error }: FuzzFailure): string {
  const bytes = Buffer.from(input);
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [
    `${target} fails on ${JSON.stringify(bytes.toString('latin1'))}`,
    message,
    `replay: npm run fuzz -- --target ${target} --input ${bytes.toString('base64')}`,
  ].join('\n');
}
