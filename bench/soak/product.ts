import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Client, createClient } from '@evenkeel/client/client.ts';
import { waitApplied } from '@evenkeel/client/wait.ts';
import { Child, eventually, run } from '../process/children.ts';
import { cpuOf, total } from '../process/cpu.ts';
import { residentBytes } from '../process/memory.ts';
import { freePorts } from '../process/ports.ts';
import { processTree } from '../process/tree.ts';
import type { Soak } from './soak.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/evenkeel.mjs', import.meta.url));
const AGENT = /packages\/agent\/src\/main\.ts/;
const CONTROL_PLANE = /packages\/control\/src\/main\.ts/;
const HOST = '127.0.0.1';

export interface ProductOptions extends Soak {
  readonly workers?: number;
}

export interface Usage {
  readonly residentBytes: number;
  /** Seconds of all processors. */
  readonly cpu: number;
}

/** Evenkeel as `npm start` runs it, on a home and addresses of its own. */
export class Product {
  readonly url: string;
  readonly token: string;
  readonly client: Client;
  readonly #child: Child;
  readonly #home: string;
  readonly #metricsPort: number;

  private constructor(child: Child, url: string, token: string, home: string, metricsPort: number) {
    this.#child = child;
    this.url = url;
    this.token = token;
    this.client = createClient({ url, token });
    this.#home = home;
    this.#metricsPort = metricsPort;
  }

  static async start({ directory, reactor, workers = 1 }: ProductOptions): Promise<Product> {
    const [port, metricsPort] = await freePorts(HOST, 2);
    const home = join(directory, 'home');
    const flags = ['--home', home, '--port', `${port}`, '--metrics-port', `${metricsPort}`, '--no-demo'];
    const more = ['--workers', `${workers}`, '--reactor', reactor];
    // Networks of its own: other installations may run on this machine.
    const [second, third] = createHash('sha256').update(directory).digest();
    const child = new Child('evenkeel', [process.execPath, PROGRAM, 'start', ...flags, ...more], {
      log: join(directory, 'evenkeel.log'),
      core: null,
      environment: {
        EVENKEEL_VIP_POOL: `127.${100 + (second % 50)}.${third}.0/24`,
        EVENKEEL_ELASTIC_IP_POOL: `127.${160 + (second % 50)}.${third}.0/24`,
      },
    });
    await child.listening(HOST, port);
    await child.listening(HOST, metricsPort);
    const { token } = JSON.parse(readFileSync(join(home, 'credentials', 'admin.json'), 'utf8')) as { token: string };
    return new Product(child, `http://${HOST}:${port}`, token, home, metricsPort);
  }

  /** The processes that carry traffic: one, or two while one takes over from another. */
  agents(): number[] {
    return this.#child.pids.filter((pid) => AGENT.test(commandLine(pid)));
  }

  /** What each of its processes has and has used by now. */
  usage(): Readonly<Record<'node agent' | 'control plane', Usage>> {
    const control = this.#child.pids.filter((pid) => CONTROL_PLANE.test(commandLine(pid)));
    return { 'node agent': usageOf(this.agents()), 'control plane': usageOf(control) };
  }

  /** Waits until the node runs what a write has changed; throws when it refuses a listener. */
  async applied({ operationId }: { readonly operationId: string }): Promise<void> {
    const operation = await waitApplied(this.client, operationId, { timeout: 30_000 });
    if (operation.status !== 'applied') throw new Error(`not applied: ${JSON.stringify(operation)}`);
  }

  /** Waits until so many targets are healthy. */
  async healthy(count: number): Promise<void> {
    await eventually(`${count} healthy targets`, async () => {
      const { items } = await this.client.listTargetHealth({ query: { state: 'healthy', limit: 500 } });
      return items.length >= count;
    });
  }

  /** Values of the node's metrics that begin with `name`, added up; `label`: of those alone that have it. */
  async metric(name: string, label = ''): Promise<number> {
    const values = await this.#metricLines(name, label);
    return values.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** The label by which metrics name the target on this port. */
  async targetLabel(port: number): Promise<string> {
    const [line = ''] = await this.#metricLines('evenkeel_target_info', `port="${port}"`);
    const [label] = /target="[^"]+"/.exec(line) ?? [];
    if (label === undefined) throw new Error(`the node has no target on port ${port}`);
    return label;
  }

  async #metricLines(name: string, label: string): Promise<string[]> {
    const text = await (await fetch(`http://${HOST}:${this.#metricsPort}/metrics`)).text();
    return text.split('\n').filter((line) => line.startsWith(name) && line.includes(label));
  }

  /** Goes on in a new process, as an operator does it. */
  async upgrade(drainSeconds: number): Promise<string> {
    const flags = ['--home', this.#home, '--drain-timeout', `${drainSeconds}`];
    return await run([process.execPath, PROGRAM, 'upgrade', ...flags], { core: null });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stop();
  }
}

function usageOf(pids: readonly number[]): Usage {
  return { residentBytes: residentBytes(pids), cpu: total(cpuOf(pids)) };
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** Whether a process and all that it has started are gone. */
export function isGone(pid: number): boolean {
  return commandLine(pid) === '' || processTree(pid).length === 0;
}
