import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export interface WrkResult {
  readonly requests: number;
  /** Answers other than 200; failed connects, reads and writes; answers that did not come in time. */
  readonly failures: Readonly<Record<'unexpected' | 'connect' | 'read' | 'write' | 'timeout', number>>;
}

/** More seconds than any test takes; wrk ends when it is told to. */
const LONGEST = 120;
const THINK = 4;

/** wrk with keep-alive connections against one URL, until it is stopped. */
export class Wrk {
  readonly #child: ChildProcess;
  readonly #output: Promise<string>;

  constructor(url: string, connections: number) {
    const script = join(import.meta.dirname, 'wrk.lua');
    const args = ['-t1', `-c${connections}`, `-d${LONGEST}s`, '--timeout', '10s', '-s', script, url];
    this.#child = spawn('wrk', args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, WRK_THINK: String(THINK) },
    });
    this.#output = text(this.#child.stdout as NodeJS.ReadableStream);
  }

  async stop(): Promise<WrkResult> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGINT');
    await ended;
    const output = await this.#output;
    const result = /^result (\{.*\})$/m.exec(output);
    if (result === null) throw new Error(`wrk gave no result: ${output}`);
    const { requests, ...failures } = JSON.parse(result[1]) as { requests: number } & WrkResult['failures'];
    return { requests, failures };
  }

  /** Whatever is left of it. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

export const NO_FAILURE: WrkResult['failures'] = { unexpected: 0, connect: 0, read: 0, write: 0, timeout: 0 };
