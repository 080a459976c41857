import { FAILED } from '../balance/latency.ts';
import { Body, BodyKind } from '../http1/body.ts';
import { Field } from '../http1/field-names.ts';
import { HeadError } from '../http1/head-error.ts';
import { keepAliveTimeout } from '../http1/keep-alive-field.ts';
import { hasLineEnd, MAX_HEAD, PartialHead } from '../http1/partial-head.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { type Arena, HEADROOM, NO_BUFFER, RECEIVE_SIZE } from '../reactor/arena.ts';
import { Arrival, Closed, type Connection, type ConnectionHandler, type Reactor } from '../reactor/reactor.ts';
import type { AnnouncedClient } from '../source-address/proxy-protocol/announce.ts';
import { judgeLoss } from '../standing/judge-loss.ts';
import { TargetCell } from '../telemetry/cells.ts';
import type { TargetTls } from '../tls/target-tls.ts';
import { connectTarget, type WayToTargets } from './connect-target.ts';
import type { Exchange, UpstreamLoss } from './exchange.ts';
import { KeptPlace } from './kept-list.ts';
import type { Target } from './target.ts';

const KEEP_ALIVE_BIT = 1 << Field.keepAlive;

/** How often the system is asked what has become of a request that met the target's end, and how long. Milliseconds. */
const ASK_EVERY = 10;
const ASK_LONGEST = 1_000;

const State = { connecting: 0, idle: 1, head: 2, body: 3, gone: 4 } as const;

/** One HTTP/1.1 connection to a target: carries one exchange at a time, and waits in the target's pool in between. */
export class UpstreamConnection implements ConnectionHandler {
  readonly target: Target;
  readonly connection: Connection;
  /** What it is secured by, and whom the target was asked for; a request that wants others takes another connection. */
  readonly tls: TargetTls | null;
  readonly serverName: string;
  /** Where it waits among the target's kept connections. */
  readonly place = new KeptPlace<UpstreamConnection>(this);
  readonly placeOfName = new KeptPlace<UpstreamConnection>(this);
  readonly #reactor: Reactor;
  readonly #arena: Arena;
  readonly #head: ResponseHead;
  readonly #body = new Body();
  readonly #partial = new PartialHead();
  #exchange: Exchange | null;
  #state: number = State.connecting;
  #readTimeout = 0;
  #sendTimeout = 0;
  /** Sooner than the read timeout, the exchange is asked once whether it turns to another target; 0: it is not. */
  tryTimeout = 0;
  /** When the request that it carries began to be sent. */
  #sentAt = 0;
  /** Whether the target owes the next move, so that its silence is counted. */
  #expecting = false;
  #reused = false;
  /** When it began to wait for a request, and for how long it had waited before the present one. */
  idleSince = 0;
  #idleFor = 0;
  #bytesSeen = false;
  /** What had been handed over when the request that it carries began. */
  #mark = 0;
  /** When the target ended before it answered a request for which it matters whether it came; 0: it did not. */
  #endedAt = 0;
  #keepAlive = false;
  /** The chunked framing of the response is taken off. */
  #plain = false;
  /** It waits outside of the target's pool. */
  #waitsAlone = false;

  /**
   * Connects on behalf of `client`, in a place that the target has given (`openConnection`); `exchange` hears of the outcome. `head` is the worker's parser. */
  constructor(
    reactor: Reactor,
    head: ResponseHead,
    target: Target,
    exchange: Exchange,
    service: WayToTargets,
    client: AnnouncedClient,
    serverName: string,
  ) {
    this.#reactor = reactor;
    this.#arena = reactor.arena;
    this.#head = head;
    this.target = target;
    this.#exchange = exchange;
    this.tls = service.tls;
    this.serverName = serverName;
    this.connection = connectTarget(reactor, service, target, client, serverName, this);
    this.connection.largeReceives = true;
    this.connection.setDeadline(reactor.now + service.planned.connectTimeout);
  }

  /** Takes a kept connection for a request. */
  attach(exchange: Exchange): void {
    this.#exchange = exchange;
    this.#reused = true;
    this.#idleFor = this.#reactor.now - this.idleSince;
    if (this.#waitsAlone) this.#leaveWaiting();
  }

  /**
   * Sends the beginning of the request, head included; one count of the buffer goes with it. `complete`: that is all of
   * the request. `readTimeout`: longest silence of the target while it is expected to move, `sendTimeout`: longest time
   * in which it may take nothing, in milliseconds.
   */
  start(buffer: number, start: number, end: number, complete: boolean, readTimeout: number, sendTimeout: number): void {
    this.#state = State.head;
    this.#bytesSeen = false;
    this.#readTimeout = readTimeout;
    this.#sendTimeout = sendTimeout;
    if (this.tryTimeout >= readTimeout) this.tryTimeout = 0;
    this.#sentAt = this.#reactor.now;
    this.#mark = this.connection.handedOver;
    this.expectProgress(complete);
    this.send(buffer, start, end);
  }

  /** Says whether the target owes the next move; the time it has begins anew. */
  expectProgress(expecting: boolean): void {
    this.#expecting = expecting;
    const limit = this.tryTimeout > 0 ? this.tryTimeout : this.#readTimeout;
    this.connection.setDeadline(expecting ? this.#reactor.now + limit : 0);
  }

  /** The target does not take what it was sent: from now on it has so long to take more. */
  expectTaking(): void {
    this.#expecting = true;
    this.connection.setDeadline(this.#reactor.now + this.#sendTimeout);
  }

  /** Sends more of the request; one count of the buffer goes with it. */
  send(buffer: number, start: number, end: number): void {
    this.target.cells[TargetCell.bytesSent]! += end - start;
    this.connection.send(buffer, start, end);
  }

  /** Stops reading the response while the client does not take it; the target's silence is not counted meanwhile. */
  pause(): void {
    this.connection.pause();
    this.expectProgress(false);
  }

  resume(): void {
    this.connection.resume();
    this.expectProgress(true);
  }

  /** Gives the connection back after a complete exchange that left it reusable. */
  release(): void {
    this.#becomeIdle();
    if (!this.target.keep(this)) this.discard();
  }

  /** Like `release`, but whoever calls it keeps the connection, for the client that it tells of. */
  wait(): void {
    this.#becomeIdle();
    this.#waitsAlone = true;
    this.target.cells[TargetCell.idleConnections]!++;
  }

  /** It is let go before the target would close it. */
  #becomeIdle(): void {
    const { now } = this.#reactor;
    this.#exchange = null;
    this.#state = State.idle;
    this.idleSince = now;
    this.connection.setDeadline(now + this.target.idleLimit.keepFor(now));
  }

  /** Whether it can carry a request: it may have gone since it began to wait. */
  get waits(): boolean {
    return this.#state === State.idle;
  }

  /** Closes a connection that owes nothing; says nothing to the exchange. */
  discard(): void {
    if (this.#state === State.gone) return;
    this.#exchange = null;
    this.#leave();
    this.connection.close();
  }

  /** Cuts the exchange off; says nothing to it. */
  abort(): void {
    if (this.#state === State.gone) return;
    this.#exchange = null;
    this.#leave();
    this.connection.abort();
  }

  /**
   * Gives the connection away after a 101, to whoever becomes its handler: that one counts its end, and what passes from
   * now on.
   */
  detach(): Connection {
    this.#exchange = null;
    this.#state = State.gone;
    this.#partial.clear();
    return this.connection;
  }

  onConnected(connection: Connection): void {
    connection.setDeadline(0);
    this.#exchange?.onUpstreamReady();
  }

  onReceive(_connection: Connection, buffer: number, start: number, end: number): void {
    this.target.cells[TargetCell.bytesReceived]! += end - start;
    if (this.#state === State.head) this.#receiveHead(buffer, start, end);
    else if (this.#state === State.body) this.#receiveBody(buffer, start, end);
    else {
      // A response that nobody asked for: whatever is meant, the next request must not be answered with it.
      this.#arena.release(buffer);
      this.discard();
    }
  }

  onSent(connection: Connection): void {
    this.#exchange?.onUpstreamSent(connection);
  }

  onEnd(_connection: Connection): void {
    if (this.#state === State.body && this.#exchange !== null && this.#endsWithConnection()) {
      this.#finish(false);
      return;
    }
    if (this.#isStale && this.#exchange?.dependsOnArrival === true) {
      this.#endedAt = this.#reactor.now;
      this.#awaitArrival();
    } else this.#lose('closed', Closed.finished);
  }

  /** The target's system answers what it was sent after it had ended: by a reset, if nobody is there to read it. */
  #awaitArrival(): void {
    const { now } = this.#reactor;
    const open = this.connection.arrivalBehind(this.#mark) === Arrival.open;
    if (open && now < this.#endedAt + ASK_LONGEST) this.connection.setDeadline(now + ASK_EVERY);
    else this.#lose('closed', Closed.finished);
  }

  onDeadline(_connection: Connection): void {
    if (this.#state === State.idle) {
      this.target.idleLimit.survived();
      this.discard();
    } else if (this.#endedAt > 0) this.#awaitArrival();
    else if (this.#state === State.head && this.tryTimeout > 0) this.#askForMore();
    else this.#lose('timeout', Closed.timedOut);
  }

  /** The time of one try is over: the exchange goes, or waits for as long as the target may be silent. */
  #askForMore(): void {
    const rest = this.#readTimeout - this.tryTimeout;
    this.tryTimeout = 0;
    if (this.#exchange?.onSlowTry() !== true) this.connection.setDeadline(this.#reactor.now + rest);
  }

  onClosed(_connection: Connection, reason: Closed): void {
    if (this.#state === State.gone) return;
    this.#lose(reason === Closed.exhausted ? 'exhausted' : 'closed', reason);
  }

  /** It was kept for the request that it carries, of whose answer nothing has come. */
  get #isStale(): boolean {
    return this.#state === State.head && this.#reused && !this.#bytesSeen;
  }

  #endsWithConnection(): boolean {
    return this.#body.kind === BodyKind.untilClose;
  }

  #receiveHead(buffer: number, start: number, end: number): void {
    const arena = this.#arena;
    const memory = arena.memory;
    if (!this.#bytesSeen) {
      this.#bytesSeen = true;
      if (this.#reused) this.target.idleLimit.outlived(this.#idleFor);
    }
    if (this.#partial.waiting) {
      const joined = hasLineEnd(memory, start, end) && this.#partial.join(arena, start, end);
      if (!joined) {
        const kept = this.#partial.extend(memory, start, end);
        arena.release(buffer);
        if (!kept) this.#lose('invalid', Closed.local);
        return;
      }
      const { buffer: whole, start: from, end: to, rest } = this.#partial;
      const tail = rest < end;
      if (!tail) arena.release(buffer);
      this.#parseHead(whole, from, to);
      if (tail) this.#receiveRest(buffer, rest, end);
      return;
    }
    this.#parseHead(buffer, start, end);
  }

  /** What came behind a head that was joined from pieces, or copied with the bytes behind it. */
  #receiveRest(buffer: number, start: number, end: number): void {
    if (this.#state === State.body) this.#receiveBody(buffer, start, end);
    else if (this.#state === State.head && !this.#partial.waiting) this.#parseHead(buffer, start, end);
    else if (this.connection.handler !== this) {
      // The head was a 101: its taker counts these bytes, which are counted here already.
      this.target.cells[TargetCell.bytesReceived]! -= end - start;
      this.connection.handler.onReceive(this.connection, buffer, start, end);
    } else {
      this.#arena.release(buffer);
      if (this.#state === State.idle) this.discard();
      else this.#lose('invalid', Closed.local);
    }
  }

  #parseHead(buffer: number, start: number, end: number): void {
    const arena = this.#arena;
    const head = this.#head;
    let at = start;
    for (;;) {
      const error = head.parse(arena.memory, at, Math.min(end, at + MAX_HEAD), this.target.headSlot);
      if (error === HeadError.incomplete) {
        if (end - at >= MAX_HEAD) {
          arena.release(buffer);
          this.#lose('invalid', Closed.local);
          return;
        }
        this.#partial.keep(arena.memory, at, end);
        arena.release(buffer);
        return;
      }
      if (error !== HeadError.none) {
        arena.release(buffer);
        this.#lose('invalid', Closed.local);
        return;
      }
      if (head.status >= 200 || head.status === 101) {
        this.target.headSlot = head.slot;
        break;
      }
      const exchange = this.#exchange;
      if (exchange === null) {
        arena.release(buffer);
        return;
      }
      arena.retain(buffer);
      at = head.end;
      exchange.onInterimResponse(head, buffer);
      if (at === end || this.#state !== State.head) {
        arena.release(buffer);
        return;
      }
    }
    if (at > start) {
      // Bytes in front of this head are on their way out: the head is changed in a buffer of its own.
      const fresh = arena.acquire();
      if (fresh === NO_BUFFER) {
        arena.release(buffer);
        this.#lose('exhausted', Closed.exhausted);
        return;
      }
      const to = arena.base(fresh) + HEADROOM;
      const copied = Math.min(end - at, RECEIVE_SIZE);
      const rest = at + copied;
      arena.memory.copyWithin(to, at, rest);
      if (rest === end) arena.release(buffer);
      head.parse(arena.memory, to, to + copied);
      this.#beginBody(fresh, to + copied);
      if (rest < end) this.#receiveRest(buffer, rest, end);
      return;
    }
    this.#beginBody(buffer, end);
  }

  #beginBody(buffer: number, end: number): void {
    const exchange = this.#exchange;
    const head = this.#head;
    const body = this.#body;
    if (exchange === null) {
      this.#arena.release(buffer);
      return;
    }
    const status = head.status;
    if (status === 101) {
      this.target.watch?.answered(status, this.#reactor.now - this.#sentAt);
      this.#switch(exchange, buffer, end);
      return;
    }
    this.target.cells[TargetCell.responses + Math.floor(status / 100)]!++;
    const took = this.#reactor.now - this.#sentAt;
    if (this.target.latencies !== null) this.target.observe(took, this.#reactor.wallTime);
    this.target.watch?.answered(status, took);
    this.tryTimeout = 0;
    if (exchange.expectsNoBody || status === 204 || status === 304) body.startNone();
    else if (head.chunked) body.startChunked();
    else if (head.contentLength >= 0) body.startLength(head.contentLength);
    else body.startUntilClose();
    this.#state = State.body;
    this.#keepAlive = head.keepAlive && !this.#endsWithConnection();
    if ((head.fields.known & KEEP_ALIVE_BIT) !== 0) this.#readKeepAlive(head);
    if (this.#expecting) this.expectProgress(true);
    this.#plain = body.kind === BodyKind.chunked && exchange.wantsPlainBody(head);
    if (this.#plain) {
      const headEnd = head.end;
      if (headEnd < end) this.#arena.retain(buffer);
      exchange.onResponseHead(head, buffer, headEnd, false);
      if (headEnd < end) this.#receiveBody(buffer, headEnd, end);
      return;
    }
    const bodyEnd = body.consume(this.#arena.memory, head.end, end);
    if (body.failed) {
      this.#arena.release(buffer);
      this.#lose('invalid', Closed.local);
      return;
    }
    exchange.onResponseHead(head, buffer, bodyEnd, this.#endsWithConnection());
    if (body.done && this.#exchange === exchange) this.#finish(this.#keepAlive && bodyEnd === end);
  }

  /** Many servers say how long they wait; it is not standard, but where it is said it is true. */
  #readKeepAlive({ fields }: ResponseHead): void {
    const index = fields.indexOf(Field.keepAlive);
    const seconds = keepAliveTimeout(this.#arena.memory, fields.valueStart(index), fields.valueEnd(index));
    if (seconds >= 0) this.target.idleLimit.told(seconds * 1_000);
  }

  #switch(exchange: Exchange, buffer: number, end: number): void {
    if (exchange.onSwitch(this.#head, buffer, end)) {
      this.target.cells[TargetCell.responses + 1]!++;
      return;
    }
    this.#arena.release(buffer);
    this.#lose('invalid', Closed.local);
  }

  #receiveBody(buffer: number, start: number, end: number): void {
    const exchange = this.#exchange;
    const body = this.#body;
    if (exchange === null || body.done) {
      this.#arena.release(buffer);
      this.discard();
      return;
    }
    if (this.#expecting) this.expectProgress(true);
    let bodyEnd: number;
    if (this.#plain) {
      bodyEnd = this.#passPlain(exchange, buffer, start, end);
    } else {
      bodyEnd = body.consume(this.#arena.memory, start, end);
      if (!body.failed) exchange.onResponseBody(buffer, start, bodyEnd);
      else this.#arena.release(buffer);
    }
    if (this.#exchange !== exchange) return;
    if (body.failed) this.#lose('invalid', Closed.local);
    else if (body.done) this.#finish(this.#keepAlive && bodyEnd === end);
  }

  /** Hands on the data of the chunks without their framing. */
  #passPlain(exchange: Exchange, buffer: number, start: number, end: number): number {
    const chunks = this.#body.chunks;
    let at = start;
    while (at < end && !chunks.done && !chunks.failed && this.#exchange === exchange) {
      at = chunks.next(this.#arena.memory, at, end);
      if (chunks.dataEnd > chunks.dataStart) {
        this.#arena.retain(buffer);
        exchange.onResponseBody(buffer, chunks.dataStart, chunks.dataEnd);
      }
    }
    this.#body.takeChunkState();
    this.#arena.release(buffer);
    return at;
  }

  #finish(reusable: boolean): void {
    this.connection.setDeadline(0);
    this.#exchange?.onResponseDone(reusable);
  }

  /** The connection is of no more use; tells the exchange if there is one. */
  #lose(cause: UpstreamLoss['cause'], reason: Closed): void {
    if (this.#state === State.gone) return;
    const state = this.#state;
    const exchange = this.#exchange;
    const staleReuse = this.#isStale && cause === 'closed';
    // Nobody knows once the connection is given up.
    const unread = staleReuse && this.connection.arrivalBehind(this.#mark) === Arrival.none;
    this.#exchange = null;
    this.#leave();
    this.connection.abort();
    if (state === State.connecting) this.target.cells[TargetCell.connectErrors]!++;
    if (exchange === null) {
      if (state === State.idle && cause === 'closed') this.#learnLimit(this.#reactor.now - this.idleSince);
      return;
    }
    const loss: UpstreamLoss = {
      phase: state === State.connecting ? 'connect' : state === State.body ? 'response-body' : 'response-head',
      cause,
      reason,
      staleReuse,
      unread,
      bytesSeen: this.#bytesSeen,
    };
    if (staleReuse) this.#learnLimit(this.#idleFor);
    else if (this.target.latencies !== null) this.target.observe(FAILED, this.#reactor.wallTime);
    if (this.target.watch !== null) judgeLoss(this.target.watch, loss);
    exchange.onUpstreamLost(loss);
  }

  /** The target has closed a connection that had waited for so long. */
  #learnLimit(waited: number): void {
    this.target.idleLimit.closedAfter(waited, this.#reactor.now);
  }

  #leaveWaiting(): void {
    this.#waitsAlone = false;
    this.target.cells[TargetCell.idleConnections]!--;
  }

  #leave(): void {
    this.target.forget(this);
    if (this.#waitsAlone) this.#leaveWaiting();
    this.#state = State.gone;
    this.#partial.clear();
    this.target.closeConnection();
  }
}
