import { readdir, readFile } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface ProcessUsage {
  /** Of all threads, user and system. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly openDescriptors: number;
  readonly descriptorLimit: number;
  /** Unix seconds. */
  readonly startTime: number;
  /** The longest time since the last reading for which the main thread did not come back to its loop, in seconds. */
  readonly mainThreadDelay: number;
}

/** Milliseconds between two looks at the main thread's loop. */
const RESOLUTION = 20;

/** Reads what the operating system says of this process; 0 where it says nothing (no /proc). */
export class ProcessMeter {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION });
  readonly #startTime = Date.now() / 1000 - process.uptime();
  #limit: number | null = null;

  constructor() {
    this.#delay.enable();
  }

  async read(): Promise<ProcessUsage> {
    const cpu = process.cpuUsage();
    // The histogram holds the time between two looks, in nanoseconds.
    const mainThreadDelay = Math.max(0, this.#delay.max / 1e9 - RESOLUTION / 1000);
    this.#delay.reset();
    this.#limit ??= await descriptorLimit();
    return {
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
      residentBytes: process.memoryUsage.rss(),
      openDescriptors: await readdir('/proc/self/fd').then(
        (names) => names.length,
        () => 0,
      ),
      descriptorLimit: this.#limit,
      startTime: this.#startTime,
      mainThreadDelay,
    };
  }

  stop(): void {
    this.#delay.disable();
  }
}

async function descriptorLimit(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 0);
}
