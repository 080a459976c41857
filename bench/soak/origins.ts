import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { OriginOrder, OriginWord } from './origin-program.ts';

const PROGRAM = fileURLToPath(new URL('origin-program.ts', import.meta.url));

export interface OriginOptions {
  readonly name: string;
  /** Milliseconds after which it closes an idle connection. */
  readonly idle?: number;
  /** Milliseconds before each answer. */
  readonly delay?: number;
}

/** A backend in a process of its own, that may be killed and started again on its port. */
export class Origin {
  readonly options: OriginOptions;
  #process: ChildProcess;
  #port = 0;

  private constructor(options: OriginOptions) {
    this.options = options;
    this.#process = this.#spawn();
  }

  static async start(options: OriginOptions): Promise<Origin> {
    const origin = new Origin(options);
    await origin.#listening();
    return origin;
  }

  get port(): number {
    return this.#port;
  }

  /** Requests since it was started last. */
  async count(): Promise<number> {
    const answer = once(this.#process, 'message');
    this.#order('count');
    return ((await answer)[0] as { count: number }).count;
  }

  delay(milliseconds: number): void {
    this.#order({ delay: milliseconds });
  }

  /** Resolves when it is gone, without a word to anybody. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** As a deployment does it: what has begun is answered, then another process takes the port. */
  async restart(): Promise<void> {
    await this.#end('SIGTERM');
    this.#process = this.#spawn();
    await this.#listening();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #spawn(): ChildProcess {
    const { name, idle = 60_000, delay = 0 } = this.options;
    const args = ['--name', name, '--port', `${this.#port}`, '--idle', `${idle}`, '--delay', `${delay}`];
    return fork(PROGRAM, args, { execArgv: [] });
  }

  async #listening(): Promise<void> {
    const [word] = (await once(this.#process, 'message', { signal: AbortSignal.timeout(20_000) })) as [OriginWord];
    if ('port' in word) this.#port = word.port;
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill(signal);
    await ended;
  }

  #order(order: OriginOrder): void {
    this.#process.send(order);
  }
}

/** Several, called origin-1 and so on. */
export function startOrigins(count: number, options: Omit<OriginOptions, 'name'> = {}): Promise<Origin[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => Origin.start({ ...options, name: `origin-${i + 1}` })));
}
