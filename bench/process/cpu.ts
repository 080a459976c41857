import { readdirSync, readFileSync } from 'node:fs';

/** CPU time in seconds. */
export interface CpuTime {
  readonly user: number;
  readonly system: number;
}

/** USER_HZ: the unit of /proc's times; fixed at 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
/** So often at most, where processes end all the time. */
const MOST_LOOKS = 10;

/** CPU time that these processes have used so far, all their threads included (dead ones too), in steps of 10 ms. */
export function cpuOf(pids: readonly number[]): CpuTime {
  return pids.map((pid) => parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'))).reduce(add, ZERO);
}

/**
 * CPU time in seconds that all other processes than these and this one have used so far, with that of children that they
 * have waited for: what one that has ended meanwhile had used is with its parent. Interrupts are charged to whom they
 * interrupt, here as there, which no difference of the machine's and our own time could tell apart.
 */
export function othersCpu(ours: readonly number[]): number {
  const known = new Set([...ours, process.pid].map(String));
  // The parent of one that ends while this is read may have been read before: then it is in nobody's time, or in two.
  for (let looks = 1; ; looks++) {
    const others = processes().filter((pid) => !known.has(pid));
    const times = others.map(statOf);
    const left = new Set(processes());
    if (looks < MOST_LOOKS && others.some((pid) => !left.has(pid))) continue;
    return times.reduce((sum, time) => sum + total(time), 0);
  }
}

function processes(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

function statOf(pid: string): CpuTime {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'), true);
  } catch (error) {
    // It has ended since the directory was read.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return ZERO;
    throw error;
  }
}

/** Time that all cores together spent on processes, interrupts left out, since boot; `stolen` went to other machines. */
export function hostCpu(): CpuTime & { readonly stolen: number } {
  const line = readFileSync('/proc/stat', 'latin1').split('\n', 1)[0];
  const [user, nice, system, , , , , stolen] = line.trim().split(/\s+/).slice(1).map(Number);
  return {
    user: (user + nice) / TICKS_PER_SECOND,
    system: system / TICKS_PER_SECOND,
    stolen: stolen / TICKS_PER_SECOND,
  };
}

/** Reads one /proc/PID/stat. The name in it may hold spaces and brackets, so fields count from the last bracket. */
export function parseStat(stat: string, withChildren = false): CpuTime {
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  // Fields 14–17 of proc(5): utime, stime, cutime, cstime; `fields` begins with field 3.
  const [utime, stime, cutime, cstime] = fields.slice(11, 15);
  return {
    user: (withChildren ? utime + cutime : utime) / TICKS_PER_SECOND,
    system: (withChildren ? stime + cstime : stime) / TICKS_PER_SECOND,
  };
}

export function add(a: CpuTime, b: CpuTime): CpuTime {
  return { user: a.user + b.user, system: a.system + b.system };
}

export function since(before: CpuTime, after: CpuTime): CpuTime {
  return { user: after.user - before.user, system: after.system - before.system };
}

export function total(time: CpuTime): number {
  return time.user + time.system;
}

const ZERO: CpuTime = { user: 0, system: 0 };
