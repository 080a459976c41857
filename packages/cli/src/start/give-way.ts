import { writeFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/**
 * How far a process stands back that can wait: between 0 (not at all) and 19. On a full core it has a quarter of it
 * beside one thread that carries traffic, so the API still answers on a node that has no time left.
 */
export const NICENESS = 5;

/**
 * Has a process that has just begun in a session of its own give way to those that carry traffic: its threads, which
 * are yet to be made and take after the first, and its session, of which Linux with `sched_autogroup` makes a group that
 * has as much as any other, whatever the niceness of its threads. Where the system does not know this or does not allow
 * it, nothing changes.
 */
export function giveWay(pid: number): void {
  attempt(() => setPriority(pid, Math.max(NICENESS, getPriority())));
  if (process.platform === 'linux') attempt(() => writeFileSync(`/proc/${pid}/autogroup`, String(NICENESS)));
}

/** One that has ended meanwhile needs no priority; and without it, all runs as it would have. */
function attempt(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}
