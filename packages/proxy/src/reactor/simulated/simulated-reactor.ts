import {
  DATAGRAM_HEADROOM,
  DATAGRAM_SIZE,
  type DatagramHandler,
  type DatagramOptions,
  type DatagramSocket,
} from '../datagram.ts';
import {
  Closed,
  type Connection,
  type ConnectionHandler,
  type Endpoint,
  type ListenerHandler,
  type ListeningSocket,
  type ListenOptions,
  type Reactor,
  type Timer,
  type Unsettled,
} from '../reactor.ts';
import { SettleList } from '../settle-list.ts';
import { TimerWheel, WheelEntry } from '../timer-wheel.ts';
import { CheckedArena } from './checked-arena.ts';
import type { Completion } from './completion.ts';
import { SimulatedConnection } from './connection.ts';
import { SimulatedDatagramSocket } from './datagram-socket.ts';
import type { SimulatedEvent } from './event-queue.ts';
import { SimulatedListeningSocket } from './listening-socket.ts';
import type { SimulatedNetwork } from './network.ts';
import type { Random } from './random.ts';
import { Violation } from './violation.ts';

export interface SimulatedReactorOptions {
  /** Name in traces. */
  readonly label: string;
  /** Where connections come from; it may listen here and on every loopback address. */
  readonly address: string;
  /** Size of the arena. */
  readonly buffers: number;
  /** Large buffers that it has besides; none when not said. */
  readonly largeBuffers?: number;
  /** Connections and listening sockets that may be open at once. */
  readonly descriptors: number;
}

/** Unix time at which every simulation begins. */
const EPOCH = 1_767_225_600_000;

type Work = { readonly connection: SimulatedConnection; readonly completion: Completion };

/** A reactor on a simulated network. It runs only while `SimulatedNetwork.run` does. */
export class SimulatedReactor implements Reactor {
  readonly name = 'simulated';
  readonly network: SimulatedNetwork;
  readonly label: string;
  readonly address: string;
  readonly arena: CheckedArena;
  readonly wheel: TimerWheel;
  /** Timers that are set and have neither fired nor been cancelled. */
  pendingTimers = 0;
  /** Most bytes that were ever queued for sending on one connection. */
  peakUnsent = 0;
  readonly #random: Random;
  readonly #descriptors: number;
  readonly #connections = new Set<SimulatedConnection>();
  readonly #listeners = new Set<SimulatedListeningSocket>();
  readonly #datagrams = new Set<SimulatedDatagramSocket>();
  #arrivals: (() => void)[] = [];
  readonly datagramMemory = new Uint8Array(DATAGRAM_HEADROOM + DATAGRAM_SIZE);
  #listening: SimulatedListeningSocket[] = [];
  readonly #ready = new Set<SimulatedConnection>();
  readonly #starving = new Set<SimulatedConnection>();
  readonly #unsettled = new SettleList();
  #turnTime = 0;
  #inTurn = false;
  #halted = false;
  #turnEvent: SimulatedEvent | null = null;
  #timerEvent: SimulatedEvent | null = null;

  /** Made by `SimulatedNetwork.createReactor`. */
  constructor(network: SimulatedNetwork, options: SimulatedReactorOptions) {
    this.network = network;
    this.label = options.label;
    this.address = options.address;
    this.arena = new CheckedArena(options.buffers, options.largeBuffers);
    this.arena.onFree = () => this.#feed();
    this.wheel = new TimerWheel(network.now);
    this.#random = network.random.fork();
    this.#descriptors = options.descriptors;
  }

  get now(): number {
    return this.#inTurn ? this.#turnTime : this.network.now;
  }

  get wallTime(): number {
    return EPOCH + this.now;
  }

  get open(): number {
    return this.#connections.size + this.#datagrams.size;
  }

  get resetSeenWhilePaused(): boolean {
    return this.network.conditions.resetSeenWhilePaused;
  }

  listen(options: ListenOptions, handler: ListenerHandler): ListeningSocket {
    const socket = new SimulatedListeningSocket(this, options, handler);
    this.#listeners.add(socket);
    this.#listening.push(socket);
    this.#wake();
    return socket;
  }

  connect(remote: Endpoint, handler: ConnectionHandler, from = ''): Connection {
    const connection = this.#createConnection(handler);
    const own = this.network.localEndpoint(this, remote);
    const local = from === '' ? own : { address: from, port: own.port };
    connection.dialing(local, remote);
    this.trace(`#${connection.id}`, `connect to ${remote.address}:${remote.port}`);
    if (this.#used > this.#descriptors) {
      this.network.countFault('descriptors');
      connection.failToConnect(Closed.exhausted);
    } else {
      this.network.dial(connection, local, remote);
    }
    return connection;
  }

  openDatagrams(options: DatagramOptions, handler: DatagramHandler): DatagramSocket {
    const socket = new SimulatedDatagramSocket(this, this.network.datagrams, options, handler);
    this.#datagrams.add(socket);
    return socket;
  }

  forgetDatagrams(socket: SimulatedDatagramSocket): void {
    this.#datagrams.delete(socket);
  }

  /** Has something happen when the reactor turns next. */
  inNextTurn(act: () => void): void {
    if (this.#halted) return;
    this.#arrivals.push(act);
    this.#wake();
  }

  setTimer(delay: number, callback: () => void): Timer {
    return new CountedTimer(this, this.now + delay, callback);
  }

  unsettle(item: Unsettled): void {
    this.#unsettled.add(item);
    this.#wake();
  }

  /** Ends the reactor as a killed process ends: no callback comes any more, peers see FIN or a reset. */
  halt(): void {
    this.#halted = true;
    for (const listener of [...this.#listeners]) listener.close();
    for (const connection of [...this.#connections]) connection.destroy();
    for (const socket of [...this.#datagrams]) socket.close();
    this.#arrivals = [];
    this.#turnEvent?.cancel();
    this.#timerEvent?.cancel();
  }

  trace(who: string, what: string): void {
    this.network.trace?.(`${this.label} ${who} ${what}`);
  }

  // ---- what connections and listening sockets call

  arm(entry: WheelEntry, at: number): void {
    this.wheel.arm(entry, at);
    if (!this.#inTurn) this.#scheduleTimers();
  }

  wakeConnection(connection: SimulatedConnection): void {
    if (this.#halted) return;
    this.#ready.add(connection);
    this.#wake();
  }

  wakeListener(): void {
    this.#wake();
  }

  forgetConnection(connection: SimulatedConnection): void {
    this.#connections.delete(connection);
    this.#ready.delete(connection);
    this.#starving.delete(connection);
    // A descriptor is free: somebody may wait for it in a backlog.
    this.#wake();
  }

  forgetListener(listener: SimulatedListeningSocket): void {
    this.#listeners.delete(listener);
    this.network.unbind(listener);
    this.#wake();
  }

  /** No buffer is free: the connection is looked at again when one is. */
  starve(connection: SimulatedConnection): void {
    this.network.countFault('buffers');
    this.#starving.add(connection);
  }

  noteUnsent(bytes: number): void {
    if (bytes > this.peakUnsent) this.peakUnsent = bytes;
  }

  drawReceives(): number {
    return this.#random.within(this.network.conditions.receives);
  }

  drawReceiveSize(): number {
    return this.#random.within(this.network.conditions.receivePiece);
  }

  /** Whether a receive goes into a large buffer, if there is one. */
  drawLarge(): boolean {
    return this.#random.chance(this.network.conditions.large);
  }

  // ---- turns

  get #used(): number {
    return this.open + this.#listeners.size;
  }

  #createConnection(handler: ConnectionHandler): SimulatedConnection {
    const connection = new SimulatedConnection(this, this.network.nextConnectionId(), handler);
    this.#connections.add(connection);
    return connection;
  }

  #wake(): void {
    if (this.#turnEvent !== null || this.#halted) return;
    this.#turnEvent = this.network.after(this.#random.real(this.network.conditions.turnDelay), () => this.#turn());
  }

  #feed(): void {
    if (this.#starving.size === 0) return;
    for (const connection of this.#starving) this.#ready.add(connection);
    this.#starving.clear();
    this.#wake();
  }

  #turn(): void {
    this.#turnEvent?.cancel();
    this.#turnEvent = null;
    this.#turnTime = this.network.now;
    this.#inTurn = true;
    const work = this.#collect();
    const timersFirst = this.#random.chance(0.5);
    if (timersFirst) this.wheel.advance(this.#turnTime);
    this.#openListeners();
    this.#accept();
    this.#dispatch(work);
    for (const act of this.#arrivals.splice(0)) act();
    if (!timersFirst) this.wheel.advance(this.#turnTime);
    this.#unsettled.settle();
    this.#inTurn = false;
    this.#scheduleTimers();
  }

  /** What the kernel did for every connection that was woken, before any of them is called back. */
  #collect(): Work[] {
    const ready = [...this.#ready];
    this.#ready.clear();
    this.#random.shuffle(ready);
    const work: Work[] = [];
    const completions: Completion[] = [];
    for (const connection of ready) {
      connection.collect(completions);
      for (const completion of completions.splice(0)) work.push({ connection, completion });
    }
    return work;
  }

  #dispatch(work: readonly Work[]): void {
    for (const { connection, completion } of work) {
      if (this.#halted) {
        if (completion.kind === 'received') this.arena.release(completion.buffer);
        if (completion.kind === 'sent') for (const buffer of completion.handover.buffers) this.arena.release(buffer);
      } else {
        connection.deliver(completion);
      }
    }
  }

  #openListeners(): void {
    for (const listener of this.#listening.splice(0)) {
      if (listener.closed) continue;
      const error = this.network.bind(this, listener);
      if (error === null) {
        this.trace('listener', `onListening ${listener.endpoint.address}:${listener.endpoint.port}`);
        listener.handler.onListening(listener);
      } else {
        listener.close();
        listener.handler.onFailed(listener, error);
      }
    }
  }

  #accept(): void {
    for (const listener of this.#listeners) {
      while (!listener.closed && listener.waiting > 0) {
        if (this.#used >= this.#descriptors) {
          this.network.countFault('descriptors');
          break;
        }
        const socket = listener.dequeue();
        const connection = this.#createConnection(NOT_SET);
        this.trace(`#${connection.id}`, `onAccept from ${socket.remote.address}:${socket.remote.port}`);
        connection.acceptedOn(socket);
        listener.handler.onAccept(connection, listener);
        if (connection.handler === NOT_SET) throw new Violation('onAccept returned without setting connection.handler');
      }
    }
  }

  #scheduleTimers(): void {
    const at = this.wheel.nextAt();
    if (this.#timerEvent !== null && this.#timerEvent.at === at) return;
    this.#timerEvent?.cancel();
    this.#timerEvent = null;
    if (at === Infinity || this.#halted) return;
    this.#timerEvent = this.network.at(Math.max(at, this.network.now), () => {
      this.#timerEvent = null;
      this.#turn();
    });
  }
}

class CountedTimer extends WheelEntry implements Timer {
  readonly #reactor: SimulatedReactor;
  readonly #callback: () => void;

  constructor(reactor: SimulatedReactor, at: number, callback: () => void) {
    super();
    this.#reactor = reactor;
    this.#callback = callback;
    reactor.pendingTimers++;
    reactor.arm(this, at);
  }

  cancel(): void {
    if (this.at !== 0) this.#reactor.pendingTimers--;
    this.#reactor.wheel.remove(this);
  }

  expire(): void {
    this.#reactor.pendingTimers--;
    this.#callback();
  }
}

function unset(): never {
  throw new Violation('a connection was called back before it had a handler');
}

const NOT_SET: ConnectionHandler = {
  onConnected: unset,
  onReceive: unset,
  onSent: unset,
  onEnd: unset,
  onDeadline: unset,
  onClosed: unset,
};
