import type { ReactorHarness, World } from '../contract/harness.ts';
import { SimulatedNetwork } from './network.ts';
import type { SimulatedReactor } from './simulated-reactor.ts';

/** How long a condition may take before the case has failed, in milliseconds of virtual time. */
const LIMIT = 600_000;

/** A calm network of its own, whose hosts all have the loopback addresses. */
class SimulatedWorld implements World {
  readonly virtual = true;
  readonly #network = new SimulatedNetwork(1);

  open(buffers = 256): SimulatedReactor {
    const index = this.#network.reactors.length + 1;
    return this.#network.createReactor({
      label: `reactor-${index}`,
      address: `10.0.0.${index}`,
      buffers,
      descriptors: 10_000,
    });
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    const outcome = this.#network.run(this.#network.now + LIMIT, condition);
    if (outcome !== 'done') throw new Error(`waited in vain for: ${what}`);
  }

  async pass(milliseconds: number): Promise<void> {
    this.#network.run(this.#network.now + milliseconds);
  }

  async stop(): Promise<void> {
    for (const reactor of this.#network.reactors) reactor.halt();
  }
}

export const simulatedHarness: ReactorHarness = { name: 'simulated', skip: false, create: () => new SimulatedWorld() };
