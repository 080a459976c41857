import { globSync, readFileSync } from 'node:fs';

/** Units of /proc/stat. */
const NANOSECONDS_PER_TICK = 10_000_000;

/**
 * Nanoseconds that these processes have run, all threads. That contains the network's work for others that the kernel
 * happened to do in their time, so nothing is to be added for it, nor to be subtracted.
 */
export function ranFor(processes: readonly number[]): number {
  let total = 0;
  for (const process of processes) {
    for (const path of globSync(`/proc/${process}/task/*/schedstat`)) {
      total += Number(readFileSync(path, 'utf8').split(' ', 1)[0]);
    }
  }
  return total;
}

/** Nanoseconds in which this CPU did anything at all. */
export function busyFor(cpu: number): number {
  const line = readFileSync('/proc/stat', 'utf8').match(new RegExp(`^cpu${cpu} (.*)$`, 'm'));
  if (line === null) throw new Error(`no CPU ${cpu}`);
  const [user, nice, system, , , irq, softirq] = line[1].split(' ').map(Number);
  return (user + nice + system + irq + softirq) * NANOSECONDS_PER_TICK;
}

/** The kernel's own thread for network work that nobody's time was there for. */
export function networkThread(cpu: number): number {
  for (const path of globSync('/proc/[0-9]*/comm')) {
    if (nameIn(path) === `ksoftirqd/${cpu}`) return Number(path.split('/')[2]);
  }
  throw new Error(`no ksoftirqd/${cpu}`);
}

/** Empty for a process that has ended meanwhile. */
function nameIn(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
