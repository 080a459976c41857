import { PLAIN_HTTP } from '@evenkeel/model/plan/http.ts';
import { Limit, NO_LIMIT } from '../limits/limit.ts';
import type { AwaitedHead } from '../overload/waiting-heads.ts';
import type { Closed, Connection, ConnectionHandler } from '../reactor/reactor.ts';
import type { Client } from '../source-address/client.ts';
import { ListenerCell } from '../telemetry/cells.ts';
import { EndReason } from '../telemetry/end-reason.ts';
import type { UpgradedSession } from '../upgrade/upgraded-session.ts';
import type { OwnConnections } from '../upstream/own-connections.ts';
import type { Target } from '../upstream/target.ts';
import type { WorkerContext } from '../worker/context.ts';
import type { Listener, Session } from '../worker/listener.ts';
import { CR, LF } from './characters.ts';
import { closesClient, doubtsOf, isRefused, severeReason } from './desync.ts';
import type { ExchangeClient } from './exchange-client.ts';
import { HeadError, LIMIT_OF_HEAD_ERROR, STATUS_OF_HEAD_ERROR } from './head-error.ts';
import { InputQueue } from './input-queue.ts';
import { DRAIN_LINGER, LINGER } from './linger.ts';
import type { OpenExchange } from './open-exchange.ts';
import { hasLineEnd, MAX_HEAD, PartialHead } from './partial-head.ts';

/**
 * One client connection of an HTTP listener: reads requests one after the other and has each carried out. Nothing of a
 * body is kept but what one side has sent and the other not yet taken.
 */
export class HttpSession implements ConnectionHandler, ExchangeClient, Session, AwaitedHead {
  readonly listener: Listener;
  readonly connection: Connection;
  readonly client: Client;
  /** Neighbours in the listener's list of sessions. */
  previous: Session | null = null;
  next: Session | null = null;
  beforeInWait: AwaitedHead | null = null;
  afterInWait: AwaitedHead | null = null;
  inWait = false;
  own: OwnConnections | null = null;

  readonly #worker: WorkerContext;
  /** Of the request under way; between requests, one that is nobody's. */
  #exchange: OpenExchange;
  /** Of a head that comes in pieces; null: none has yet. */
  #partial: PartialHead | null = null;
  readonly #input = new InputQueue();
  #pumping = false;
  #paused = false;
  /** The client has ended its side. */
  #ended = false;
  #gone = false;
  /** Closing has begun; nothing that arrives counts any more. */
  #closing = false;
  /** The client has said that it sends nothing behind its request. */
  #last = false;
  /** When the first byte of a head came that comes in pieces. */
  #headStartedAt = 0;
  /** Requests that have begun. */
  #requests = 0;
  #pausedAt = 0;
  /** Where the worker may remember the fields that this client sends. */
  #hint: number;

  constructor(worker: WorkerContext, listener: Listener, connection: Connection, client: Client) {
    this.#worker = worker;
    this.listener = listener;
    this.connection = connection;
    connection.largeReceives = true;
    this.client = client;
    this.#hint = worker.requestHead.firstHint;
    this.#exchange = worker.exchanges.none;
    listener.cells[ListenerCell.connections]!++;
    listener.cells[ListenerCell.activeConnections]!++;
    worker.overload.waiting.add(this);
    connection.setDeadline(worker.reactor.now + listener.planned.idleTimeout);
  }

  /** Lets a request finish, of which a part of the head is there; else closes when the client has seen the end. */
  drain(): void {
    if (this.#exchange.active) this.#exchange.keepAlive = false;
    else if (!this.#closing && !this.#hasPartial) this.#close(DRAIN_LINGER);
  }

  cut(): void {
    const exchange = this.#exchange;
    if (exchange.active && !exchange.responseStarted) {
      exchange.keepAlive = false;
      exchange.fail(503, EndReason.proxyResponseHead);
    } else if (this.#hasPartial) this.#refusePartial(503, EndReason.proxyRequestHead, NO_LIMIT);
    else {
      this.#closing = true;
      if (exchange.active) exchange.cut(EndReason.proxyResponseBody);
      else this.connection.abort();
    }
  }

  /** Without an answer: its place is wanted now. One that has sent nothing leaves no request behind. */
  giveUpWaiting(): void {
    if (this.#hasPartial) this.#leavePartial(EndReason.proxyRequestHead, Limit.waitingHeads);
    else this.listener.cells[ListenerCell.limits + Limit.waitingHeads]!++;
    this.#closing = true;
    this.connection.abort();
  }

  cutFrom(target: Target): void {
    if (this.#exchange.uses(target)) this.cut();
  }

  onConnected(_connection: Connection): void {}

  onReceive(_connection: Connection, buffer: number, start: number, end: number): void {
    this.#input.push(buffer, start, end);
    this.#pump();
  }

  onSent(_connection: Connection): void {
    if (this.#exchange.active) this.#exchange.onClientSent();
  }

  onEnd(_connection: Connection): void {
    const exchange = this.#exchange;
    this.#ended = true;
    if (!exchange.active) {
      this.#leavePartial();
      this.#close(0);
      return;
    }
    exchange.keepAlive = false;
    this.#endBody();
  }

  onDeadline(connection: Connection): void {
    const exchange = this.#exchange;
    if (!exchange.active) {
      if (this.#hasPartial) this.#refusePartial(408, EndReason.clientRequestHead, Limit.headerTimeout);
      else this.#close(0);
    } else if (connection.unsent > 0) {
      if (exchange.response.excusesClient()) return;
      this.#closing = true;
      exchange.cutSlowClient();
    } else if (exchange.awaitsBody && !this.#paused) {
      exchange.limited(exchange.bodyPace.wasSlow ? Limit.minimumRate : Limit.bodyTimeout);
      exchange.fail(408, EndReason.clientRequestBody);
    }
  }

  onClosed(_connection: Connection, _reason: Closed): void {
    this.#gone = true;
    if (this.#exchange.active) this.#exchange.onClientGone();
    else this.#leavePartial();
    this.own?.clear();
    this.#partial?.clear();
    this.#input.clear(this.#worker.arena);
    this.listener.cells[ListenerCell.activeConnections]!--;
    this.listener.leave();
    this.#worker.overload.waiting.remove(this);
    this.listener.removeSession(this);
  }

  onExchangeReady(): void {
    this.#pump();
  }

  onExchangeOver(): void {
    const { exchanges } = this.#worker;
    const { keepAlive, lingers } = this.#exchange;
    exchanges.give(this.#exchange);
    this.#exchange = exchanges.none;
    if (this.#gone || this.#closing) return;
    if (lingers || !keepAlive) {
      this.#close(lingers || this.#expectsMore() ? LINGER : 0);
      return;
    }
    // The client owes the next request.
    this.connection.setDeadline(this.#worker.reactor.now + this.listener.limits.requestWait);
    this.#pump();
  }

  onSwitched(session: UpgradedSession): void {
    // What is known of the request goes on with its tunnel.
    this.#exchange = this.#worker.exchanges.none;
    this.own?.clear();
    this.#closing = true;
    this.listener.removeSession(this);
    this.listener.addSession(session);
    session.begin(this.#input, this.#ended);
  }

  /** Takes what has arrived as far as it can be used now. A loop, so that pipelined requests do not nest. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    const input = this.#input;
    while (!input.empty && !this.#gone && !this.#closing) {
      if (!this.#exchange.active) this.#receiveHead();
      else if (this.#exchange.takesBody) this.#receiveBody();
      else break;
    }
    this.#pumping = false;
    if (this.#gone || this.#closing) return;
    const exchange = this.#exchange;
    if (this.#ended && exchange.active) {
      this.#endBody();
      return;
    }
    const paused = !input.empty || (exchange.active && exchange.isHeldUp);
    if (paused === this.#paused) return;
    this.#paused = paused;
    if (paused) {
      this.#pausedAt = this.#worker.reactor.now;
      this.connection.pause();
      return;
    }
    this.connection.resume();
    if (!exchange.active || exchange.body.done) return;
    exchange.bodyPace.excuse(this.#worker.reactor.now - this.#pausedAt);
    this.connection.setDeadline(exchange.bodyPace.until);
  }

  /** The client has ended: what is missing of the body will never come, and must not pass for the whole. */
  #endBody(): void {
    if (this.#exchange.awaitsBody && this.#input.empty) this.#exchange.fail(400, EndReason.clientRequestBody);
  }

  #receiveHead(): void {
    const input = this.#input;
    const { buffer, start, end } = input;
    input.shift();
    const partial = this.#partial;
    if (partial?.waiting === true) this.#extendHead(partial, buffer, start, end);
    else this.#parseHead(buffer, start, end, this.#worker.reactor.now);
  }

  /** Then no exchange is active, and the connection is not closing. */
  get #hasPartial(): boolean {
    return this.#partial?.waiting === true;
  }

  /** A head comes in pieces. */
  #extendHead(partial: PartialHead, buffer: number, start: number, end: number): void {
    const { arena, memory } = this.#worker;
    if (!hasLineEnd(memory, start, end)) {
      const kept = partial.extend(memory, start, end, this.listener.limits.headerSize);
      arena.release(buffer);
      if (!kept) this.#refusePartial(431, EndReason.clientRequestHead, Limit.headerSize);
    } else if (!partial.join(arena, start, end)) {
      arena.release(buffer);
      this.#refusePartial(503, EndReason.proxyRequestHead, Limit.overload);
    } else {
      if (partial.rest < end) this.#input.unshift(buffer, partial.rest, end);
      else arena.release(buffer);
      this.#parseHead(partial.buffer, partial.start, partial.end, this.#headStartedAt);
    }
  }

  /** `startedAt`: when the first byte of the head came. */
  #parseHead(buffer: number, start: number, end: number, startedAt: number): void {
    const { arena, memory, reactor, requestHead } = this.#worker;
    let error: HeadError = HeadError.incomplete;
    // An empty line in front of a request is passed over (RFC 9112 section 2.2); a lone CR may become one.
    if (memory[start] !== CR || end - start > 1) {
      if (memory[start] === CR && memory[start + 1] === LF) start += 2;
      if (start === end) {
        arena.release(buffer);
        this.connection.setDeadline(reactor.now + this.listener.planned.idleTimeout);
        return;
      }
      error = requestHead.parse(memory, start, Math.min(end, start + MAX_HEAD), this.#hint);
    }
    if (error === HeadError.none) {
      this.#hint = requestHead.slot;
      this.#startRequest(buffer, end, startedAt);
      return;
    }
    const tooLarge = end - start >= this.listener.limits.headerSize;
    if (error !== HeadError.incomplete || tooLarge) {
      this.#refuseHead(error === HeadError.incomplete ? HeadError.headTooLarge : error, buffer, start, end, startedAt);
      return;
    }
    this.#headStartedAt = startedAt;
    (this.#partial ??= new PartialHead()).keep(memory, start, end);
    arena.release(buffer);
    this.#worker.overload.waiting.add(this);
    this.connection.setDeadline(startedAt + this.listener.planned.headerTimeout);
  }

  /** The head is in the worker's parser, and the buffer it lies in is ours. */
  #startRequest(buffer: number, end: number, startedAt: number): void {
    const { requestHead: head, arena, memory } = this.#worker;
    const doubts = doubtsOf(memory, head);
    const { limits } = this.listener;
    if (this.inWait) this.#worker.overload.waiting.remove(this);
    let { keepAlive } = head;
    this.#last = !keepAlive;
    const exchange = this.#begin(startedAt);
    if (++this.#requests >= limits.requestsPerConnection || this.#worker.overload.sparesConnections) keepAlive = false;
    if (limits.asksOfHeads) {
      const limit = limits.beyond(head);
      if (limit !== NO_LIMIT) {
        this.#refuseLarge(exchange, limit, buffer, end);
        return;
      }
    }
    if (doubts !== 0) {
      const mode = (this.listener.planned.http ?? PLAIN_HTTP).desyncMode;
      exchange.doubt(doubts);
      if (isRefused(mode, doubts)) {
        exchange.request.keepRefused(buffer, head.methodStart, end);
        exchange.refuse(400, EndReason.clientRequestHead);
        return;
      }
      if (closesClient(mode, doubts)) keepAlive = false;
    }
    // The exchange may be over when `start` returns; what lies behind the request needs a count of its own before.
    arena.retain(buffer);
    const rest = exchange.request.start(buffer, end, keepAlive && !this.#ended && !this.listener.closing);
    if (!exchange.body.done) exchange.bodyPace.start(this.#worker.reactor.now, limits.bodyWait);
    this.#afterBody(exchange, buffer, rest, end);
  }

  #begin(startedAt: number): OpenExchange {
    this.#exchange = this.#worker.exchanges.take();
    this.#exchange.begin(this, startedAt);
    return this.#exchange;
  }

  #receiveBody(): void {
    const exchange = this.#exchange;
    const { buffer, start, end } = this.#input;
    this.#input.shift();
    this.#worker.arena.retain(buffer);
    exchange.bodyPace.moved(this.#worker.reactor.now, end - start, this.listener.limits.perByte);
    const rest = exchange.request.takeBody(buffer, start, end);
    this.#afterBody(exchange, buffer, rest, end);
  }

  /** memory[rest, end) belongs to the next request; with it comes one count of the buffer. */
  #afterBody(exchange: OpenExchange, buffer: number, rest: number, end: number): void {
    const { active, body, bodyPace, responseStarted } = exchange;
    if (rest < end && !body.failed) this.#input.unshift(buffer, rest, end);
    else this.#worker.arena.release(buffer);
    if (!active) return;
    // While a response is on its way out, the deadline is about its being taken.
    if (!body.done) {
      if (!responseStarted || this.connection.unsent === 0) this.connection.setDeadline(bodyPace.until);
    } else if (!responseStarted) this.connection.setDeadline(0);
  }

  /** memory[start, end) is no request; one count of the buffer comes with it. */
  #refuseHead(error: HeadError, buffer: number, start: number, end: number, startedAt: number): void {
    const reason = severeReason(error);
    this.#worker.overload.waiting.remove(this);
    const exchange = this.#begin(startedAt);
    exchange.request.keepRefused(buffer, start, end);
    if (reason >= 0) exchange.doubt(1 << reason);
    const limit = LIMIT_OF_HEAD_ERROR[error] ?? NO_LIMIT;
    if (limit !== NO_LIMIT) exchange.limited(limit);
    exchange.refuse(STATUS_OF_HEAD_ERROR[error]!, EndReason.clientRequestHead);
  }

  /** The request that has begun has a head beyond a limit of the listener; one count of the buffer comes with it. */
  #refuseLarge(exchange: OpenExchange, limit: Limit, buffer: number, end: number): void {
    exchange.request.keepRefused(buffer, this.#worker.requestHead.methodStart, end);
    exchange.limited(limit);
    exchange.refuse(limit === Limit.targetLength ? 414 : 431, EndReason.clientRequestHead);
  }

  #refusePartial(status: number, reason: EndReason, limit: Limit | typeof NO_LIMIT): void {
    this.#beginPartial(limit).refuse(status, reason);
  }

  /** A connection that ends amid a head leaves a request behind that nobody answers. */
  #leavePartial(reason: EndReason = EndReason.clientRequestHead, limit: Limit | typeof NO_LIMIT = NO_LIMIT): void {
    if (!this.#hasPartial) return;
    this.#closing = true;
    this.#beginPartial(limit).leave(reason);
  }

  /** What has come of a head is all that will be read of it; `limit`: why, or `NO_LIMIT`. */
  #beginPartial(limit: Limit | typeof NO_LIMIT): OpenExchange {
    this.#worker.overload.waiting.remove(this);
    const exchange = this.#begin(this.#headStartedAt);
    if (limit !== NO_LIMIT) exchange.limited(limit);
    this.#partial?.giveUp(this.#worker.arena, exchange.request);
    return exchange;
  }

  /**
   * Whether the client may still send something. Bytes that wait unread, or come later, would turn a close into a reset
   * that could overtake the answer: a client that expects to go on may have sent the next request already (RFC 9112
   * section 9.6).
   */
  #expectsMore(): boolean {
    return !this.#ended && !(this.#last && this.#input.empty);
  }

  /** `linger`: how long a client that may still be sending has to take its answer, in milliseconds; 0: no time. */
  #close(linger: number): void {
    this.#closing = true;
    if (linger > 0) this.connection.closeLingering(linger);
    else this.connection.close();
  }
}
