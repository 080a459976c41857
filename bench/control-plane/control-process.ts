import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { nodeFlagsOf } from '@evenkeel/cli/start/node-flags.ts';
import { POOLS } from './large-state.ts';

const MAIN = fileURLToPath(new URL('../../packages/control/src/main.ts', import.meta.url));

/** A control plane alone, as a process, with connections that are kept. */
export class ControlProcess {
  /** Seconds from its start until it answers. */
  readonly started: number;
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #token: string;
  readonly #agent = new Agent({ keepAlive: true });

  static async start(
    home: string,
    environment: Readonly<Record<string, string>> = {},
    flags: readonly string[] = [],
  ): Promise<ControlProcess> {
    const pools = ['--vip-pool', POOLS.vip.cidr, '--elastic-ip-pool', POOLS.elasticIp.cidr];
    const begin = performance.now();
    const child = spawn(
      process.execPath,
      [...nodeFlagsOf(MAIN), MAIN, '--home', home, '--port', '0', '--log-level', 'error', ...pools, ...flags],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, ...environment },
      },
    );
    const lines = createInterface(child.stdout!);
    const first = await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => null)]);
    if (first === null) throw new Error('the control plane did not start');
    const { url } = JSON.parse(String(first[0])) as { url: string };
    return new ControlProcess(child, url, home, (performance.now() - begin) / 1_000);
  }

  private constructor(child: ChildProcess, url: string, home: string, started: number) {
    this.#process = child;
    this.url = url;
    this.started = started;
    this.#token = tokenIn(home, 'admin');
  }

  /** The body of an answer; throws when it is not one of success. */
  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const headers = {
      authorization: `Bearer ${this.#token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const asked = request(this.url + path, { method, headers, agent: this.#agent });
    asked.end(body === undefined ? undefined : JSON.stringify(body));
    const [answer] = (await once(asked, 'response')) as [import('node:http').IncomingMessage];
    const told = await text(answer);
    if (answer.statusCode! >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${told.slice(0, 500)}`);
    return JSON.parse(told) as T;
  }

  /** Resident memory in MiB: now, and the most that it has been. */
  memory(): { readonly now: number; readonly peak: number } {
    const status = readFileSync(`/proc/${this.#process.pid}/status`, 'utf8');
    const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)![1]) / 1_024;
    return { now: field('VmRSS'), peak: field('VmHWM') };
  }

  /** kill -9, or SIGTERM; resolves when it is gone. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#agent.destroy();
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill(signal);
    await once(this.#process, 'exit');
  }
}

export function tokenIn(home: string, name: 'admin' | 'node'): string {
  return (JSON.parse(readFileSync(join(home, 'credentials', `${name}.json`), 'utf8')) as { token: string }).token;
}
