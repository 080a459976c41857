import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '@evenkeel/client/client.ts';
import { waitApplied } from '@evenkeel/client/wait.ts';
import { Program } from './program.ts';

const PACKAGES = join(import.meta.dirname, '..', '..', 'packages');

export interface InstallationOptions {
  readonly reactor?: 'auto' | 'uring' | 'portable';
  readonly workers?: number;
  readonly agentEnvironment?: Readonly<Record<string, string>>;
}

/** A control plane and a node agent, as two processes on a home of their own, that a test may kill and start again. */
export class Installation {
  readonly home = mkdtempSync(join(tmpdir(), 'evenkeel-test-'));
  readonly #options: InstallationOptions;
  readonly #pools: Readonly<Record<string, string>>;
  #control: Program | null = null;
  #agent: Program | null = null;
  #url = '';
  #client: Client | null = null;

  private constructor(options: InstallationOptions) {
    this.#options = options;
    // Networks of its own, so that tests that run at the same time do not share addresses.
    const [second, third] = createHash('sha256').update(this.home).digest();
    this.#pools = {
      EVENKEEL_VIP_POOL: `127.${10 + (second % 16)}.${third}.0/24`,
      EVENKEEL_ELASTIC_IP_POOL: `127.${30 + (second % 16)}.${third}.0/24`,
    };
  }

  static async start(options: InstallationOptions = {}): Promise<Installation> {
    const installation = new Installation(options);
    try {
      await installation.startControl();
      await installation.startAgent();
    } catch (error) {
      await installation[Symbol.asyncDispose]();
      throw error;
    }
    return installation;
  }

  get client(): Client {
    if (this.#client === null) throw new Error('the control plane has not run yet');
    return this.#client;
  }

  get control(): Program {
    if (this.#control === null) throw new Error('the control plane has not run yet');
    return this.#control;
  }

  get agent(): Program {
    if (this.#agent === null) throw new Error('the node agent has not run yet');
    return this.#agent;
  }

  /** Resolves when the API answers; on the port that it had before, if any. */
  async startControl(): Promise<void> {
    const port = this.#url === '' ? '0' : new URL(this.#url).port;
    const main = join(PACKAGES, 'control', 'src', 'main.ts');
    this.#control = new Program(main, ['--home', this.home, '--port', port, '--log-level', 'warn'], this.#pools);
    this.#url = String((await this.#control.ready)['url']);
    const credential = readFileSync(join(this.home, 'credentials', 'admin.json'), 'utf8');
    this.#client = createClient({ url: this.#url, token: (JSON.parse(credential) as { token: string }).token });
  }

  /** Resolves when the node serves. */
  async startAgent(): Promise<void> {
    const { reactor = 'auto', workers = 1, agentEnvironment = {} } = this.#options;
    const flags = ['--control-url', this.#url, '--metrics-port', '0', '--drain-timeout', '1'];
    this.#agent = new Program(
      join(PACKAGES, 'agent', 'src', 'main.ts'),
      ['--home', this.home, ...flags, '--workers', String(workers), '--reactor', reactor],
      agentEnvironment,
    );
    await this.#agent.ready;
  }

  /** What the node's /metrics says: values by name with labels. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const text = await (await fetch(String((await this.agent.ready)['metricsUrl']))).text();
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(
      lines.map((line) => {
        const end = line.lastIndexOf(' ');
        return [line.slice(0, end), Number(line.slice(end + 1))] as const;
      }),
    );
  }

  /** Waits until the node runs what the write has changed. Throws when it refuses a listener. */
  async applied({ operationId }: { readonly operationId: string }): Promise<void> {
    const operation = await waitApplied(this.client, operationId, { timeout: 30_000 });
    if (operation.status !== 'applied') throw new Error(`not applied: ${JSON.stringify(operation)}`);
  }

  /** What the access log and the agent have to say about requests that were not answered with 200. */
  async logOfFailures(): Promise<string> {
    const log = await readFile(join(this.home, 'logs', 'access.log'), 'utf8');
    const failed = log.split('\n').filter((line) => line !== '' && !line.includes('"status":200'));
    return [...failed.slice(0, 20), ...this.agent.log.slice(-20)].join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#agent?.kill(), this.#control?.kill()]);
    rmSync(this.home, { recursive: true, force: true });
  }
}
