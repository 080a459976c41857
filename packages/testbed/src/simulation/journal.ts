import type { SimulatedNetwork } from '@evenkeel/proxy/reactor/simulated/network.ts';

/** What a run did wrong, in the order in which it was noticed, and what it did, by count. */
export class Journal {
  readonly violations: string[] = [];
  readonly counts = new Map<string, number>();
  readonly #network: SimulatedNetwork;

  constructor(network: SimulatedNetwork) {
    this.#network = network;
  }

  violate(what: string): void {
    const line = `${this.#network.now.toFixed(3)} ms: ${what}`;
    this.#network.trace?.(`VIOLATION ${what}`);
    this.violations.push(line);
  }

  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }

  note(what: string): void {
    this.#network.trace?.(what);
  }
}
