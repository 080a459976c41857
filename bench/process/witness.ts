import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run } from './children.ts';

/** A stretch during which a core did nothing for what is measured. Milliseconds since the kernel was started. */
export interface Pause {
  readonly at: number;
  readonly length: number;
}

/** What was seen of one core, and when somebody looked. */
export interface Witnessed {
  readonly begin: number;
  readonly end: number;
  readonly pauses: readonly Pause[];
}

const PROGRAM = fileURLToPath(new URL('witness-program.ts', import.meta.url));

/**
 * Threads of the kernel that look after the memory of the whole machine, whoever uses it: one of them may take a core for
 * milliseconds, twice a second.
 */
const HOUSEKEEPERS = /^(kdamond|kcompactd|kswapd|ksmd)/;

/**
 * Watches a core for so many seconds, and those processes. As root, nothing of this machine but the kernel itself keeps
 * the witness from noticing what becomes of the core.
 */
export async function witness(core: number, seconds: number, watched: readonly number[]): Promise<Witnessed> {
  const first = process.getuid?.() === 0 ? ['chrt', '--fifo', '1'] : [];
  const command = [...first, process.execPath, PROGRAM, String(seconds), ...watched.map(String)];
  return JSON.parse(await run(command, { core })) as Witnessed;
}

/** Who keeps house here, where the kernel tells how long each has run. */
export function housekeepers(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => HOUSEKEEPERS.test(read(`/proc/${pid}/comm`)) && read(`/proc/${pid}/schedstat`) !== '');
}

/** Empty when the process has ended meanwhile, or the kernel does not tell. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
