import { setTimeout as sleep } from 'node:timers/promises';

/** Far above what anything in these tests takes, in milliseconds. */
const PATIENCE = 60_000;
const POLL = 5;

/** Waits for a condition; fails with its name when it does not come true. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + PATIENCE; !(await holds()); await sleep(POLL)) {
    if (performance.now() >= deadline) throw new Error(`not within ${PATIENCE / 1000} s: ${what}`);
  }
}
