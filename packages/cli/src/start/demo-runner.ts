import { readFileSync } from 'node:fs';
import { type ActiveDemo, chooseDemo, type OriginPlace } from './demo-record.ts';
import type { Fleet } from './fleet.ts';
import type { Home } from './home.ts';
import { originSpec } from './processes.ts';
import type { SupervisedProcess } from './supervised-process.ts';

/** Milliseconds that an origin has to end in order. */
const PATIENCE = 3_000;

/** The demo within one run: its servers, and its load balancer. A demo that fails is told of and never stops a start. */
export class DemoRunner {
  readonly #home: Home;
  readonly #fleet: Fleet;
  readonly #script: string;
  readonly #say: (line: string) => void;
  readonly #stopped = new AbortController();
  #demo: ActiveDemo | null;
  #origins: SupervisedProcess[] = [];
  #begun: Promise<void> = Promise.resolve();

  /** @param wanted whether a home that has never been started on gets a demo */
  constructor(home: Home, fleet: Fleet, script: string, wanted: boolean, say: (line: string) => void) {
    this.#home = home;
    this.#fleet = fleet;
    this.#script = script;
    this.#say = say;
    this.#demo = chooseDemo(home.demo, wanted);
  }

  /** Begins to start the servers. */
  begin(): void {
    if (this.#demo === null) return;
    this.#begun = this.#try(this.#startOrigins(this.#demo));
  }

  /** Makes the load balancer, or looks whether it is still there; the control plane at `url` must listen. */
  async prepare(url: string): Promise<void> {
    await this.#begun;
    if (this.#demo === null) return;
    await this.#try(this.#ensureLoadBalancer(this.#demo, url));
  }

  /** Waits until the load balancer has somebody to answer. Its URL, or null when there is no demo. The node agent must be ready. */
  async settle(url: string): Promise<string | null> {
    if (this.#demo === null) return null;
    await this.#try(this.#untilItAnswers(this.#demo, url));
    return this.#demo?.url ?? null;
  }

  /** Ends whatever `prepare` and `settle` still wait for. */
  abandon(): void {
    this.#stopped.abort();
  }

  async stop(): Promise<void> {
    this.abandon();
    await Promise.all(this.#origins.map((origin) => origin.stop(PATIENCE)));
  }

  async #startOrigins(demo: ActiveDemo): Promise<void> {
    const places: OriginPlace[] = [...demo.origins];
    this.#origins = places.map(({ name }, i) =>
      this.#fleet.add(
        originSpec(this.#script, name, () => places[i]),
        name,
      ),
    );
    const ready = await Promise.all(this.#origins.map((origin) => origin.start()));
    for (const [i, { port }] of ready.entries()) places[i] = { ...places[i], port: Number(port) };
    this.#demo = { ...demo, origins: places };
  }

  async #ensureLoadBalancer(demo: ActiveDemo, url: string): Promise<void> {
    const { createDemo, demoExists } = await import('./demo.ts');
    const client = await this.#client(url);
    if (demo.state === 'creating') {
      this.#demo = await createDemo(client, demo, this.#home.demo);
    } else if (!(await demoExists(client, demo, this.#home.demo))) {
      this.#demo = null;
      await this.stop();
    }
  }

  async #untilItAnswers(demo: ActiveDemo, url: string): Promise<void> {
    const { demoRefusal, demoSilence } = await import('./demo.ts');
    const { loadBalancerId } = demo;
    if (loadBalancerId === null) return;
    const client = await this.#client(url);
    const silence = await demoSilence(client, loadBalancerId, this.#stopped.signal);
    const trouble = (await demoRefusal(client, loadBalancerId)) ?? silence;
    if (trouble !== null) throw new Error(trouble);
  }

  async #client(url: string) {
    const [{ createClient }, { trustingFetch }] = await Promise.all([
      import('@evenkeel/client/client.ts'),
      import('@evenkeel/client/trusting-fetch.ts'),
    ]);
    const text = readFileSync(this.#home.adminCredential, 'utf8');
    const { token, fingerprint } = JSON.parse(text) as { token: string; fingerprint?: string };
    return createClient({ url, token, fetch: trustingFetch(fingerprint === undefined ? {} : { fingerprint }) });
  }

  async #try(step: Promise<void>): Promise<void> {
    try {
      await step;
    } catch (error) {
      this.#demo = null;
      if (this.#stopped.signal.aborted) return;
      this.#say(`There is no demo this time: ${(error as Error).message.replace(/\.$/, '')}.`);
      await this.stop();
    }
  }
}
