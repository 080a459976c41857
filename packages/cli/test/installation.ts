import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cli, type Ran, type Surroundings } from './run.ts';

export const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts');
/** Milliseconds until an installation must run, and must have ended. */
const PATIENCE = 60_000;

/** A whole Evenkeel, started by `evenkeel start` on a home of its own. */
export class Installation {
  readonly home: string;
  readonly #process: ChildProcess;

  private constructor(home: string, process: ChildProcess) {
    this.home = home;
    this.#process = process;
  }

  static async start(): Promise<Installation> {
    const home = mkdtempSync(join(tmpdir(), 'evenkeel-cli-'));
    // A network of its own, so that tests that run at the same time do not share addresses.
    const block = process.pid % 256;
    const env = {
      ...process.env,
      EVENKEEL_VIP_POOL: `127.101.${block}.0/24`,
      EVENKEEL_ELASTIC_IP_POOL: `127.102.${block}.0/24`,
    };
    const flags = ['--no-demo', '--port', '0', '--metrics-port', '0', '--workers', '1', '--reactor', 'portable'];
    const child = spawn(process.execPath, [MAIN, 'start', '--home', home, '--drain-timeout', '1', ...flags], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const installation = new Installation(home, child);
    try {
      await ready(child);
    } catch (error) {
      await installation[Symbol.asyncDispose]();
      throw error;
    }
    return installation;
  }

  /** Runs a command line against it. */
  run(words: readonly string[], around: Surroundings = {}): Promise<Ran> {
    return cli(words, { ...around, env: { EVENKEEL_HOME: this.home, ...around.env } });
  }

  /** The same for one that has to go well without a complaint. Resolves with what it prints. */
  async succeed(words: readonly string[]): Promise<string> {
    const { out, err, exitCode } = await this.run(words);
    assert.deepEqual([exitCode, err], [0, ''], words.join(' '));
    return out;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#process.kill('SIGTERM');
      await once(this.#process, 'exit', { signal: AbortSignal.timeout(PATIENCE) });
    }
    rmSync(this.home, { recursive: true });
  }
}

async function ready(child: ChildProcess): Promise<void> {
  let said = '';
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (/^Ready in /m.test(said)) resolve();
    });
  }
  child.once('exit', (code) => reject(new Error(`evenkeel start ended with ${code}:\n${said}`)));
  const timer = setTimeout(() => reject(new Error(`evenkeel start is not ready:\n${said}`)), PATIENCE);
  await promise.finally(() => clearTimeout(timer));
}
