import type { Machine } from '../machine.ts';

/** What a soak scenario gets to work with. */
export interface Soak {
  /** A directory of the scenario's own. */
  readonly directory: string;
  /** A short form that shows that it works; its figures are not to be quoted. */
  readonly short: boolean;
  readonly reactor: 'uring' | 'portable';
  /** Says what is going on. */
  say(line: string): void;
}

/** One thing that was counted or measured. */
export interface Finding {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** The most that it may be; null: it is only told. */
  readonly limit: number | null;
  /** More about it, such as the kinds of failures. */
  readonly detail?: string;
}

/** What the product must stand while it carries traffic, as its users would see it. */
export interface SoakScenario {
  readonly name: string;
  readonly title: string;
  run(soak: Soak): Promise<readonly Finding[]>;
}

export interface SoakResult {
  readonly scenario: string;
  readonly title: string;
  /** ISO 8601, UTC. */
  readonly finished: string;
  readonly machine: Machine;
  readonly version: string;
  readonly findings: readonly Finding[];
}

export function missed({ value, limit }: Finding): boolean {
  return limit !== null && !(value <= limit);
}
