import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeFlagsOf } from '@evenkeel/cli/start/node-flags.ts';
import { type Client, createClient } from '@evenkeel/client/client.ts';
import { waitApplied } from '@evenkeel/client/wait.ts';
import { Child } from './process/children.ts';
import { freePorts } from './process/ports.ts';

/** A control plane and a node agent, each a process of its own as `npm start` has them. */
export interface Processes {
  /** The node agent: the process that carries traffic. */
  agentPids(): readonly number[];
  controlPids(): readonly number[];
  /** Resolves when both serve: the control plane its API, the agent its metrics. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

export interface Installation extends Processes {
  readonly client: Client;
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
/** The node agent's main file. */
export const AGENT = join(ROOT, 'packages', 'agent', 'src', 'main.ts');

/** Starts the control plane, and then the agent: on an empty home, the first makes what the second needs. */
export async function startInstallation(options: InstallationOptions): Promise<Installation> {
  const [port, metricsPort] = await freePorts(HOST, 2);
  const control = startControl(options, port!);
  await control.listening(HOST, port!);
  const agent = startAgent(options, port!, metricsPort!);
  const processes = together(control, port!, agent, metricsPort!);
  await processes.settled();
  const credential = join(options.directory, 'home', 'credentials', 'admin.json');
  const { token } = JSON.parse(readFileSync(credential, 'utf8')) as { token: string };
  return { ...processes, client: createClient({ url: `http://${HOST}:${port}`, token }) };
}

/** Starts both at the same moment on a home that was used before, and does not wait for them. */
export async function resumeInstallation(options: InstallationOptions): Promise<Processes> {
  const [port, metricsPort] = await freePorts(HOST, 2);
  const control = startControl(options, port!);
  return together(control, port!, startAgent(options, port!, metricsPort!), metricsPort!);
}

function startControl({ directory }: InstallationOptions, port: number): Child {
  const flags = ['--home', join(directory, 'home'), '--host', HOST, '--port', String(port)];
  const options = { log: join(directory, 'control.log'), core: null };
  return new Child('control plane', [process.execPath, ...nodeFlagsOf(CONTROL), CONTROL, ...flags], options);
}

function startAgent({ directory, workers, core }: InstallationOptions, port: number, metricsPort: number): Child {
  const flags = ['--home', join(directory, 'home'), '--control-url', `http://${HOST}:${port}`];
  const more = ['--metrics-port', String(metricsPort), '--workers', String(workers), '--reactor', 'uring'];
  const options = { log: join(directory, 'agent.log'), core };
  return new Child('node agent', [process.execPath, ...nodeFlagsOf(AGENT), AGENT, ...flags, ...more], options);
}

function together(control: Child, port: number, agent: Child, metricsPort: number): Processes {
  return {
    agentPids: () => agent.pids,
    controlPids: () => control.pids,
    async settled() {
      await control.listening(HOST, port);
      await agent.listening(HOST, metricsPort);
    },
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
