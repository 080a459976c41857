import { setTimeout as sleep } from 'node:timers/promises';
import { StartFailure } from './failure.ts';
import { readRunning, removeRunning, survivors } from './running.ts';

export interface Patience {
  /** Milliseconds that the processes have to end by themselves; lifeline.ts makes them take less. */
  readonly gentle: number;
  /** Milliseconds that they have to be gone after SIGKILL. */
  readonly forced: number;
}

const PATIENCE: Patience = { gentle: 5_000, forced: 5_000 };
const POLL = 20;

/**
 * Waits for the processes of a supervisor that was killed on this home, and kills those that do not end, so that their
 * ports and files are free. The caller holds the lock of the home. Returns how many there were; throws a StartFailure
 * when one cannot be ended.
 */
export async function clearLeftovers(record: string, patience = PATIENCE): Promise<number> {
  const running = readRunning(record);
  if (running === null) return 0;
  const alive = () => survivors(running);
  const found = alive().length;
  if (!(await gone(alive, patience.gentle))) {
    for (const { pid } of alive()) process.kill(pid, 'SIGKILL');
    if (!(await gone(alive, patience.forced))) {
      const names = alive().map(({ name, pid }) => `${name} (process ${pid})`);
      throw new StartFailure(
        `${names.join(' and ')} of an earlier run cannot be ended: end it by hand and start again.`,
      );
    }
  }
  removeRunning(record);
  return found;
}

async function gone(alive: () => readonly unknown[], within: number): Promise<boolean> {
  const deadline = performance.now() + within;
  while (alive().length > 0) {
    if (performance.now() >= deadline) return false;
    await sleep(POLL);
  }
  return true;
}
