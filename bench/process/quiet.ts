import { setTimeout as sleep } from 'node:timers/promises';
import { hostCpu, since, total } from './cpu.ts';

const WINDOW_MILLISECONDS = 300;
/** Cores that may be busy while nothing of ours has anything to do. */
const QUIET = 0.1;

/**
 * Waits until hardly anything runs on this machine, for at most `seconds`; whether it is quiet now. What the hypervisor
 * takes counts too, unless `stolen` is false.
 */
export async function untilQuiet(seconds: number, stolen = true): Promise<boolean> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const [start, before] = [performance.now(), hostCpu()];
    await sleep(WINDOW_MILLISECONDS);
    const after = hostCpu();
    const busy = total(since(before, after)) + (stolen ? after.stolen - before.stolen : 0);
    if (busy / ((performance.now() - start) / 1000) < QUIET) return true;
    if (performance.now() > deadline) return false;
  }
}
