import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Kind, Order } from './program.ts';
import type { Reports } from './tally.ts';

/** A crowd of clients in a process of its own, so that what it measures does not wait for who asks for it. */
export class Crowd {
  readonly #process: ChildProcess;

  /** They begin at once, each with its own first pause. */
  constructor(kinds: readonly Kind[]) {
    this.#process = fork(join(import.meta.dirname, 'program.ts'), { execArgv: [] });
    this.#order({ order: 'play', kinds });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Ends a phase and begins the next one; what became of everybody in it. */
  phase(): Promise<Reports> {
    return this.#ask({ order: 'phase' });
  }

  /** Ends the last phase, and the crowd. */
  stop(): Promise<Reports> {
    return this.#ask({ order: 'stop' });
  }

  /** Whatever is left of it. */
  kill(): void {
    this.#process.kill('SIGKILL');
  }

  async #ask(order: Order): Promise<Reports> {
    const answer = once(this.#process, 'message', { signal: AbortSignal.timeout(30_000) });
    this.#order(order);
    return ((await answer) as [Reports])[0];
  }

  #order(order: Order): void {
    this.#process.send(order);
  }
}
