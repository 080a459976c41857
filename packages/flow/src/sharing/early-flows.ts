import type { FlowRecord } from '../datapath/flow-record.ts';

/** Flows that wait for their target; at the bound the oldest are forgotten. */
const MOST = 65_536;
/** Milliseconds: a plan that takes longer to arrive has missed them. */
const PATIENCE = 60_000;

interface Early {
  readonly target: string;
  readonly flows: readonly FlowRecord[];
  readonly at: number;
}

/**
 * What peers have told of flows to targets that this node does not know yet: one of two nodes is always the first to have
 * a change of the plan.
 */
export class EarlyFlows {
  readonly #now: () => number;
  #waiting: Early[] = [];
  #count = 0;

  /** `now`: in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#count;
  }

  /** Flows of one target. The bytes of their keys are kept. */
  add(target: string, flows: readonly FlowRecord[]): void {
    this.#waiting.push({ target, flows, at: this.#now() });
    this.#count += flows.length;
    while (this.#count > MOST) this.#count -= this.#waiting.shift()!.flows.length;
  }

  /** Those whose target is known by now, with its number, and the seconds that they have waited added to their age. */
  take(numberOf: (target: string) => number | undefined): FlowRecord[] {
    const now = this.#now();
    const known: FlowRecord[] = [];
    this.#waiting = this.#waiting.filter(({ target, flows, at }) => {
      if (now - at > PATIENCE) return false;
      const number = numberOf(target);
      if (number === undefined) return true;
      const waited = Math.floor((now - at) / 1_000);
      for (const { key, idleSeconds } of flows) known.push({ key, target: number, idleSeconds: idleSeconds + waited });
      return false;
    });
    this.#count = this.#waiting.reduce((sum, { flows }) => sum + flows.length, 0);
    return known;
  }
}
