import type { Endpoint } from '@evenkeel/proxy/reactor/reactor.ts';
import type { SimulatedReactor } from '@evenkeel/proxy/reactor/simulated/simulated-reactor.ts';
import type { Journal } from './journal.ts';
import { type Flaw, Relay } from './relay.ts';

/** What stands between clients and origins in a run: the thing under test. */
export interface Middle {
  /** Whether it speaks for itself: adds headers, refuses, picks targets. */
  readonly proxies: boolean;
  /** Where clients connect. */
  readonly front: Endpoint;
  /** Begins to end, when it has not already; everything that it holds has to be given back soon after. */
  stop(): void;
  /** Looks at it when all clients are done and its time-outs have passed, and again after `stop`. */
  inspect(journal: Journal, stopped: boolean): void;
  /** All that it has logged, as lines; null when it keeps no log. */
  readLog(): string[] | null;
}

export type MakeMiddle = (reactor: SimulatedReactor, origins: readonly Endpoint[]) => Middle;

export const FRONT: Endpoint = { address: '10.3.0.1', port: 80 };

/** A relay to the first origin, with or without something wrong with it. */
export function relayMiddle(flaw: Flaw | null): MakeMiddle {
  return (reactor, origins) => {
    const relay = new Relay(reactor, origins[0] as Endpoint, flaw);
    relay.listen(FRONT);
    return { proxies: false, front: FRONT, stop: () => relay.stop(), inspect: () => {}, readLog: () => null };
  };
}
