import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { processTree } from './tree.ts';

const READY_MILLISECONDS = 20_000;
const STOP_MILLISECONDS = 5_000;
const LOG_TAIL = 2_000;

export interface ChildOptions {
  /** Where its standard output and error go. */
  readonly log: string;
  /** Where standard output goes, when not to `log`. */
  readonly output?: string;
  /** The core to run on; null: any. */
  readonly core: number | null;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A long-running program of the benchmark; it is stopped at the latest when the benchmark ends, however that is. */
export class Child {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #log: string;
  readonly #ended: Promise<unknown>;

  constructor(name: string, command: readonly string[], options: ChildOptions) {
    this.name = name;
    this.#log = options.log;
    const [program, ...args] = onCore(command, options.core);
    const log = openSync(options.log, 'a');
    const output = options.output === undefined ? log : openSync(options.output, 'a');
    this.#process = spawn(program, args, {
      stdio: ['ignore', output, log],
      env: { ...process.env, ...options.environment },
    });
    closeSync(log);
    if (output !== log) closeSync(output);
    this.#ended = new Promise((resolve) => {
      this.#process.once('exit', resolve);
      this.#process.once('error', resolve);
    });
    running.add(this);
  }

  /** The process and all that it has started. Throws when it has ended. */
  get pids(): number[] {
    this.assertRunning();
    return processTree(this.#process.pid as number);
  }

  assertRunning(): void {
    if (this.#process.pid !== undefined && this.#process.exitCode === null && this.#process.signalCode === null) return;
    throw new Error(`${this.name} has ended; its last words: ${readFileSync(this.#log, 'utf8').slice(-LOG_TAIL)}`);
  }

  /** Resolves when something listens on the address; throws when the program ends first or takes too long. */
  async listening(address: string, port: number): Promise<void> {
    await eventually(`${this.name} to listen on ${address}:${port}`, async () => {
      this.assertRunning();
      return canConnect(address, port);
    });
  }

  async stop(): Promise<void> {
    running.delete(this);
    if (this.#process.pid === undefined) return;
    const killer = setTimeout(() => this.killNow(), STOP_MILLISECONDS);
    this.#process.kill('SIGTERM');
    await this.#ended;
    clearTimeout(killer);
  }

  /** The way out when there is no time left: kills the whole tree at once. */
  killNow(): void {
    if (this.#process.pid === undefined || this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    for (const pid of processTree(this.#process.pid)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
  }
}

const running = new Set<Child>();

/** Runs a program to its end and gives its standard output; throws with its standard error when it fails. */
export async function run(command: readonly string[], options: Omit<ChildOptions, 'log'>): Promise<string> {
  const [program, ...args] = onCore(command, options.core);
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.environment },
  });
  shortLived.add(child);
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  shortLived.delete(child);
  if (code === 0) return Buffer.concat(output).toString();
  throw new Error(
    `${command.join(' ')} failed (${signal ?? code}): ${Buffer.concat(errors).toString().slice(-LOG_TAIL)}`,
  );
}

const shortLived = new Set<ChildProcess>();

/** Kills every program that still runs. */
export function killAll(): void {
  for (const child of running) child.killNow();
  for (const child of shortLived) child.kill('SIGKILL');
}

/** Asks again and again until the condition holds; throws, naming what was waited for, when that takes too long. */
export async function eventually(
  what: string,
  condition: () => Promise<boolean>,
  pause = 20,
  limit = READY_MILLISECONDS,
): Promise<void> {
  const deadline = performance.now() + limit;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited ${limit / 1000} s for ${what}`);
    await sleep(pause);
  }
}

function canConnect(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function onCore(command: readonly string[], core: number | null): readonly string[] {
  return core === null ? command : ['taskset', '-c', String(core), ...command];
}
