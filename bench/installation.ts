import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Client, createClient } from '@evenkeel/client/client.ts';
import { waitApplied } from '@evenkeel/client/wait.ts';
import { Child } from './process/children.ts';
import { freePorts } from './process/ports.ts';

/** A control plane and a node agent, started as two processes as `npm start` does. */
export interface Installation {
  readonly client: Client;
  /** The node agent: the process that carries traffic. */
  agentPids(): readonly number[];
  stop(): Promise<void>;
}

export interface InstallationOptions {
  /** Gets the home and the logs. */
  readonly directory: string;
  readonly workers: number;
  /** The agent's core; null: any. The control plane is never bound to one. */
  readonly core: number | null;
}

const HOST = '127.0.0.1';
const ROOT = fileURLToPath(new URL('../', import.meta.url));
const CONTROL = join(ROOT, 'packages', 'control', 'src', 'main.ts');
const AGENT = join(ROOT, 'packages', 'agent', 'src', 'main.ts');

export async function startInstallation(options: InstallationOptions): Promise<Installation> {
  const { directory, workers, core } = options;
  const home = join(directory, 'home');
  const [port, metricsPort] = await freePorts(HOST, 2);
  const url = `http://${HOST}:${port}`;
  const control = new Child(
    'control plane',
    [process.execPath, CONTROL, '--home', home, '--host', HOST, '--port', String(port)],
    { log: join(directory, 'control.log'), core: null },
  );
  await control.listening(HOST, port);
  const agentFlags = ['--metrics-port', String(metricsPort), '--workers', String(workers), '--reactor', 'uring'];
  const agent = new Child(
    'node agent',
    [process.execPath, AGENT, '--home', home, '--control-url', url, ...agentFlags],
    {
      log: join(directory, 'agent.log'),
      core,
    },
  );
  await agent.listening(HOST, metricsPort);
  const { token } = JSON.parse(readFileSync(join(home, 'credentials', 'admin.json'), 'utf8')) as { token: string };
  return {
    client: createClient({ url, token }),
    agentPids: () => agent.pids,
    async stop() {
      await agent.stop();
      await control.stop();
    },
  };
}

/** Waits until the node runs what a write has changed; throws when it refuses a listener or takes too long. */
export async function applied(client: Client, operationId: string): Promise<void> {
  const operation = await waitApplied(client, operationId, { timeout: 30_000 });
  if (operation.status !== 'applied' || operation.nodes.length === 0) {
    throw new Error(`the node has not applied the change: ${JSON.stringify(operation)}`);
  }
}
