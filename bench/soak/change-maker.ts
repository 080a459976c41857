import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { ChangeOrder, ChangeWord } from './change-program.ts';

const PROGRAM = fileURLToPath(new URL('change-program.ts', import.meta.url));
/** It stands back behind clients, origins and the product: in an installation, who asks for changes is elsewhere. */
const NICENESS = 10;
const PATIENCE = 60_000;

/** Changes that another process makes, one by one. */
export class ChangeMaker {
  readonly #process: ChildProcess;
  #made: Readonly<Record<string, number>> = {};

  private constructor() {
    this.#process = fork(PROGRAM, { execArgv: [] });
    if (this.#process.pid !== undefined) setPriority(this.#process.pid, NICENESS);
  }

  /** Resolves when the first change can be made. */
  static async begin(order: Omit<Extract<ChangeOrder, { order: 'begin' }>, 'order'>): Promise<ChangeMaker> {
    const maker = new ChangeMaker();
    await maker.#carryOut({ order: 'begin', ...order });
    return maker;
  }

  /** How many there were of each kind. */
  get made(): Readonly<Record<string, number>> {
    return this.#made;
  }

  /** Resolves when the node runs another change; rejects when it does not. */
  async next(): Promise<void> {
    await this.#carryOut({ order: 'next' });
  }

  [Symbol.dispose](): void {
    this.#process.kill('SIGKILL');
  }

  async #carryOut(order: ChangeOrder): Promise<void> {
    const answer = once(this.#process, 'message', { signal: AbortSignal.timeout(PATIENCE) });
    this.#process.send(order);
    const [word] = (await answer) as [ChangeWord];
    if ('failed' in word) throw new Error(`a change failed: ${word.failed}`);
    this.#made = word.made;
  }
}
