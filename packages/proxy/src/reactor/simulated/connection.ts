import { NO_BUFFER } from '../arena.ts';
import type { Pacer } from '../pacer.ts';
import { Arrival, Closed, type Connection, type ConnectionHandler, type Endpoint } from '../reactor.ts';
import { SendTurn } from '../send-turn.ts';
import { WheelEntry } from '../timer-wheel.ts';
import { SIMULATED_LARGE_SIZE } from './checked-arena.ts';
import { type Completion, type Incoming, nameOf } from './completion.ts';
import type { SimulatedEvent } from './event-queue.ts';
import { type Handover, Outbox } from './outbox.ts';
import type { SimulatedReactor } from './simulated-reactor.ts';
import type { Socket } from './socket.ts';

type Leaving = 'no' | 'close' | 'linger' | 'abort';

/** It is its own deadline in the wheel. */
export class SimulatedConnection extends WheelEntry implements Connection {
  handler: ConnectionHandler;
  largeReceives = false;
  pacer: Pacer | null = null;
  #turn: SendTurn | null = null;
  readonly id: number;
  remoteAddress = '';
  remotePort = 0;
  localAddress = '';
  localPort = 0;
  readonly tls = null;
  readonly #reactor: SimulatedReactor;
  #socket: Socket | null = null;
  /** Outcome of connecting that has not been collected yet. */
  #outcome: 'pending' | 'connected' | Closed = 'pending';
  #announced = false;
  readonly #outbox: Outbox;
  /** Handed over by the kernel while the connection was paused. */
  readonly #kept: Incoming[] = [];
  #paused = false;
  #ending = false;
  #leaving: Leaving = 'no';
  #lingerTime = 0;
  #lingerTimer: SimulatedEvent | null = null;
  #finSent = false;
  #endCollected = false;
  #endDelivered = false;
  #closeCollected = false;
  #gone = false;

  constructor(reactor: SimulatedReactor, id: number, handler: ConnectionHandler) {
    super();
    this.#reactor = reactor;
    this.id = id;
    this.handler = handler;
    this.#outbox = new Outbox(reactor.arena);
  }

  // ---- what protocol code calls

  get unsent(): number {
    return this.#outbox.unsent;
  }

  get queued(): number {
    return this.#outbox.queued;
  }

  get heldBack(): number {
    return this.#turn === null ? 0 : this.#turn.heldBack;
  }

  get isSated(): boolean {
    return this.#turn === null ? false : this.#turn.isSated;
  }

  get handedOver(): number {
    return this.#outbox.handedOver;
  }

  arrivalBehind(mark: number): Arrival {
    const socket = this.#socket;
    if (socket === null || this.#outbox.handedOver <= mark) return Arrival.none;
    if (socket.out.taken > mark) return Arrival.some;
    if (socket.error === null) return Arrival.open;
    return socket.in.finArrived && socket.error === Closed.reset ? Arrival.none : Arrival.unknown;
  }

  send(buffer: number, start: number, end: number): void {
    this.#reactor.arena.assertSendable(buffer, start, end);
    if (this.#gone || this.#ending || this.#leaving !== 'no' || start === end) {
      this.#reactor.arena.release(buffer);
      return;
    }
    this.#trace(`send ${end - start}`);
    this.#outbox.push(buffer, start, end);
    this.#reactor.noteUnsent(this.unsent);
    this.wake();
  }

  end(): void {
    if (this.#gone || this.#ending || this.#leaving !== 'no') return;
    this.#trace('end');
    this.#ending = true;
    this.wake();
  }

  close(): void {
    this.#leave('close');
  }

  closeLingering(milliseconds: number): void {
    this.#lingerTime = milliseconds;
    this.#leave('linger');
  }

  abort(): void {
    if (this.#leaving === 'close' || this.#leaving === 'linger') this.#leaving = 'no';
    this.#leave('abort');
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.wake();
  }

  /** The network is not asked. */
  roundTrip(): number {
    return -1;
  }

  setDeadline(at: number): void {
    if (this.#gone) return;
    if (at === 0) this.#reactor.wheel.clear(this);
    else this.#reactor.arm(this, at);
  }

  // ---- what the reactor calls

  attach(socket: Socket): void {
    this.#socket = socket;
    this.#outcome = 'connected';
    this.#setEndpoints(socket.local, socket.remote);
    socket.onWake = () => this.wake();
    this.wake();
  }

  /** The connection was accepted: there is nothing to announce but itself. */
  acceptedOn(socket: Socket): void {
    this.#announced = true;
    this.attach(socket);
  }

  failToConnect(reason: Closed): void {
    this.#outcome = reason;
    this.wake();
  }

  dialing(local: Endpoint, remote: Endpoint): void {
    this.#setEndpoints(local, remote);
  }

  get abandoned(): boolean {
    return this.#gone || this.#leaving === 'abort';
  }

  wake(): void {
    if (!this.#gone) this.#reactor.wakeConnection(this);
  }

  /** Lets the kernel do its work for this connection and lists what it did. */
  collect(completions: Completion[]): void {
    if (this.#gone || this.#closeCollected) return;
    if (this.#leaving === 'abort') this.#collectAbort(completions);
    else if (this.#socket === null) this.#collectDialing(completions);
    else this.#collectOpen(completions, this.#socket);
  }

  deliver(completion: Completion): void {
    if (this.#gone) throw new Error(`connection ${this.id} is called back after onClosed`);
    switch (completion.kind) {
      case 'connected':
        this.#deliverConnected();
        break;
      case 'received':
      case 'ended':
        this.#deliverIncoming(completion);
        break;
      case 'sent':
        this.#deliverSent(completion.handover);
        break;
      case 'closed':
        this.#deliverClosed(completion.reason);
        break;
    }
  }

  /** Its deadline has passed. */
  expire(): void {
    const lingers = this.#leaving === 'linger' && this.#finSent;
    if (this.#leaving === 'abort' || lingers) return;
    this.#trace('onDeadline');
    this.handler.onDeadline(this);
  }

  /** Gives up everything without a callback, as the end of a process does. */
  destroy(): void {
    this.#socket?.close();
    this.#letGo();
  }

  // ---- collecting

  #collectAbort(completions: Completion[]): void {
    this.#socket?.reset();
    this.#pushClosed(completions, Closed.local);
  }

  #collectDialing(completions: Completion[]): void {
    const abandoned = this.#leaving !== 'no' && this.#outbox.flushed;
    if (abandoned) {
      this.#leaving = 'abort';
      this.#pushClosed(completions, Closed.local);
    } else if (typeof this.#outcome === 'number') {
      this.#pushClosed(completions, this.#leaving === 'no' ? this.#outcome : Closed.local);
    }
  }

  #collectOpen(completions: Completion[], socket: Socket): void {
    if (!this.#announced) {
      this.#announced = true;
      completions.push({ kind: 'connected' });
    }
    if (!this.#paused) completions.push(...this.#kept.splice(0));
    this.#collectSent(completions, socket);
    this.#collectReceived(completions, socket);
    this.#collectClosed(completions, socket);
  }

  #collectSent(completions: Completion[], socket: Socket): void {
    if (socket.error !== null) return;
    const handover = this.#handOver(socket);
    if (handover !== null) completions.push({ kind: 'sent', handover });
    if (!this.#outbox.flushed || this.#finSent) return;
    if (this.#ending || this.#leaving === 'linger') {
      this.#finSent = true;
      socket.out.finish();
      if (this.#leaving === 'linger') this.#startLingering();
    }
  }

  /** What the kernel takes, and the pacer allows. */
  #handOver(socket: Socket): Handover | null {
    const { pacer } = this;
    const waiting = this.#outbox.bytes;
    if (pacer?.isLimited !== true || waiting === 0 || socket.out.room === 0) return this.#outbox.handOver(socket.out);
    this.#turn ??= new SendTurn({ clock: this.#reactor, queue: this.#outbox, wake: () => this.wake() });
    const handover = this.#outbox.handOver(socket.out, this.#turn.allowed(pacer, waiting));
    if (handover !== null) {
      this.#turn.taken(handover.bytes, this.#outbox.flushed);
      if (!this.#outbox.flushed) this.wake();
    }
    return handover;
  }

  #collectReceived(completions: Completion[], socket: Socket): void {
    if (this.#leaving === 'linger') {
      socket.in.discard();
      return;
    }
    if (this.#paused || this.#leaving !== 'no' || this.#endCollected) return;
    const { arena } = this.#reactor;
    for (let left = this.#reactor.drawReceives(); socket.in.arrived > 0; left--) {
      if (left === 0) {
        this.wake();
        return;
      }
      const large = this.largeReceives && this.#reactor.drawLarge() ? arena.acquireLarge() : NO_BUFFER;
      const buffer = large === NO_BUFFER ? arena.acquire() : large;
      if (buffer === NO_BUFFER) {
        this.#reactor.starve(this);
        return;
      }
      const start = arena.receiveStart(buffer);
      const size = large === NO_BUFFER ? this.#reactor.drawReceiveSize() : SIMULATED_LARGE_SIZE;
      const read = socket.in.read(arena.memory, start, size);
      completions.push({ kind: 'received', buffer, start, end: start + read });
    }
    if (socket.ended) {
      this.#endCollected = true;
      completions.push({ kind: 'ended' });
    }
  }

  #collectClosed(completions: Completion[], socket: Socket): void {
    const { flushed } = this.#outbox;
    if (socket.error !== null) {
      const unread = socket.in.arrived > 0 && flushed && this.#leaving === 'no';
      const unnoticed = this.#paused && flushed && !this.#reactor.resetSeenWhilePaused && this.#leaving === 'no';
      if (unread || unnoticed) return;
      this.#pushClosed(completions, this.#leaving === 'no' ? socket.error : Closed.local);
    } else if (this.#leaving === 'close' && flushed) {
      this.#pushClosed(completions, Closed.local);
    } else if (this.#leaving === 'linger' && this.#finSent && (socket.ended || this.#lingerTime < 0)) {
      this.#pushClosed(completions, Closed.local);
    } else if (this.#finSent && this.#endDelivered && this.#leaving === 'no') {
      this.#pushClosed(completions, Closed.finished);
    }
  }

  #pushClosed(completions: Completion[], reason: Closed): void {
    this.#closeCollected = true;
    this.#socket?.close();
    completions.push({ kind: 'closed', reason });
  }

  // ---- delivering

  #deliverConnected(): void {
    if (this.#leaving !== 'no') return;
    this.#trace('onConnected');
    this.handler.onConnected(this);
  }

  #deliverSent(handover: Handover): void {
    this.#outbox.settle(handover);
    if (handover.buffers.length === 0 || this.#leaving === 'abort') return;
    this.#trace(`onSent, ${this.unsent} unsent`);
    this.handler.onSent(this);
  }

  #deliverIncoming(incoming: Incoming): void {
    if (this.#leaving !== 'no') {
      if (incoming.kind === 'received') this.#reactor.arena.release(incoming.buffer);
      return;
    }
    if (this.#paused || this.#kept.length > 0) {
      this.#kept.push(incoming);
      return;
    }
    if (incoming.kind === 'received') {
      this.#trace(`onReceive ${incoming.end - incoming.start}`);
      this.handler.onReceive(this, incoming.buffer, incoming.start, incoming.end);
      return;
    }
    this.#endDelivered = true;
    this.#trace('onEnd');
    this.handler.onEnd(this);
    this.wake();
  }

  #deliverClosed(reason: Closed): void {
    this.#letGo();
    this.#trace(`onClosed ${nameOf(reason)}`);
    this.handler.onClosed(this, reason);
  }

  #letGo(): void {
    this.#gone = true;
    this.#reactor.wheel.remove(this);
    this.#lingerTimer?.cancel();
    const { arena } = this.#reactor;
    this.#outbox.clear();
    this.#turn?.giveBack();
    for (const incoming of this.#kept.splice(0)) if (incoming.kind === 'received') arena.release(incoming.buffer);
    this.#reactor.forgetConnection(this);
  }

  // ---- the rest

  #leave(how: Exclude<Leaving, 'no'>): void {
    if (this.#gone || this.#leaving !== 'no') return;
    this.#trace(how);
    this.#leaving = how;
    this.wake();
  }

  #startLingering(): void {
    this.#lingerTimer = this.#reactor.network.after(this.#lingerTime, () => {
      this.#lingerTime = -1;
      this.wake();
    });
  }

  #setEndpoints(local: Endpoint, remote: Endpoint): void {
    this.localAddress = local.address;
    this.localPort = local.port;
    this.remoteAddress = remote.address;
    this.remotePort = remote.port;
  }

  #trace(what: string): void {
    this.#reactor.trace(`#${this.id}`, what);
  }
}
