import { readFileSync } from 'node:fs';

/** Resident memory of these processes together, in bytes; pages that several of them share count once for each. */
export function residentBytes(pids: readonly number[]): number {
  return pids.map((pid) => parseResident(readFileSync(`/proc/${pid}/status`, 'latin1'))).reduce((a, b) => a + b, 0);
}

export function parseResident(status: string): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(status);
  if (match === null) throw new Error('the process has no VmRSS: it has ended');
  return Number(match[1]) * 1024;
}
