import { readFileSync } from 'node:fs';

/**
 * When a process began, in clock ticks since boot, or null when there is no such process (or it is a zombie). A process
 * id together with this names one process for good, where the id alone may have been given to another one since.
 */
export function startTimeOf(pid: number): number | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The second field is the name in brackets, which may contain anything; state is the 3rd field, start time the 22nd (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? null : Number(fields[22 - 3]);
}
