import type { ConnectionContext } from './connection-context.ts';
import type { Pacer } from './pacer.ts';
import { Phase } from './phase.ts';
import { RangeQueue } from './range-queue.ts';
import { Arrival, Closed, type Connection, type ConnectionHandler, type Endpoint, type Unsettled } from './reactor.ts';
import { SendTurn } from './send-turn.ts';
import { WheelEntry } from './timer-wheel.ts';

/** Bytes of a peer that are thrown away while it has time to take its answer: whoever sends more does not look for one. */
const MOST_LINGERED = 256 * 1024 * 1024;

const NOWHERE: Endpoint = { address: '', port: 0 };

/**
 * The life of a TCP connection over whatever moves its bytes. Calls from protocol code only change state and have the
 * connection settled at the end of the turn; there, operations are started and callbacks are made that are not the
 * direct answer to an event. Subclasses start the operations and report what came of them.
 *
 * It is its own deadline in the wheel, and holds as little as can be outside of itself: with many connections, each object
 * that an event touches is one that has to be fetched from memory.
 */
export abstract class StreamConnection extends WheelEntry implements Connection, Unsettled {
  handler: ConnectionHandler;
  largeReceives = false;
  pacer: Pacer | null = null;
  /** Bytes that wait for sending or are being sent. */
  protected readonly queue = new RangeQueue();
  /** Ranges at the front of the queue that are being sent. */
  protected sending = 0;
  #handedOver = 0;
  readonly #context: ConnectionContext;
  #phase: Phase;
  #unsettled = false;
  #paused = false;
  /** Came while paused. */
  #backlog: RangeQueue | null = null;
  #peerEnded = false;
  #endDelivered = false;
  #finWanted = false;
  #finSent = false;
  #lingerTime = 0;
  #lingered = 0;
  /** Sending has failed for this reason; what the peer sent before is still read. */
  #broken: Closed | null = null;
  #reason: Closed = Closed.local;
  #remote: Endpoint | null;
  /** Of one that has had to ask its pacer. */
  #turn: SendTurn | null = null;
  #local: Endpoint | null = null;

  /** With a `remote`, the connection has yet to be made. */
  constructor(context: ConnectionContext, handler: ConnectionHandler, remote: Endpoint | null) {
    super();
    this.#context = context;
    this.handler = handler;
    this.#remote = remote;
    this.#phase = remote === null ? Phase.open : Phase.connecting;
  }

  // What protocol code calls.

  get remoteAddress(): string {
    return this.#remoteEndpoint().address;
  }

  get remotePort(): number {
    return this.#remoteEndpoint().port;
  }

  get heldBack(): number {
    return this.#turn === null ? 0 : this.#turn.heldBack;
  }

  get isSated(): boolean {
    return this.#turn === null ? false : this.#turn.isSated;
  }

  /** Nobody is asked here. */
  roundTrip(): number {
    return -1;
  }

  get localAddress(): string {
    return this.#localEndpoint().address;
  }

  get localPort(): number {
    return this.#localEndpoint().port;
  }

  get tls(): null {
    return null;
  }

  get unsent(): number {
    return this.queue.bytes;
  }

  get queued(): number {
    return this.queue.length;
  }

  get handedOver(): number {
    return this.#handedOver;
  }

  arrivalBehind(mark: number): Arrival {
    if (this.sending === 0 && this.#handedOver <= mark) return Arrival.none;
    // A send that failed has taken the error with it, and what looks like the peer's end then is none.
    if (this.#phase >= Phase.ending || this.#broken !== null) return Arrival.unknown;
    return this.askArrival(mark, this.#peerEnded);
  }

  send(buffer: number, start: number, end: number): void {
    if (this.#phase > Phase.open || this.#finWanted || this.#broken !== null || start === end) {
      this.#context.arena.release(buffer);
      return;
    }
    this.queue.push(buffer, start, end);
    if (this.sending === 0) this.unsettle();
  }

  end(): void {
    if (this.#phase >= Phase.ending) return;
    this.#finWanted = true;
    this.unsettle();
  }

  close(): void {
    if (this.#phase >= Phase.ending) return;
    if (this.#phase === Phase.connecting) {
      this.abort();
      return;
    }
    this.#phase = Phase.closing;
    this.#dropBacklog();
    this.unsettle();
  }

  closeLingering(milliseconds: number): void {
    if (this.#phase !== Phase.open) {
      this.close();
      return;
    }
    this.#phase = Phase.lingering;
    this.#lingerTime = milliseconds;
    this.#finWanted = true;
    this.#dropBacklog();
    this.unsettle();
  }

  abort(): void {
    if (this.#phase >= Phase.ending) return;
    if (this.#phase !== Phase.connecting) this.prepareReset();
    this.finishWith(Closed.local);
  }

  pause(): void {
    this.#paused = true;
    if (this.#broken !== null) this.unsettle();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.unsettle();
  }

  setDeadline(at: number): void {
    if (this.#phase >= Phase.ending || this.#isLingering()) return;
    if (at === 0) this.#context.wheel.clear(this);
    else this.#context.wheel.arm(this, at);
  }

  // What the reactor calls.

  /** Its deadline has passed. */
  expire(): void {
    if (this.#isLingering()) this.finishWith(Closed.local);
    else if (this.#phase < Phase.ending) this.handler.onDeadline(this);
  }

  /** Does what the calls and events since the last time have made necessary. */
  settle(): void {
    this.#unsettled = false;
    if (this.#phase === Phase.open) this.#deliver();
    if (this.#phase === Phase.ending) {
      if (this.isQuiet()) this.#retire();
      return;
    }
    if (this.#phase === Phase.connecting || this.#phase === Phase.gone) return;
    if (this.#broken !== null && (this.#paused || this.#peerEnded)) {
      this.finishWith(this.#broken);
      return;
    }
    if (this.sending === 0) {
      if (this.queue.length > 0) this.#send();
      else if (this.#flushed()) return;
    }
    const kept = this.#backlog !== null && this.#backlog.length > 0;
    const wanted = !this.#peerEnded && (this.#phase !== Phase.open || !(this.#paused || kept));
    this.adjustReceiving(wanted, kept);
  }

  /** Has the connection settled at the end of the turn. */
  unsettle(): void {
    if (this.#unsettled) return;
    this.#unsettled = true;
    this.#context.unsettle(this);
  }

  // What subclasses do.

  /** Asks the system for `arrivalBehind`; `peerEnded`: the peer's FIN has come. */
  protected askArrival(_mark: number, _peerEnded: boolean): Arrival {
    return Arrival.unknown;
  }

  /**
   * Starts sending ranges from the front of the queue, of up to `most` bytes, and sets `sending` to how many those are. Of
   * the last one a part may do.
   */
  protected abstract sendQueued(most: number): void;
  /** Starts or stops receiving; `kept` says that something has come that nobody wants now. */
  protected abstract adjustReceiving(wanted: boolean, kept: boolean): void;
  protected abstract sendFin(): void;
  /** Makes giving up the socket send a reset. */
  protected abstract prepareReset(): void;
  /** Gives up the socket and cancels what is in flight. Followed by `unsettle` when it has become quiet. */
  protected abstract giveUp(): void;
  /** Whether nothing is in flight: no event will be reported any more and no memory is used. */
  protected abstract isQuiet(): boolean;
  /** Nothing will be called any more. */
  protected abstract forget(): void;
  protected abstract readRemote(): Endpoint;
  protected abstract readLocal(): Endpoint;

  // What subclasses report.

  protected get isEnding(): boolean {
    return this.#phase >= Phase.ending;
  }

  protected get isConnecting(): boolean {
    return this.#phase === Phase.connecting;
  }

  protected connected(): void {
    this.#phase = Phase.open;
    this.unsettle();
    this.handler.onConnected(this);
  }

  /** Bytes have arrived in a buffer with one count. */
  protected received(buffer: number, start: number, end: number): void {
    if (this.#phase !== Phase.open) {
      this.#context.arena.release(buffer);
      if (this.#phase !== Phase.lingering) return;
      this.#lingered += end - start;
      if (this.#lingered > MOST_LINGERED) this.finishWith(Closed.local);
    } else if (this.#paused || (this.#backlog !== null && this.#backlog.length > 0)) {
      this.#backlog ??= new RangeQueue();
      // What arrives during a pause is limited in bytes; so are the buffers that it takes, however small the pieces are.
      this.#backlog.append(buffer, start, end, this.#context.arena);
      this.unsettle();
    } else {
      this.handler.onReceive(this, buffer, start, end);
    }
  }

  protected peerHasEnded(): void {
    this.#peerEnded = true;
    this.unsettle();
  }

  protected receiveFailed(reason: Closed): void {
    if (this.#phase < Phase.ending) this.finishWith(this.#broken ?? reason);
  }

  /** `count` bytes from the front of the queue have been handed over; nothing is being sent now. */
  protected sent(count: number): void {
    const { arena } = this.#context;
    const expected = this.sending;
    this.sending = 0;
    this.#handedOver += count;
    if (this.#phase === Phase.ending) {
      this.queue.truncate(0, arena);
      this.unsettle();
      return;
    }
    const finished = this.queue.consume(count, arena);
    if (this.#turn !== null) this.#turn.taken(count, this.queue.length === 0);
    if (finished < expected || this.queue.length > 0 || this.#finWanted || this.#phase !== Phase.open) this.unsettle();
    if (finished > 0) this.handler.onSent(this);
  }

  /** Nothing is being sent now, and nothing more can be sent. `taken`: so many bytes may have been handed over all the same. */
  protected sendFailed(reason: Closed, taken: number): void {
    this.sending = 0;
    this.#handedOver += taken;
    this.queue.truncate(0, this.#context.arena);
    if (this.#phase === Phase.ending) {
      this.unsettle();
    } else if (this.#phase === Phase.open) {
      // What the peer sent before it went, an early answer say, is delivered first if somebody wants it.
      this.#broken = reason;
      this.unsettle();
    } else {
      this.finishWith(reason);
    }
  }

  protected finishWith(reason: Closed): void {
    this.#phase = Phase.ending;
    this.#turn?.giveBack();
    this.#reason = reason;
    this.#context.wheel.remove(this);
    this.#dropBacklog();
    this.queue.truncate(this.sending, this.#context.arena);
    this.giveUp();
    this.unsettle();
  }

  /** As much as its pacer allows. */
  #send(): void {
    const { pacer } = this;
    let most = Number.POSITIVE_INFINITY;
    if (pacer?.isLimited === true) {
      const { clock } = this.#context;
      this.#turn ??= new SendTurn({ clock, queue: this.queue, wake: () => this.unsettle() });
      most = this.#turn.allowed(pacer, this.queue.bytes);
    }
    if (most > 0) this.sendQueued(most);
  }

  /** Hands on what was kept while paused, and then the end. */
  #deliver(): void {
    const backlog = this.#backlog;
    while (backlog !== null && backlog.length > 0 && !this.#paused && this.#phase === Phase.open) {
      const buffer = backlog.buffer(0);
      const start = backlog.start(0);
      const end = backlog.end(0);
      backlog.shift();
      this.handler.onReceive(this, buffer, start, end);
    }
    if (!this.#peerEnded || this.#endDelivered || this.#paused) return;
    if (this.#phase !== Phase.open || this.#broken !== null) return;
    this.#endDelivered = true;
    this.handler.onEnd(this);
  }

  /** Everything queued has been handed over. Returns whether that was all there was to do. */
  #flushed(): boolean {
    if (this.#phase === Phase.closing) {
      this.finishWith(Closed.local);
      return true;
    }
    if (!this.#finWanted || this.#broken !== null) return false;
    if (!this.#finSent) {
      this.#finSent = true;
      this.sendFin();
      if (this.#phase === Phase.lingering) {
        this.#context.wheel.arm(this, this.#context.clock.now + this.#lingerTime);
      }
    }
    if (!this.#peerEnded || (this.#phase === Phase.open && !this.#endDelivered)) return false;
    this.finishWith(this.#phase === Phase.open ? Closed.finished : Closed.local);
    return true;
  }

  #isLingering(): boolean {
    return this.#phase === Phase.lingering && this.#finSent;
  }

  #dropBacklog(): void {
    this.#backlog?.truncate(0, this.#context.arena);
  }

  #retire(): void {
    this.#phase = Phase.gone;
    this.forget();
    this.handler.onClosed(this, this.#reason);
  }

  #remoteEndpoint(): Endpoint {
    return (this.#remote ??= this.#phase < Phase.ending ? this.readRemote() : NOWHERE);
  }

  #localEndpoint(): Endpoint {
    if (this.#phase === Phase.connecting) return NOWHERE;
    return (this.#local ??= this.#phase < Phase.ending ? this.readLocal() : NOWHERE);
  }
}
