import { existsSync } from 'node:fs';
import { ControlSocket, type UpgradeRequest } from './control-socket.ts';
import { DemoRunner } from './demo-runner.ts';
import { StartFailure } from './failure.ts';
import { Fleet } from './fleet.ts';
import { handOver } from './hand-over.ts';
import { apiSocket, checkAgentMetrics, type HeldSocket, metricsSocket } from './held-socket.ts';
import { prepareHome } from './home.ts';
import { clearLeftovers } from './leftovers.ts';
import { FileLock } from './lock.ts';
import type { StartOptions } from './options.ts';
import { agentSpec, controlSpec, lifelineOf, Ports, SCRIPTS, scriptsOf } from './processes.ts';
import { readRunning, removeRunning } from './running.ts';
import { nodeScreen, readyScreen } from './screen.ts';
import { openSocketQueue, type SocketQueue } from './socket-queue.ts';
import { StateCopy } from './state-copy.ts';
import type { ProcessSpec, ReadyEvent, SupervisedProcess } from './supervised-process.ts';
import { Traces } from './traces.ts';

/** Milliseconds that a process has to end in order; the agent's come on top of what it lets requests take. */
const PATIENCE = { agent: 5_000, control: 12_000 };

/** Milliseconds that a node agent has to get and run its first plan, once the control plane is there, before that is said. */
const FIRST_PLAN = 10_000;

/**
 * Runs control plane, node agent and the demo's servers as processes of their own on one home, and keeps them running;
 * the node agent alone where it is a node of another control plane.
 * `start`, then `stop`; `force` ends all at once at any time.
 */
export class Supervisor {
  readonly #options: StartOptions;
  readonly #say: (line: string) => void;
  readonly #ports: Ports;
  readonly #apiSocket: HeldSocket;
  /** All that are held for the control plane. */
  readonly #held: readonly HeldSocket[];
  readonly #fleet: Fleet;
  readonly #originScript: string;
  readonly #agentScript: string;
  /** null: it is elsewhere. */
  #control: SupervisedProcess | null = null;
  /** What `#control` runs. */
  #controlSpec: ProcessSpec;
  #agent: SupervisedProcess | null = null;
  /** Agents in whose place another one serves, while they end what they have. */
  readonly #retiring = new Set<SupervisedProcess>();
  #sockets: SocketQueue | null = null;
  #socket: ControlSocket | null = null;
  #upgrading = false;
  #demo: DemoRunner | null = null;
  #lock: FileLock | null = null;
  /** Of a start that has failed. */
  #traces: Traces | null = null;
  #url = '';
  /** Of the API's certificate; null: it has none. */
  #fingerprint: string | null = null;
  #stopping: Promise<void> | null = null;

  constructor(options: StartOptions, say: (line: string) => void, scripts = SCRIPTS) {
    this.#options = options;
    this.#say = say;
    this.#originScript = scripts.origin;
    this.#ports = new Ports(options.port, options.metricsPort);
    this.#apiSocket = apiSocket(options.host, options.port);
    const { controlMetrics } = options;
    this.#held = [this.#apiSocket, ...(controlMetrics === null ? [] : [metricsSocket(controlMetrics)])];
    this.#fleet = new Fleet(options.home.logs, options.home.record, say);
    this.#controlSpec = controlSpec({ script: scripts.control }, options, this.#ports, this.#held);
    if (options.joins === null) this.#control = this.#fleet.add(this.#controlSpec, 'control');
    this.#agentScript = scripts.agent;
  }

  /** Resolves when everything runs and the screen is printed. Throws a StartFailure after ending what it had begun. */
  async start(): Promise<void> {
    const started = performance.now();
    const { home } = this.#options;
    const traces = new Traces(home);
    prepareHome(home);
    this.#lock = FileLock.take(home.lock);
    if (this.#lock === null) throw this.#alreadyRunning();
    try {
      if ((await clearLeftovers(home.record)) > 0) this.#say('Cleared away what a run that was killed had left.');
      this.#fleet.record();
      this.#sockets = await openSocketQueue();
      this.#goOn();
      if (this.#control === null) await this.#startNode(started);
      else await this.#startAll(this.#control, started);
      this.#socket = await ControlSocket.listen(home.socket, (request, say) => this.#upgrade(request, say));
      this.#fleet.publish({ socket: this.#socket.path });
    } catch (error) {
      this.#traces = traces;
      await this.stop();
      throw error;
    }
  }

  /** Ends all in order: the agent first, so that traffic drains while its targets and the control plane are there. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  force(): void {
    this.#fleet.kill();
  }

  async #startNode(started: number): Promise<void> {
    const { home, joins, agentFlags } = this.#options;
    const hasToken = agentFlags.includes('--join-token-file') || Boolean(process.env['EVENKEEL_JOIN_TOKEN']);
    if (!hasToken && ![home.nodeIdentity, home.nodeCredential].some((file) => existsSync(file))) {
      throw new StartFailure(
        `${home.nodeIdentity} is not there, and there is no join token: have one made with ` +
          '"evenkeel node join-token create", and give it as EVENKEEL_JOIN_TOKEN or --join-token-file.',
      );
    }
    checkAgentMetrics(this.#options);
    this.#say('Starting the node agent …');
    this.#fleet.publish({ url: joins! });
    // It may be there before its control plane.
    const { reactor, reason, workers, metricsUrl, waitsFor } = await this.#startAgent();
    const isReady = await this.#agent?.readyWithin(0);
    this.#goOn();
    this.#say(
      nodeScreen({
        joins: joins!,
        metricsUrl: String(metricsUrl),
        waitsFor: isReady === true ? null : String(waitsFor),
        traffic: { reactor: String(reactor), reason: String(reason), workers: Number(workers) },
        logs: home.logs,
        seconds: (performance.now() - started) / 1000,
      }),
    );
  }

  async #startAll(control: SupervisedProcess, started: number): Promise<void> {
    const { home, demo: demoWanted } = this.#options;
    for (const socket of this.#held) socket.open();
    this.#ports.api = this.#apiSocket.open();
    checkAgentMetrics(this.#options);
    const demo = new DemoRunner(home, this.#fleet, this.#originScript, demoWanted, this.#say);
    this.#demo = demo;
    this.#say('Starting the control plane and the node agent …');
    demo.begin();
    // It begins beside the control plane, and tries until that listens.
    const agent = this.#startAgent();
    // It is awaited below; should the control plane fail first, this one must not count as unhandled.
    agent.catch(() => {});
    await this.#startControl(control);
    const [{ reactor, reason, workers, metricsUrl }] = await Promise.all([agent, demo.prepare(this.#url)]);
    const demoUrl = await demo.settle(this.#url);
    if ((await this.#agent?.readyWithin(FIRST_PLAN)) === false) this.#say('The node agent has no plan yet.');
    this.#goOn();
    this.#say(
      readyScreen({
        url: this.#url,
        fingerprint: this.#fingerprint,
        metricsUrl: String(metricsUrl),
        traffic: { reactor: String(reactor), reason: String(reason), workers: Number(workers) },
        credential: home.adminCredential,
        logs: home.logs,
        demoUrl,
        seconds: (performance.now() - started) / 1000,
      }),
    );
  }

  /** Throws when `stop` has been called since. */
  #goOn(): void {
    if (this.#stopping !== null) throw new StartFailure('The start was stopped.');
  }

  async #startControl(control: SupervisedProcess): Promise<void> {
    const { url, fingerprint } = await control.start();
    this.#fingerprint = typeof fingerprint === 'string' ? fingerprint : null;
    this.#url = new URL(String(url)).origin;
    this.#fleet.publish({ url: this.#url });
  }

  async #startAgent(): Promise<ReadyEvent> {
    const spec = agentSpec({ script: this.#agentScript }, this.#options, this.#ports, this.#queue());
    this.#agent = this.#fleet.add(spec, 'agent');
    const ready = await this.#agent.start();
    const metricsUrl = String(ready.metricsUrl);
    this.#ports.metrics = Number(new URL(metricsUrl).port);
    this.#fleet.publish({ metricsUrl });
    return ready;
  }

  #queue(): SocketQueue {
    if (this.#sockets === null) throw new Error('the queue of sockets is opened before the node agent');
    return this.#sockets;
  }

  /** Replaces node agent and control plane by those of another version, one after the other. */
  async #upgrade(request: UpgradeRequest, say: (line: string) => void): Promise<void> {
    if (this.#upgrading) throw new StartFailure('An upgrade is under way already.');
    this.#goOn();
    this.#upgrading = true;
    try {
      // The newer agent can do with an older control plane, as it reads older plans.
      await this.#upgradeAgent(request, say);
      this.#goOn();
      if (!request.agentOnly && this.#control !== null) await this.#upgradeControl(request, say);
    } finally {
      this.#upgrading = false;
    }
  }

  async #upgradeAgent({ root, node, drainMilliseconds }: UpgradeRequest, say: (line: string) => void): Promise<void> {
    const old = this.#agent;
    if (old?.running !== true)
      throw new StartFailure('The node agent does not run at the moment: try again when it does.');
    const script = scriptsOf(root).agent;
    if (!existsSync(script)) throw new StartFailure(`${root} holds no version of Evenkeel: ${script} is missing.`);
    const version = { script, node, lifeline: lifelineOf(root) };
    const next = this.#fleet.add(agentSpec(version, this.#options, this.#ports, this.#queue(), true), 'agent');
    const pid = old.mark?.pid;
    try {
      await handOver(old, next);
    } catch (error) {
      this.#fleet.remove(next);
      throw new StartFailure(`The old version goes on. ${(error as Error).message}`);
    }
    this.#agent = next;
    this.#retiring.add(old);
    const gone = old.letGo(drainMilliseconds + PATIENCE.agent);
    old.tell({ command: 'retire', drainMilliseconds });
    gone.then(() => {
      this.#retiring.delete(old);
      this.#fleet.remove(old);
      this.#say(`node agent: the one before the upgrade (process ${pid}) has ended`);
    });
    say(
      `The new node agent serves (process ${next.mark?.pid}). The old one (process ${pid}) ends what it has, within ${drainMilliseconds / 1000} s.`,
    );
    this.#say(`node agent: upgraded from ${root}`);
  }

  async #upgradeControl({ root, node }: UpgradeRequest, say: (line: string) => void): Promise<void> {
    const before = this.#controlSpec;
    const version = { script: scriptsOf(root).control, node, lifeline: lifelineOf(root) };
    await this.#control?.stop(PATIENCE.control);
    let copy: StateCopy | null = null;
    try {
      copy = await StateCopy.take(this.#options.home.state);
      await this.#replaceControl(controlSpec(version, this.#options, this.#ports, this.#held));
    } catch (error) {
      await this.#control?.stop(PATIENCE.control);
      copy?.restore();
      this.#goOn();
      await this.#replaceControl(before);
      throw new StartFailure(
        `The new node agent serves, with the old control plane: the new one did not start. ${(error as Error).message}`,
      );
    } finally {
      copy?.discard();
    }
    say('The new control plane answers.');
    this.#say(`control plane: upgraded from ${root}`);
  }

  /** One at a time has the state: the one before it has ended, or is ended. */
  async #replaceControl(spec: ProcessSpec): Promise<void> {
    if (this.#control !== null) {
      await this.#control.stop(PATIENCE.control);
      this.#fleet.remove(this.#control);
    }
    // One that opens a socket by itself must find the port free.
    for (const socket of this.#held) {
      if (spec.listensOn?.includes(socket)) socket.open();
      else socket.close();
    }
    this.#controlSpec = spec;
    this.#control = this.#fleet.add(spec, 'control');
    await this.#control.start();
  }

  async #stopAll(): Promise<void> {
    if (this.#lock === null) return;
    // Stopped while it starts: nobody waits for the demo any more, but its servers go last of the traffic's way.
    this.#demo?.abandon();
    this.#socket?.close();
    const agents = [...this.#retiring, ...(this.#agent === null ? [] : [this.#agent])];
    await Promise.all(agents.map((agent) => agent.stop(this.#options.drainTimeout * 1000 + PATIENCE.agent)));
    for (const socket of this.#held) socket.close();
    await Promise.all([this.#demo?.stop(), this.#control?.stop(PATIENCE.control)]);
    this.#fleet.close();
    this.#sockets?.readEnd.destroy();
    this.#sockets?.writeEnd.destroy();
    removeRunning(this.#options.home.record);
    this.#traces?.undo();
    this.#lock.release();
  }

  #alreadyRunning(): StartFailure {
    const { home } = this.#options;
    const running = readRunning(home.record);
    const where = running === null ? '' : ` (process ${running.pid}${running.url === null ? '' : `, ${running.url}`})`;
    return new StartFailure(
      `Evenkeel already runs on ${home.path}${where}: use that one, end it with "evenkeel stop", have it go on in this version with "evenkeel upgrade", or name another folder with --home.`,
    );
  }
}
