import { DemoRunner } from './demo-runner.ts';
import { StartFailure } from './failure.ts';
import { Fleet } from './fleet.ts';
import { prepareHome } from './home.ts';
import { clearLeftovers } from './leftovers.ts';
import { FileLock } from './lock.ts';
import type { StartOptions } from './options.ts';
import { agentMayStartAtOnce, agentSpec, controlSpec, Ports, SCRIPTS } from './processes.ts';
import { readRunning, removeRunning } from './running.ts';
import { readyScreen } from './screen.ts';
import type { ReadyEvent, SupervisedProcess } from './supervised-process.ts';

/** Milliseconds that a process has to end in order; the agent's come on top of what it lets requests take. */
const PATIENCE = { agent: 5_000, control: 12_000 };

/**
 * Runs control plane, node agent and the demo's servers as processes of their own on one home, and keeps them running.
 * `start`, then `stop`; `force` ends all at once at any time.
 */
export class Supervisor {
  readonly #options: StartOptions;
  readonly #say: (line: string) => void;
  readonly #ports: Ports;
  readonly #fleet: Fleet;
  readonly #originScript: string;
  readonly #control: SupervisedProcess;
  readonly #agent: SupervisedProcess;
  #demo: DemoRunner | null = null;
  #lock: FileLock | null = null;
  #url = '';
  #stopping: Promise<void> | null = null;

  constructor(options: StartOptions, say: (line: string) => void, scripts = SCRIPTS) {
    this.#options = options;
    this.#say = say;
    this.#originScript = scripts.origin;
    this.#ports = new Ports(options.port, options.metricsPort);
    this.#fleet = new Fleet(options.home.logs, options.home.record, say);
    this.#control = this.#fleet.add(controlSpec(scripts.control, options, this.#ports), 'control');
    this.#agent = this.#fleet.add(agentSpec(scripts.agent, options, this.#ports), 'agent');
  }

  /** Resolves when everything runs and the screen is printed. Throws a StartFailure after ending what it had begun. */
  async start(): Promise<void> {
    const started = performance.now();
    const { home } = this.#options;
    prepareHome(home);
    this.#lock = FileLock.take(home.lock);
    if (this.#lock === null) throw this.#alreadyRunning();
    try {
      if ((await clearLeftovers(home.record)) > 0) this.#say('Cleared away what a run that was killed had left.');
      this.#fleet.record();
      this.#goOn();
      await this.#startAll(started);
    } catch (error) {
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

  async #startAll(started: number): Promise<void> {
    const { home, demo: demoWanted } = this.#options;
    const demo = new DemoRunner(home, this.#fleet, this.#originScript, demoWanted, this.#say);
    this.#demo = demo;
    this.#say('Starting the control plane and the node agent …');
    demo.begin();
    const early = agentMayStartAtOnce(this.#ports) ? this.#startAgent() : null;
    // It is awaited below; should the control plane fail first, this one must not count as unhandled.
    early?.catch(() => {});
    await this.#startControl();
    const agent = early ?? this.#startAgent();
    const [{ reactor, reason, workers, metricsUrl }] = await Promise.all([agent, demo.prepare(this.#url)]);
    const demoUrl = await demo.settle(this.#url);
    this.#goOn();
    this.#say(
      readyScreen({
        url: this.#url,
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

  async #startControl(): Promise<void> {
    const { url } = await this.#control.start();
    this.#url = new URL(String(url)).origin;
    this.#ports.api = Number(new URL(this.#url).port);
    this.#fleet.publish({ url: this.#url });
  }

  async #startAgent(): Promise<ReadyEvent> {
    const ready = await this.#agent.start();
    const metricsUrl = String(ready.metricsUrl);
    this.#ports.metrics = Number(new URL(metricsUrl).port);
    this.#fleet.publish({ metricsUrl });
    return ready;
  }

  async #stopAll(): Promise<void> {
    if (this.#lock === null) return;
    // Stopped while it starts: nobody waits for the demo any more, but its servers go last of the traffic's way.
    this.#demo?.abandon();
    await this.#agent.stop(this.#options.drainTimeout * 1000 + PATIENCE.agent);
    await Promise.all([this.#demo?.stop(), this.#control.stop(PATIENCE.control)]);
    this.#fleet.close();
    removeRunning(this.#options.home.record);
    this.#lock.release();
  }

  #alreadyRunning(): StartFailure {
    const { home } = this.#options;
    const running = readRunning(home.record);
    const where = running === null ? '' : ` (process ${running.pid}${running.url === null ? '' : `, ${running.url}`})`;
    return new StartFailure(
      `Evenkeel already runs on ${home.path}${where}: use that one, end it with "evenkeel stop", or name another folder with --home.`,
    );
  }
}
