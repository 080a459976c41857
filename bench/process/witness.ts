import { fileURLToPath } from 'node:url';
import { run } from './children.ts';

/** A stretch during which a core did nothing for this machine. Milliseconds since the kernel was started. */
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

/** Watches a core for so many seconds. As root, nothing of this machine but the kernel itself is taken for a pause. */
export async function witness(core: number, seconds: number): Promise<Witnessed> {
  const first = process.getuid?.() === 0 ? ['chrt', '--fifo', '1'] : [];
  return JSON.parse(await run([...first, process.execPath, PROGRAM, String(seconds)], { core })) as Witnessed;
}
