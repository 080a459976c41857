import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child, eventually } from './children.ts';

const PROGRAM = fileURLToPath(new URL('idle-time-program.ts', import.meta.url));

/** How busy a core has been up to a moment, in milliseconds. */
export interface Busy {
  readonly at: number;
  readonly busy: number;
}

/**
 * Knows how busy one core is, whoever is charged for it: what the kernel does in interrupts, receiving above all, is
 * charged to the process that happens to run, or to none. A program that runs when nothing else does tells how much of
 * the core was left.
 */
export class IdleTime {
  readonly #file: string;
  readonly #child: Child;

  private constructor(file: string, child: Child) {
    this.#file = file;
    this.#child = child;
  }

  static async start(core: number, directory: string): Promise<IdleTime> {
    const file = join(directory, 'idle-time');
    const command = ['chrt', '--idle', '0', process.execPath, PROGRAM, file];
    const idle = new IdleTime(file, new Child('idle time', command, { log: join(directory, 'idle-time.log'), core }));
    await eventually('a first look at the idle time', async () => idle.#child.pids.length > 0 && idle.#hasBegun());
    return idle;
  }

  now(): Busy {
    const [at, busy] = readFileSync(this.#file, 'utf8').trim().split(/ +/).map(Number);
    return { at: at!, busy: busy! };
  }

  stop(): Promise<void> {
    return this.#child.stop();
  }

  #hasBegun(): boolean {
    try {
      return this.now().busy >= 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }
}

/** Share of the core that was busy between two moments. */
export function share(before: Busy, after: Busy): number {
  return (after.busy - before.busy) / (after.at - before.at);
}
