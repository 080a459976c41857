import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../src/start/home.ts';
import { startTimeOf } from '../src/start/process-time.ts';
import { type Running, readRunning } from '../src/start/running.ts';

/** How long anything in these tests may take; far above what it does take. */
const PATIENCE = 60_000;
const POLL = 10;

/** Load balancers of different homes get different addresses, and those of one home the same in each of its runs. */
function vipPoolOf(home: string): string {
  const [second, third] = createHash('sha256').update(home).digest();
  return `127.${100 + (second % 128)}.${third}.0/24`;
}

/** A home of its own for a test. Whatever still runs on it at the end is killed. */
export function temporaryHome(t: TestContext): string {
  const home = mkdtempSync(join(tmpdir(), 'evenkeel-home-'));
  t.after(async () => {
    const running = runningOn(home);
    const pids = running === null ? [] : [running.pid, ...running.processes.map(({ pid }) => pid)];
    for (const pid of pids.filter((id) => startTimeOf(id) !== null)) process.kill(pid, 'SIGKILL');
    await until('everything has ended', () => pids.every((pid) => startTimeOf(pid) === null));
    rmSync(home, { recursive: true, force: true });
  });
  return home;
}

/** `evenkeel start` on free ports, as a process, with what it prints. */
export class Evenkeel {
  readonly home: string;
  readonly child: ChildProcess;
  readonly #exit: Promise<unknown[]>;
  stdout = '';
  stderr = '';

  constructor(
    home: string,
    args: readonly string[] = [],
    options: { uid?: number; environment?: Readonly<Record<string, string>>; root?: string } = {},
  ) {
    this.home = home;
    const ports = ['--port', '0', '--metrics-port', '0'].filter(
      (_, i) => !args.includes(i < 2 ? '--port' : '--metrics-port') && !(i < 2 && args.includes('--join')),
    );
    this.child = spawn(
      process.execPath,
      [join(options.root ?? ROOT, 'bin', 'evenkeel.mjs'), 'start', '--home', home, '--workers', '1', ...ports, ...args],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        ...(options.uid && { uid: options.uid, gid: options.uid }),
        env: { ...process.env, EVENKEEL_VIP_POOL: vipPoolOf(home), ...options.environment },
      },
    );
    this.#exit = once(this.child, 'close');
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
  }

  /** Waits for words on standard output; fails with everything it has said when it ends before. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    let found: RegExpExecArray | null = null;
    await until(
      `it says ${pattern}`,
      () => {
        found = pattern.exec(this.stdout);
        if (found === null && this.child.exitCode !== null)
          throw new Error(`it has ended\n${this.stdout}${this.stderr}`);
        return found !== null;
      },
      () => this.stdout + this.stderr,
    );
    return found as unknown as RegExpExecArray;
  }

  async ready(): Promise<Running> {
    await this.says(/^Ready in/m);
    return runningOn(this.home) as Running;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Resolves with its exit code, or the name of the signal that ended it. */
  async ended(): Promise<number | string> {
    const timer = setTimeout(() => this.child.kill('SIGKILL'), PATIENCE);
    const [code, signal] = await this.#exit;
    clearTimeout(timer);
    return (code ?? signal) as number | string;
  }
}

export function runningOn(home: string): Running | null {
  return readRunning(join(home, 'run', 'running.json'));
}

/** The process id of one of the processes on a home; null while there is none. */
export function pidOf(home: string, name: string): number | null {
  return runningOn(home)?.processes.find((mark) => mark.name === name)?.pid ?? null;
}

export async function until(what: string, holds: () => boolean | Promise<boolean>, explain = () => ''): Promise<void> {
  for (const deadline = performance.now() + PATIENCE; !(await holds()); await sleep(POLL)) {
    if (performance.now() >= deadline) throw new Error(`not in ${PATIENCE / 1000} s: ${what}\n${explain()}`);
  }
}

export interface Answer {
  readonly status: number;
  readonly origin: string | null;
  readonly body: string;
}

/** One request on a connection of its own; null when there was no answer. */
export async function ask(url: string, init: RequestInit = {}): Promise<Answer | null> {
  try {
    const response = await fetch(url, { ...init, headers: { ...init.headers, connection: 'close' } });
    return { status: response.status, origin: response.headers.get('x-origin'), body: await response.text() };
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

export function adminToken(home: string): string {
  return (JSON.parse(readFileSync(join(home, 'credentials', 'admin.json'), 'utf8')) as { token: string }).token;
}
