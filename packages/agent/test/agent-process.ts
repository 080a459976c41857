import assert from 'node:assert/strict';
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts');

export interface Said {
  readonly event: 'ready' | 'waiting';
  readonly node: string;
  readonly reactor: string;
  readonly reason: string;
  readonly workers: number;
  readonly metricsUrl: string;
  /** With `waiting`. */
  readonly waitsFor?: string;
}

/** A node agent as a process of its own. */
export class AgentProcess {
  readonly child: ChildProcess;
  /** Lines on standard error so far. */
  readonly lines: string[] = [];
  readonly ready: Promise<Said>;
  /** What it says when it has no plan. */
  readonly waiting: Promise<Said>;
  /** The exit code, or the signal's name. */
  readonly ended: Promise<number | string>;

  /** `inherited`: what it has from descriptor 3 on. */
  constructor(
    home: string,
    flags: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    inherited: readonly ('ignore' | 'pipe')[] = [],
  ) {
    const args = [MAIN, '--home', home, '--metrics-port', '0', '--workers', '1', '--node-name', 'node-1', ...flags];
    const env = { ...process.env, ...environment };
    const stdio: StdioOptions = ['pipe', 'pipe', 'pipe', ...inherited];
    this.child = spawn(process.execPath, args, { stdio, env });
    this.child.stdin?.on('error', () => undefined);
    createInterface(this.child.stderr as NodeJS.ReadableStream).on('line', (line) => this.lines.push(line));
    const ready = Promise.withResolvers<Said>();
    const waiting = Promise.withResolvers<Said>();
    createInterface(this.child.stdout as NodeJS.ReadableStream).on('line', (line) => {
      const said = JSON.parse(line) as Said;
      (said.event === 'ready' ? ready : waiting).resolve(said);
    });
    this.ended = once(this.child, 'close').then(([code, signal]) => code ?? signal);
    void this.ended.then((how) => {
      for (const one of [ready, waiting]) one.reject(new Error(`ended with ${how}: ${this.lines.join('\n')}`));
    });
    this.ready = ready.promise;
    this.waiting = waiting.promise;
    // A test that expects the end does not ask for readiness.
    for (const one of [this.ready, this.waiting]) one.catch(() => undefined);
  }

  /** Gone without a word. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** Fails with what it has said when it ends otherwise: an abort, say, tells where it was on standard error alone. */
  async endsWith(how: number | string): Promise<void> {
    const ended = await this.ended;
    assert.ok(ended === how, `it ended with ${ended} and not ${how}:\n${this.lines.join('\n')}`);
  }
}

/** Gives the home the credential that the fake control plane accepts. */
export function writeToken(home: string): void {
  mkdirSync(join(home, 'credentials'), { recursive: true });
  writeFileSync(join(home, 'credentials', 'node.json'), '{"token":"secret"}');
}
