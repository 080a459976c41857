import type { Reactor } from '../reactor.ts';

/** How the contract is run over one kind of reactor. */
export interface ReactorHarness {
  /** The reactor's name, and what is special about it. */
  readonly name: string;
  /** Why it cannot run on this machine. */
  readonly skip: string | false;
  /** A world of its own for one case. */
  create(): World;
}

/** Reactors that reach each other over 127.0.0.1 and ::1, and time for them to run in. */
export interface World {
  /** Time is virtual: nothing is later than the contract allows. */
  readonly virtual: boolean;
  /** Another reactor, with an arena of so many buffers (256 when not said). */
  open(buffers?: number): Reactor;
  /** Lets the reactors run until the condition holds; rejects with `what` when that takes more than some seconds. */
  until(what: string, condition: () => boolean): Promise<void>;
  /** Lets so much time pass. */
  pass(milliseconds: number): Promise<void>;
  /** Frees the reactors, whatever they were doing. */
  stop(): Promise<void>;
}

export interface ContractCase {
  readonly name: string;
  readonly needsIPv6?: boolean;
  /** It sends from foreign addresses, which real reactors may with CAP_NET_ADMIN alone. */
  readonly needsPrivileges?: boolean;
  /** The simulation is laxer. */
  readonly realOnly?: boolean;
  /** Runs in a new world. Afterwards every connection is gone and every buffer free, or the case has failed. */
  run(world: World): Promise<void>;
}
