import { Closed, type Endpoint, type ListenError } from '../reactor.ts';
import { CALM, type NetworkConditions } from './conditions.ts';
import type { SimulatedConnection } from './connection.ts';
import { SimulatedDatagrams } from './datagrams.ts';
import { EventQueue, type SimulatedEvent } from './event-queue.ts';
import { Link } from './link.ts';
import type { SimulatedListeningSocket } from './listening-socket.ts';
import { Random } from './random.ts';
import { SimulatedReactor, type SimulatedReactorOptions } from './simulated-reactor.ts';
import { Violation } from './violation.ts';

export type FaultKind = 'refuse' | 'unreachable' | 'lost' | 'reset' | 'silence' | 'buffers' | 'descriptors';

/** Why `run` came back: its condition holds, the time is up, or nothing is left that could happen. */
export type RunOutcome = 'done' | 'time' | 'idle';

/** Events of one `run` after which it is taken for a livelock. */
const EVENT_BOUND = 2_000_000;
const SYN_INTERVAL = 1000;
const SYN_TRIES = 6;
const FIRST_EPHEMERAL = 32_768;

/**
 * Hosts, the wires between them, and time. Everything that happens is an event of one queue, and every choice comes from
 * one seeded generator: the same seed and the same calls give the same run, event by event.
 */
export class SimulatedNetwork {
  readonly random: Random;
  readonly conditions: NetworkConditions;
  /** Milliseconds of virtual time; not 0 at the beginning, as 0 means "no deadline" to reactors. */
  now = 1;
  /** How often something was broken on purpose. */
  readonly faults: Record<FaultKind, number> = {
    refuse: 0,
    unreachable: 0,
    lost: 0,
    reset: 0,
    silence: 0,
    buffers: 0,
    descriptors: 0,
  };
  readonly links: Link[] = [];
  readonly reactors: SimulatedReactor[] = [];
  readonly datagrams = new SimulatedDatagrams(this);
  readonly #events = new EventQueue();
  readonly #listeners = new Map<string, SimulatedListeningSocket[]>();
  readonly #silent = new Set<string>();
  readonly #record: ((line: string) => void) | null;
  #connections = 0;
  #ephemeral = FIRST_EPHEMERAL;
  #running = false;

  /** `trace` is given a line for everything that happens. */
  constructor(seed: number, conditions: NetworkConditions = CALM, trace: ((line: string) => void) | null = null) {
    this.random = new Random(seed);
    this.conditions = conditions;
    this.#record = trace;
  }

  /** Writes a line into the trace; null when nobody reads it. */
  get trace(): ((line: string) => void) | null {
    const record = this.#record;
    return record === null ? null : (line) => record(`${this.now.toFixed(3).padStart(11)} ${line}`);
  }

  createReactor(options: SimulatedReactorOptions): SimulatedReactor {
    const reactor = new SimulatedReactor(this, options);
    this.reactors.push(reactor);
    return reactor;
  }

  /** Lets something happen at a moment that is not in the past. */
  at(time: number, action: () => void): SimulatedEvent {
    return this.#events.add(Math.max(time, this.now), action);
  }

  after(delay: number, action: () => void): SimulatedEvent {
    return this.#events.add(this.now + delay, action);
  }

  /**
   * Lets time pass until `done` holds or `until` is reached. Throws what protocol code throws, and a `Violation` when
   * it breaks a rule or goes on for ever without time passing it by.
   */
  run(until: number, done: () => boolean = () => false): RunOutcome {
    if (this.#running) throw new Violation('the network was run from inside a callback');
    this.#running = true;
    try {
      for (let events = 0; !done(); events++) {
        const at = this.#events.nextAt;
        if (at > until) {
          this.now = Math.max(this.now, until);
          return at === Infinity ? 'idle' : 'time';
        }
        if (events >= EVENT_BOUND) throw new Violation(`livelock: ${EVENT_BOUND} events by ${this.now} ms`);
        this.now = at;
        this.#events.take()();
      }
      return 'done';
    } finally {
      this.#running = false;
    }
  }

  /** From now on nothing that connects to this address gets an answer. */
  silenceHost(address: string): void {
    this.#silent.add(address);
  }

  countFault(kind: FaultKind): void {
    this.faults[kind]++;
  }

  // ---- what reactors call

  nextConnectionId(): number {
    return ++this.#connections;
  }

  /** Binds a listening socket, or says why not. */
  bind(reactor: SimulatedReactor, listener: SimulatedListeningSocket): ListenError | null {
    const { address, reusePort } = listener.options;
    const port = listener.options.port === 0 ? this.nextEphemeral() : listener.options.port;
    if (!isLoopback(address) && !isWildcard(address) && address !== reactor.address) {
      return { code: 'EADDRNOTAVAIL', message: `${address} is not an address of this host` };
    }
    const key = keyOf(address, port);
    const others = this.#listeners.get(key) ?? [];
    if (others.length > 0 && !(reusePort && others.every((other) => other.options.reusePort))) {
      return { code: 'EADDRINUSE', message: `${address}:${port} is in use` };
    }
    this.#listeners.set(key, [...others, listener]);
    listener.endpoint = { address, port };
    return null;
  }

  unbind(listener: SimulatedListeningSocket): void {
    const key = keyOf(listener.endpoint.address, listener.endpoint.port);
    const rest = (this.#listeners.get(key) ?? []).filter((other) => other !== listener);
    if (rest.length > 0) this.#listeners.set(key, rest);
    else this.#listeners.delete(key);
  }

  localEndpoint(reactor: SimulatedReactor, remote: Endpoint): Endpoint {
    if (!isLoopback(remote.address)) return { address: reactor.address, port: this.nextEphemeral() };
    return { address: remote.address === '::1' ? '::1' : '127.0.0.1', port: this.nextEphemeral() };
  }

  /** Carries a SYN; the outcome reaches the connection after a round trip or when the kernel gives up. */
  dial(connection: SimulatedConnection, local: Endpoint, remote: Endpoint): void {
    const { faults, latency } = this.conditions;
    const drawn = this.random.fraction();
    const fail = (reason: Closed, delay: number) => this.after(delay, () => connection.failToConnect(reason));
    const roundTrip = this.random.real(latency) + this.random.real(latency);
    if (drawn < faults.refuse) {
      this.countFault('refuse');
      fail(Closed.refused, roundTrip);
    } else if (drawn < faults.refuse + faults.unreachable) {
      this.countFault('unreachable');
      fail(Closed.unreachable, roundTrip);
    } else if (drawn < faults.refuse + faults.unreachable + faults.lost || this.#silent.has(remote.address)) {
      this.countFault('lost');
      fail(Closed.timedOut, this.random.real(faults.giveUp));
    } else {
      this.after(this.random.real(latency), () => this.#arrive(connection, local, remote, 1));
    }
  }

  #arrive(connection: SimulatedConnection, local: Endpoint, remote: Endpoint, attempt: number): void {
    if (connection.abandoned) return;
    const back = this.random.real(this.conditions.latency);
    const listener = this.#listenerAt(remote);
    if (listener === null) {
      const reason = this.#hasHost(remote.address) ? Closed.refused : Closed.unreachable;
      this.after(back, () => connection.failToConnect(reason));
    } else if (!listener.full) {
      this.#establish(connection, listener, local, remote, back);
    } else if (attempt < SYN_TRIES) {
      this.after(SYN_INTERVAL, () => this.#arrive(connection, local, remote, attempt + 1));
    } else {
      connection.failToConnect(Closed.timedOut);
    }
  }

  #establish(
    connection: SimulatedConnection,
    listener: SimulatedListeningSocket,
    local: Endpoint,
    remote: Endpoint,
    back: number,
  ): void {
    const link = new Link(this, this.links.length, local, remote);
    this.links.push(link);
    listener.enqueue(link.server);
    this.after(back, () => {
      if (connection.abandoned) link.client.reset();
      else connection.attach(link.client);
    });
  }

  #listenerAt(remote: Endpoint): SimulatedListeningSocket | null {
    const exact = this.#listeners.get(keyOf(remote.address, remote.port));
    const wildcard = remote.address.includes(':') ? '::' : '0.0.0.0';
    const found = exact ?? this.#listeners.get(keyOf(wildcard, remote.port));
    return found === undefined ? null : this.random.pick(found);
  }

  #hasHost(address: string): boolean {
    return isLoopback(address) || this.reactors.some((reactor) => reactor.address === address);
  }

  /** A port of the system's choice. */
  nextEphemeral(): number {
    const port = this.#ephemeral++;
    if (this.#ephemeral > 65_535) this.#ephemeral = FIRST_EPHEMERAL;
    return port;
  }
}

function keyOf(address: string, port: number): string {
  return `${address} ${port}`;
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}
