import { readFileSync } from 'node:fs';

/** Descriptors that this process may have open (RLIMIT_NOFILE, which Node has raised as far as it may); 0: not known. */
export function descriptorLimit(): number {
  try {
    const limit = Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1]);
    return Number.isSafeInteger(limit) ? limit : 0;
  } catch {
    return 0;
  }
}
