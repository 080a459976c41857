import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { nodeFlagsOf } from '@evenkeel/cli/start/node-flags.ts';

/** One process of the product: says in one line of JSON on standard output that it does its work. */
export class Program {
  readonly child: ChildProcess;
  /** Lines on standard error so far. */
  readonly log: string[] = [];
  readonly ready: Promise<Readonly<Record<string, unknown>>>;
  readonly #ended: Promise<unknown>;

  constructor(main: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    this.child = spawn(process.execPath, [...nodeFlagsOf(main), main, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    createInterface(this.child.stderr as NodeJS.ReadableStream).on('line', (line) => this.log.push(line));
    const ready = Promise.withResolvers<Readonly<Record<string, unknown>>>();
    createInterface(this.child.stdout as NodeJS.ReadableStream).on('line', (line) => {
      if (!line.startsWith('{')) return; // of an access log
      const said = JSON.parse(line) as Readonly<Record<string, unknown>>;
      if (said['event'] === 'ready') ready.resolve(said);
    });
    this.#ended = once(this.child, 'close').then(([code, signal]) =>
      ready.reject(new Error(`${main} ended with ${code ?? signal}: ${this.log.join('\n')}`)),
    );
    this.ready = ready.promise;
    this.ready.catch(() => undefined);
  }

  /** kill -9; resolves when it is gone. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#ended;
  }

  /** Resident memory of the process, in bytes. */
  get residentBytes(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }
}
