import { NO_BUFFER, type StaticRange } from '../reactor/arena.ts';
import { Closed, type Connection, type ConnectionHandler, type Reactor, type Unsettled } from '../reactor/reactor.ts';
import { ConnectionAbove } from './connection-above.ts';
import { type Deliverer, Delivery } from './delivery.ts';
import { takeError } from './ffi/errors.ts';
import {
  ERR_clear_error,
  SSL_do_handshake,
  SSL_ERROR_WANT_READ,
  SSL_free,
  SSL_get_error,
  SSL_shutdown,
} from './ffi/openssl.ts';
import { handshakeError } from './handshake-error.ts';
import type { TlsLibrary } from './library.ts';
import { RecordReader } from './record-reader.ts';
import { RecordWriter } from './record-writer.ts';
import type { TlsInfo } from './tls-info.ts';

/** How long the peer has to take the alert that says why the connection ends, in milliseconds. */
const ALERT_LINGER = 1_000;

/** How soon it is looked again whether there are buffers. */
const STARVED_RETRY = 10;

const State = {
  handshake: 0,
  open: 1,
  /** `close`: what waits is encrypted as buffers become free. */
  closing: 2,
  /** All has been said; the connection beneath closes. */
  closed: 3,
  failed: 4,
  gone: 5,
} as const;

/**
 * A connection whose bytes are TLS records on another connection, of which this is the handler: whoever uses it knows
 * nothing of TLS. `onConnected` comes, on both sides, when the handshake is done; nothing is delivered before.
 *
 * What arrives is decrypted at once, into the buffer that it came in, so that nothing of it is left in OpenSSL but the
 * beginning of a record. A peer that ends without having said so in TLS (close_notify) has been cut off, and is
 * reported as a reset (RFC 8446 section 6.1).
 */
export abstract class SecureConnection extends ConnectionAbove implements Deliverer, ConnectionHandler, Unsettled {
  handler: ConnectionHandler;
  /** Of no effect: what arrives is decrypted record by record, into ordinary buffers. */
  largeReceives = false;
  /** Null until the handshake is done. */
  tls: TlsInfo | null = null;
  /** Why TLS has failed, in a few words; empty when it has not. */
  failure = '';
  protected readonly raw: Connection;
  protected readonly reactor: Reactor;
  protected readonly library: TlsLibrary;
  /** 0 before and after. */
  protected ssl = 0;
  readonly #reader: RecordReader;
  readonly #writer: RecordWriter;
  readonly #delivery: Delivery;
  #state: number = State.handshake;
  #finWanted = false;
  #finSent = false;
  #linger = 0;
  #retrying = false;
  /** What to report instead of what the connection beneath says. */
  #reason: Closed | null = null;

  /** `open` gives the connection beneath, of which this one is to be the handler. */
  constructor(
    reactor: Reactor,
    library: TlsLibrary,
    open: (handler: ConnectionHandler) => Connection,
    handler: ConnectionHandler,
  ) {
    super();
    this.reactor = reactor;
    this.library = library;
    this.handler = handler;
    this.raw = open(this);
    this.#reader = new RecordReader(reactor.arena, library);
    this.#writer = new RecordWriter(reactor.arena, library, this.raw);
    this.#delivery = new Delivery(this, reactor.arena, this.#reader);
  }

  // What users call.

  get isOpen(): boolean {
    return this.#state === State.open;
  }

  get unsent(): number {
    return this.raw.unsent + this.#writer.waiting.bytes;
  }

  get queued(): number {
    return this.raw.queued + this.#writer.waiting.length;
  }

  send(buffer: number, start: number, end: number): void {
    if (this.#state > State.open || this.#finWanted || this.#delivery.truncated || start === end) {
      this.reactor.arena.release(buffer);
      return;
    }
    this.#writer.waiting.push(buffer, start, end);
    this.#write();
  }

  end(): void {
    if (this.#state > State.open || this.#finWanted) return;
    this.#finWanted = true;
    this.#write();
  }

  close(): void {
    this.#close(0);
  }

  closeLingering(milliseconds: number): void {
    this.#close(milliseconds);
  }

  abort(): void {
    if (this.#state === State.gone) return;
    this.#state = State.failed;
    this.#drop();
    this.raw.abort();
  }

  pause(): void {
    this.#delivery.paused = true;
    if (this.#state === State.open) this.raw.pause();
  }

  resume(): void {
    if (!this.#delivery.paused) return;
    this.#delivery.paused = false;
    if (this.#state !== State.open) return;
    if (this.#delivery.owes()) this.reactor.unsettle(this);
    else if (!this.#reader.starving) this.raw.resume();
  }

  // What the connection beneath calls.

  abstract onConnected(raw: Connection): void;

  onReceive(_raw: Connection, buffer: number, start: number, end: number): void {
    if (this.#state > State.open) {
      this.reactor.arena.release(buffer);
      return;
    }
    if (this.ssl === 0) this.receiveHello(buffer, start, end);
    else this.decrypt(buffer, start, end);
  }

  onSent(_raw: Connection): void {
    if (this.#state === State.gone || this.ssl === 0) return;
    this.#write();
    if (this.#state !== State.handshake && this.#state <= State.closed) this.handler.onSent(this);
  }

  onEnd(_raw: Connection): void {
    if (this.#state === State.handshake) {
      this.giveUp('the peer ended within the handshake');
      return;
    }
    if (this.#state !== State.open || this.#reader.ended) return;
    this.#delivery.truncated = true;
    this.#deliverKept();
  }

  onDeadline(_raw: Connection): void {
    if (this.#state < State.failed) this.handler.onDeadline(this);
  }

  onClosed(_raw: Connection, reason: Closed): void {
    this.#state = State.gone;
    this.#drop();
    if (this.ssl !== 0) SSL_free(this.ssl);
    this.ssl = 0;
    const finished = this.#finSent && this.#reader.ended;
    this.handler.onClosed(this, this.#reason ?? (finished ? Closed.finished : reason));
  }

  settle(): void {
    this.#deliverKept();
  }

  // What the two sides do.

  /** How long a connection that is closed waits for its peer at least, in milliseconds. */
  protected get closeLinger(): number {
    return 0;
  }

  /** Bytes came before there is an SSL object. */
  protected abstract receiveHello(buffer: number, start: number, end: number): void;

  /** What the handshake has settled. */
  protected abstract readInfo(): TlsInfo;

  /** Feeds what came into TLS and hands on what it was; one count of the buffer comes with it. */
  protected decrypt(buffer: number, start: number, end: number): void {
    this.#reader.feed(start, end);
    const connects = this.#state === State.handshake;
    if (connects && !this.shakeHands()) this.reactor.arena.release(buffer);
    else this.#read(buffer, connects);
  }

  /** Goes on with the handshake. Returns whether it is done; when it has failed, the connection is on its way out. */
  protected shakeHands(): boolean {
    const result = SSL_do_handshake(this.ssl);
    const error = result === 1 ? 0 : SSL_get_error(this.ssl, result);
    if (error !== 0 && error !== SSL_ERROR_WANT_READ) {
      this.#reader.discard();
      this.#fail(handshakeError(this.ssl));
      return false;
    }
    if (!this.#writer.flush()) {
      this.#reader.discard();
      this.#endWith(Closed.exhausted, 'no buffers');
      return false;
    }
    if (result !== 1) return false;
    ERR_clear_error();
    this.#state = State.open;
    this.tls = this.readInfo();
    return true;
  }

  /** Ends the connection with an alert (RFC 8446 section 6) before TLS is there to send one. */
  protected refuse(alert: number, reason: string): void {
    this.#writer.sendAlert(alert);
    this.#turnAway(reason);
  }

  /** Ends the connection with an answer in the clear, for a peer that has not begun with TLS. */
  protected answerInClear({ start, end }: StaticRange, reason: string): void {
    this.raw.send(NO_BUFFER, start, end);
    this.#turnAway(reason);
  }

  #turnAway(reason: string): void {
    this.failure = reason;
    this.#state = State.failed;
    this.#reason = Closed.handshake;
    this.raw.closeLingering(ALERT_LINGER);
  }

  /** Ends the connection without a word, as there can be no TLS on it. */
  protected giveUp(reason: string): void {
    this.#endWith(Closed.handshake, reason);
  }

  /**
   * All is taken out of OpenSSL before anybody hears of it: whoever does may use other connections. `connects`: the
   * handshake has just ended.
   */
  #read(buffer: number, connects: boolean): void {
    const failure = this.#reader.read(this.ssl, buffer);
    // A key update is answered from inside of reading (RFC 8446 section 4.6.3).
    const said = this.#writer.flush();
    if (connects) {
      if (this.#delivery.paused) this.raw.pause();
      this.handler.onConnected(this);
      this.#write();
    }
    this.#delivery.handOn(this.library.decrypted);
    if (this.#reader.starving) {
      // Nothing more is read until there are buffers for what has come.
      this.raw.pause();
      this.#retryLater();
    }
    if (failure !== '') this.#fail(failure);
    else if (!said) this.#endWith(Closed.exhausted, 'no buffers');
    else if (this.#reader.ended) this.#deliverKept();
  }

  /** Hands on what was kept while paused, then what could not be put anywhere, and then the end. */
  #deliverKept(): void {
    const delivery = this.#delivery;
    if (!delivery.handOnKept()) return;
    // Only now: what is kept is of one receive at most.
    this.raw.resume();
    if (delivery.truncated) {
      this.#endWith(Closed.reset, 'the peer ended without close_notify');
    } else if (this.#reader.ended && !delivery.endDelivered) {
      delivery.endDelivered = true;
      this.handler.onEnd(this);
      this.#closeWhenFinished();
    }
  }

  #retryLater(): void {
    if (this.#retrying) return;
    this.#retrying = true;
    this.reactor.setTimer(STARVED_RETRY, () => {
      this.#retrying = false;
      if (this.#state !== State.gone) this.#retry();
    });
  }

  #retry(): void {
    const reader = this.#reader;
    if (reader.starving) {
      reader.unspill();
      this.#delivery.handOn(this.library.decrypted);
      if (reader.starving) this.#retryLater();
      else this.#deliverKept();
    }
    this.#write();
  }

  /** Encrypts what waits, as far as there are buffers, and what follows when that is all. */
  #write(): void {
    if (this.#state !== State.open && this.#state !== State.closing) return;
    if (!this.#writer.write(this.ssl)) {
      this.#fail(takeError());
      return;
    }
    if (this.#writer.waiting.length > 0) {
      if (this.raw.unsent === 0) this.#retryLater();
      return;
    }
    if (this.#state === State.closing) this.#finishClosing();
    else if (this.#finWanted && !this.#finSent) {
      this.#sayEnd();
      this.raw.end();
      this.#closeWhenFinished();
    }
  }

  /** Says in TLS that nothing more will be sent. */
  #sayEnd(): void {
    if (this.#finSent) return;
    this.#finSent = true;
    SSL_shutdown(this.ssl);
    this.#writer.flush();
  }

  /** Both sides have said in TLS that they have ended; whether the peer also ends its TCP side does not matter. */
  #closeWhenFinished(): void {
    if (this.#finSent && this.#delivery.endDelivered && this.#state === State.open) {
      this.#state = State.closed;
      this.raw.close();
    }
  }

  #close(linger: number): void {
    if (this.#state === State.handshake) {
      this.abort();
      return;
    }
    if (this.#state !== State.open) return;
    this.#state = State.closing;
    this.#linger = linger;
    this.#delivery.drop();
    this.#write();
  }

  #finishClosing(): void {
    this.#sayEnd();
    this.#state = State.closed;
    const linger = Math.max(this.#linger, this.closeLinger);
    if (linger > 0) this.raw.closeLingering(linger);
    else this.raw.close();
  }

  /** TLS cannot go on; the peer is told by the alert that OpenSSL has made. */
  #fail(reason: string): void {
    const before = this.#state;
    if (before >= State.failed) return;
    this.failure = reason;
    this.#reason = before === State.handshake ? Closed.handshake : Closed.failed;
    this.#state = State.failed;
    this.#drop();
    this.#writer.flush();
    this.raw.closeLingering(ALERT_LINGER);
  }

  #endWith(reason: Closed, failure: string): void {
    this.failure = failure;
    this.#reason = reason;
    this.#state = State.failed;
    this.#drop();
    this.raw.abort();
  }

  #drop(): void {
    this.#delivery.drop();
    this.#writer.waiting.truncate(0, this.reactor.arena);
  }
}
