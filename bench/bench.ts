import type { Balancer } from './balancers/balancer.ts';
import type { Rounds, Target } from './verdict.ts';

/** What a scenario gets to work with. */
export interface Bench {
  /** In the order in which they take turns; ours is the last. */
  readonly balancers: readonly Balancer[];
  readonly settings: Settings;
  /** A directory of the scenario's own. */
  readonly directory: string;
  /** Says what is going on. */
  say(line: string): void;
}

export interface Settings {
  readonly rounds: number;
  /** Length of one measurement of throughput. */
  readonly seconds: number;
  /** Balancer on core 0, load and origins on core 1; else wherever the kernel puts them. */
  readonly pinned: boolean;
  /** Fewer connections, changes and starts: to see that it works, not to quote. */
  readonly quick: boolean;
}

export interface Scenario {
  readonly name: string;
  /** What is measured and how, in a sentence or two. */
  readonly title: string;
  readonly targets: readonly Target[];
  run(bench: Bench): Promise<Rounds>;
}
