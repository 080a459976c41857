import { clientHash } from '../balance/client-hash.ts';
import { NO_BUFFER } from '../reactor/arena.ts';
import type { Closed, Connection, ConnectionHandler } from '../reactor/reactor.ts';
import { ListenerCell, TargetCell } from '../telemetry/cells.ts';
import { countDuration } from '../telemetry/duration.ts';
import { EndReason } from '../telemetry/end-reason.ts';
import { RequestRecord } from '../telemetry/request-record.ts';
import { UpstreamConnection } from '../upstream/connection.ts';
import type { Exchange, UpstreamLoss } from '../upstream/exchange.ts';
import type { Service } from '../upstream/service.ts';
import type { Target } from '../upstream/target.ts';
import { isCongested, isRelieved } from '../worker/back-pressure.ts';
import type { WorkerContext } from '../worker/context.ts';
import type { Listener, Session } from '../worker/listener.ts';
import { Body } from './body.ts';
import { HeadError, STATUS_OF_HEAD_ERROR } from './head-error.ts';
import { InputQueue } from './input-queue.ts';
import { isIdempotent, Method } from './method.ts';
import { hasLineEnd, MAX_HEAD, PartialHead } from './partial-head.ts';
import type { ResponseHead } from './response-head.ts';

/** Targets that are tried for one request before it fails. */
const MAX_ATTEMPTS = 3;

/** How long an answer to a client that is still sending is kept from being reset, in milliseconds. */
const LINGER = 2_000;

/**
 * One client connection of an HTTP listener: reads requests one after the other, has each carried out by a target, and
 * hands the response on as it comes. Nothing of a body is kept but what one side has sent and the other not yet taken.
 *
 * The request's first buffer (head, and what came of the body with it) is held until the exchange ends: it is what a
 * second attempt sends, and what the access log reads.
 */
export class HttpSession implements ConnectionHandler, Exchange, Session {
  readonly listener: Listener;
  readonly connection: Connection;
  /** Neighbours in the listener's list of sessions. */
  previous: Session | null = null;
  next: Session | null = null;

  readonly #worker: WorkerContext;
  readonly #clientHash: number;
  readonly #partial = new PartialHead();
  readonly #input = new InputQueue();
  readonly #requestBody = new Body();
  #pumping = false;
  #paused = false;
  #ended = false;
  #gone = false;
  /** Closing has begun; nothing that arrives counts any more. */
  #closing = false;
  /** When the first byte of the head that is being read came. */
  #headStartedAt = 0;

  // The request under way; meaningful while #active.
  #active = false;
  #method: Method = Method.other;
  #minor = 1;
  #keepAlive = true;
  #buffer = NO_BUFFER;
  #start = 0;
  #end = 0;
  #wholeInBuffer = false;
  /** The client may still be sending what nobody will read. */
  #lingers = false;
  /** The client has said that it sends nothing behind this request. */
  #last = false;
  #service: Service | null = null;
  #target: Target | null = null;
  #upstream: UpstreamConnection | null = null;
  #upstreamReady = false;
  #upstreamPaused = false;
  #attempts = 0;
  #tried = -1;
  #responseStarted = false;
  #responseDone = false;
  readonly #record = new RequestRecord();

  constructor(worker: WorkerContext, listener: Listener, connection: Connection) {
    this.#worker = worker;
    this.listener = listener;
    this.connection = connection;
    this.#clientHash = clientHash(connection.remoteAddress);
    listener.cells[ListenerCell.connections]!++;
    listener.cells[ListenerCell.activeConnections]!++;
    connection.setDeadline(worker.reactor.now + listener.planned.idleTimeout);
  }

  get expectsNoBody(): boolean {
    return this.#method === Method.head;
  }

  get wantsPlainBody(): boolean {
    return this.#minor === 0;
  }

  /** Lets the request under way finish and then closes; an idle connection closes at once. */
  drain(): void {
    if (this.#active) this.#keepAlive = false;
    else if (!this.#closing) this.#close();
  }

  cut(): void {
    this.#record.reason = EndReason.proxyResponseBody;
    if (this.#active) this.#cut();
    else this.connection.abort();
  }

  cutFrom(target: Target): void {
    if (this.#target === target) this.cut();
  }

  // --- the client's side -------------------------------------------------------------------------------------------

  onConnected(_connection: Connection): void {}

  onReceive(_connection: Connection, buffer: number, start: number, end: number): void {
    this.#input.push(buffer, start, end);
    this.#pump();
  }

  onSent(connection: Connection): void {
    if (!this.#active) return;
    if (connection.unsent > 0) connection.setDeadline(this.#worker.reactor.now + this.listener.planned.idleTimeout);
    if (this.#upstreamPaused && isRelieved(connection)) {
      this.#upstreamPaused = false;
      this.#upstream?.resume();
    }
    if (this.#responseDone && connection.unsent === 0) {
      this.#finish();
      this.#pump();
    }
  }

  onEnd(_connection: Connection): void {
    this.#ended = true;
    this.#keepAlive = false;
    if (!this.#active) {
      if (this.#partial.waiting) this.listener.cells[ListenerCell.reasons + EndReason.clientRequestHead]!++;
      this.#close();
    } else if (!this.#requestBody.done && !this.#responseDone && this.#input.empty) {
      // The rest of the body will never come; what the target has of it must not pass for the whole.
      this.#record.reason = EndReason.clientRequestBody;
      this.#fail(400);
    }
  }

  onDeadline(connection: Connection): void {
    if (!this.#active) {
      if (this.#partial.waiting) {
        this.#partial.clear();
        this.#begin();
        this.#lingers = true;
        this.#record.reason = EndReason.clientRequestHead;
        this.#keepAlive = false;
        this.#answer(408);
      } else this.#close();
    } else if (connection.unsent > 0) {
      this.#record.reason = EndReason.clientResponseBody;
      this.#cut();
    } else if (!this.#requestBody.done && !this.#responseDone && !this.#paused) {
      this.#record.reason = EndReason.clientRequestBody;
      this.#fail(408);
    }
  }

  onClosed(_connection: Connection, _reason: Closed): void {
    this.#gone = true;
    if (this.#active) {
      if (this.#record.reason === EndReason.none) {
        this.#record.reason = this.#responseStarted
          ? EndReason.clientResponseBody
          : this.#requestBody.done
            ? EndReason.clientResponseHead
            : EndReason.clientRequestBody;
        if (!this.#responseStarted) this.#record.status = 499;
      }
      this.#upstream?.abort();
      this.#upstream = null;
      this.#leaveTarget();
      this.#finish();
    }
    this.#partial.clear();
    this.#input.clear(this.#worker.arena);
    this.listener.cells[ListenerCell.activeConnections]!--;
    this.listener.removeSession(this);
  }

  /** Takes what has arrived as far as it can be used now. A loop, so that pipelined requests do not nest. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    const input = this.#input;
    while (!input.empty && !this.#gone && !this.#closing) {
      if (!this.#active) this.#receiveHead(input.buffer, input.start, input.end, input);
      else if (!this.#requestBody.done && this.#upstreamReady && !this.#congested()) {
        this.#receiveBody(input.buffer, input.start, input.end, input);
      } else break;
    }
    this.#pumping = false;
    if (this.#gone || this.#closing) return;
    if (this.#ended && input.empty && this.#active && !this.#requestBody.done && !this.#responseDone) {
      this.#record.reason = EndReason.clientRequestBody;
      this.#fail(400);
      return;
    }
    const paused =
      !input.empty || (this.#active && !this.#requestBody.done && this.#upstreamReady && this.#congested());
    if (paused === this.#paused) return;
    this.#paused = paused;
    if (paused) {
      this.connection.pause();
      return;
    }
    this.connection.resume();
    if (this.#active && !this.#requestBody.done) this.#expectBody();
  }

  #congested(): boolean {
    return this.#upstream !== null && isCongested(this.#upstream.connection);
  }

  #receiveHead(buffer: number, start: number, end: number, input: InputQueue): void {
    const worker = this.#worker;
    const memory = worker.memory;
    input.shift();
    if (this.#partial.waiting) {
      if (!hasLineEnd(memory, start, end)) {
        const kept = this.#partial.extend(memory, start, end);
        worker.arena.release(buffer);
        if (!kept) this.#refuse(HeadError.headTooLarge);
        return;
      }
      if (!this.#partial.join(worker.arena, start, end)) {
        worker.arena.release(buffer);
        this.#partial.clear();
        this.#begin();
        this.#lingers = true;
        this.#record.reason = EndReason.proxyRequestHead;
        this.#keepAlive = false;
        this.#answer(503);
        return;
      }
      const joined = this.#partial;
      if (joined.rest < end) input.unshift(buffer, joined.rest, end);
      else worker.arena.release(buffer);
      this.#parseHead(joined.buffer, joined.start, joined.end);
      return;
    }
    this.#headStartedAt = worker.reactor.now;
    // An empty line in front of a request is passed over (RFC 9112 section 2.2).
    if (end - start >= 2 && memory[start] === 13 && memory[start + 1] === 10) start += 2;
    if (start === end) {
      worker.arena.release(buffer);
      return;
    }
    this.#parseHead(buffer, start, end);
  }

  #parseHead(buffer: number, start: number, end: number): void {
    const worker = this.#worker;
    const head = worker.requestHead;
    const error = head.parse(worker.memory, start, end);
    if (error === HeadError.none) {
      this.#beginRequest(buffer, end);
      return;
    }
    if (error === HeadError.incomplete && end - start < MAX_HEAD) {
      this.#partial.keep(worker.memory, start, end);
      worker.arena.release(buffer);
      this.connection.setDeadline(this.#headStartedAt + this.listener.planned.headerTimeout);
      return;
    }
    worker.arena.release(buffer);
    this.#refuse(error === HeadError.incomplete ? HeadError.headTooLarge : error);
  }

  /** The head is in the worker's parser; what came with it ends at `end`. The session now owns one count of the buffer. */
  #beginRequest(buffer: number, end: number): void {
    const worker = this.#worker;
    const head = worker.requestHead;
    const body = this.#requestBody;
    this.#begin();
    this.#method = head.method;
    this.#minor = head.minor;
    this.#keepAlive = head.keepAlive && !this.#ended && !this.listener.closing;
    this.#last = !head.keepAlive;
    if (head.chunked) body.startChunked();
    else if (head.contentLength > 0) body.startLength(head.contentLength);
    else body.startNone();
    const bodyEnd = body.consume(worker.memory, head.end, end);
    this.#buffer = buffer;
    this.#end = bodyEnd;
    this.#wholeInBuffer = body.done;
    this.#record.bytesReceived = bodyEnd - head.methodStart;
    if (bodyEnd < end && !body.failed) {
      worker.arena.retain(buffer);
      this.#input.unshift(buffer, bodyEnd, end);
    }
    this.#start = worker.rewriter.request(head, this.connection);
    this.#rememberSpans();
    if (body.failed) {
      this.#record.reason = EndReason.clientRequestBody;
      this.#fail(400);
      return;
    }
    if (body.done) this.connection.setDeadline(0);
    else this.#expectBody();
    this.#dispatch();
  }

  #receiveBody(buffer: number, start: number, end: number, input: InputQueue): void {
    const body = this.#requestBody;
    const upstream = this.#upstream;
    if (upstream === null) throw new Error('a request body needs a connection to go to');
    const bodyEnd = body.consume(this.#worker.memory, start, end);
    input.shift();
    this.#record.bytesReceived += bodyEnd - start;
    this.#wholeInBuffer = false;
    if (body.failed) {
      this.#worker.arena.release(buffer);
      this.#record.reason = EndReason.clientRequestBody;
      this.#fail(400);
      return;
    }
    if (bodyEnd < end) {
      this.#worker.arena.retain(buffer);
      input.unshift(buffer, bodyEnd, end);
    }
    if (bodyEnd > start) upstream.send(buffer, start, bodyEnd);
    else this.#worker.arena.release(buffer);
    // From the last byte on, and while it does not take what is sent, the target owes the next move.
    upstream.expectProgress(body.done || this.#congested());
    if (body.done) this.connection.setDeadline(0);
    else this.#expectBody();
  }

  /** The client owes more of the request's body. */
  #expectBody(): void {
    this.connection.setDeadline(this.#worker.reactor.now + this.listener.planned.idleTimeout);
  }

  // --- the target's side -------------------------------------------------------------------------------------------

  /** Sends the request to a target; called again for the next attempt. */
  #dispatch(): void {
    const service = this.listener.service;
    if (service !== this.#service) this.#tried = -1;
    this.#service = service;
    const index = service === null ? -1 : service.pick(this.#clientHash, this.#tried);
    if (service === null || index < 0) {
      this.#record.reason = EndReason.proxyRoute;
      this.#fail(503);
      return;
    }
    const target = service.targets[index]!;
    this.#attempts++;
    this.#tried = index;
    this.#useTarget(service, target, target.takeIdle());
  }

  #useTarget(service: Service, target: Target, kept: UpstreamConnection | null): void {
    this.#target = target;
    this.#record.target = target.name;
    target.begin();
    this.#record.dispatchedAt = this.#worker.reactor.now;
    if (kept === null) {
      this.#upstream = new UpstreamConnection(
        this.#worker.reactor,
        this.#worker.responseHead,
        target,
        this,
        service.planned.connectTimeout,
      );
      return;
    }
    this.#upstream = kept;
    kept.attach(this);
    this.#sendRequest();
  }

  onUpstreamReady(): void {
    this.#sendRequest();
    this.#pump();
  }

  #sendRequest(): void {
    const upstream = this.#upstream;
    const service = this.#service;
    if (upstream === null || service === null) throw new Error('a request without a target cannot be sent');
    this.#upstreamReady = true;
    this.#record.readyAt = this.#worker.reactor.now;
    this.#worker.arena.retain(this.#buffer);
    upstream.start(this.#buffer, this.#start, this.#end, this.#requestBody.done, service.planned.readTimeout);
  }

  onUpstreamSent(connection: Connection): void {
    if (this.#requestBody.done || !isRelieved(connection)) return;
    this.#upstream?.expectProgress(false);
    this.#pump();
  }

  onUpstreamLost(loss: UpstreamLoss): void {
    this.#upstream = null;
    this.#upstreamReady = false;
    this.#leaveTarget();
    if (this.#responseStarted) {
      this.#record.reason = EndReason.targetResponseBody;
      this.#cut();
      return;
    }
    if (loss.phase === 'connect') {
      // Not one byte has gone to that target, so another one may be asked whatever the method.
      this.#record.reason = loss.cause === 'exhausted' ? EndReason.proxyConnect : EndReason.targetConnect;
      if (this.#attempts < MAX_ATTEMPTS) this.#dispatch();
      else this.#fail(loss.cause === 'timeout' ? 504 : 502);
      return;
    }
    if (loss.staleReuse && this.#wholeInBuffer && isIdempotent(this.#method)) {
      this.#replay();
      return;
    }
    this.#record.reason = EndReason.targetResponseHead;
    this.#fail(loss.cause === 'timeout' ? 504 : 502);
  }

  /** The kept connection was closing as the request went out: once more on a new one (RFC 9112 section 9.3.1). */
  #replay(): void {
    const service = this.#service;
    const target = service === null || this.#tried < 0 ? undefined : service.targets[this.#tried];
    if (service === null || target === undefined || target.gone) {
      this.#dispatch();
      return;
    }
    target.cells[TargetCell.replays]!++;
    this.#useTarget(service, target, null);
  }

  onInterimResponse(buffer: number, start: number, end: number): void {
    this.listener.cells[ListenerCell.responses + 1]!++;
    // HTTP/1.0 has no interim responses (RFC 9110 section 15.2).
    if (this.#minor === 0) this.#worker.arena.release(buffer);
    else this.#send(buffer, start, end);
  }

  onResponseHead(head: ResponseHead, buffer: number, end: number, endsWithConnection: boolean): void {
    const plain = this.#minor === 0 && head.chunked;
    // What has no length ends with the connection, on this side as well.
    if (endsWithConnection || (plain && !this.expectsNoBody)) this.#keepAlive = false;
    // A target that answers before it has the whole body leaves a connection that nobody can use again.
    if (!this.#requestBody.done) this.#keepAlive = false;
    this.#record.status = head.status;
    this.#record.targetStatus = head.status;
    this.#record.firstByteAt = this.#worker.reactor.now;
    const start = this.#worker.rewriter.response(head, this.#keepAlive, this.#minor, plain);
    this.#responseStarted = true;
    this.#send(buffer, start, end);
  }

  onResponseBody(buffer: number, start: number, end: number): void {
    if (end === start) this.#worker.arena.release(buffer);
    else this.#send(buffer, start, end);
  }

  onResponseDone(reusable: boolean): void {
    const upstream = this.#upstream;
    this.#upstream = null;
    this.#upstreamReady = false;
    if (upstream !== null) {
      if (this.#upstreamPaused) {
        this.#upstreamPaused = false;
        upstream.connection.resume();
      }
      // A target that has answered before it took the whole request keeps bytes of a buffer in which the next request
      // may lie as well, and that one's head grows over them.
      const taken = this.#requestBody.done && upstream.connection.unsent === 0;
      if (!taken) upstream.abort();
      else if (reusable) upstream.release();
      else upstream.discard();
    }
    this.#leaveTarget();
    this.#responseDone = true;
    if (this.connection.unsent === 0 && !this.#gone) this.#finish();
  }

  #leaveTarget(): void {
    this.#target?.finish();
    this.#target = null;
  }

  // --- the answer --------------------------------------------------------------------------------------------------

  #send(buffer: number, start: number, end: number): void {
    const connection = this.connection;
    this.#record.bytesSent += end - start;
    connection.send(buffer, start, end);
    connection.setDeadline(this.#worker.reactor.now + this.listener.planned.idleTimeout);
    if (!this.#upstreamPaused && isCongested(connection) && this.#upstream !== null) {
      this.#upstreamPaused = true;
      this.#upstream.pause();
    }
  }

  /** Refuses a head that cannot be understood. Nothing behind it can be trusted to be a request. */
  #refuse(error: HeadError): void {
    this.#partial.clear();
    this.#begin();
    this.#lingers = true;
    this.#record.reason = EndReason.clientRequestHead;
    this.#keepAlive = false;
    this.#answer(STATUS_OF_HEAD_ERROR[error]!);
  }

  /** Ends a request that a target will not answer (any more), by the proxy's own answer if that is still possible. */
  #fail(status: number): void {
    this.#upstream?.abort();
    this.#upstream = null;
    this.#upstreamReady = false;
    this.#leaveTarget();
    if (this.#responseStarted) {
      this.#cut();
      return;
    }
    if (!this.#requestBody.done) {
      this.#keepAlive = false;
      this.#lingers = true;
    }
    this.#answer(status);
  }

  /** Sends the proxy's own answer. */
  #answer(status: number): void {
    const range = this.#worker.responses.get(status, this.#keepAlive, this.#method !== Method.head);
    this.#record.status = status;
    this.#responseStarted = true;
    this.#responseDone = true;
    this.#send(NO_BUFFER, range.start, range.end);
  }

  /** The response cannot be completed: the client must see that it is cut off. */
  #cut(): void {
    this.#upstream?.abort();
    this.#upstream = null;
    this.#leaveTarget();
    this.#closing = true;
    this.#finish();
    this.connection.abort();
  }

  #begin(): void {
    const cells = this.listener.cells;
    this.#active = true;
    this.#method = Method.other;
    this.#minor = 1;
    this.#requestBody.startNone();
    this.#service = null;
    this.#attempts = 0;
    this.#tried = -1;
    this.#responseStarted = false;
    this.#responseDone = false;
    this.#lingers = false;
    this.#last = false;
    this.#record.clear(this.#headStartedAt);
    cells[ListenerCell.requests]!++;
    cells[ListenerCell.activeRequests]!++;
  }

  /** The exchange is over, well or badly: counts it, logs it and makes ready for the next. */
  #finish(): void {
    const worker = this.#worker;
    const listener = this.listener;
    const cells = listener.cells;
    const record = this.#record;
    const now = worker.reactor.now;
    this.#active = false;
    record.minor = this.#minor;
    cells[ListenerCell.activeRequests]!--;
    cells[ListenerCell.bytesReceived]! += record.bytesReceived;
    cells[ListenerCell.bytesSent]! += record.bytesSent;
    cells[ListenerCell.responses + Math.floor(record.status / 100)]!++;
    cells[ListenerCell.reasons + record.reason]!++;
    countDuration(cells, now - record.startedAt);
    if (listener.planned.accessLog) worker.log.request(listener, this.connection, record);
    if (this.#buffer !== NO_BUFFER) {
      worker.arena.release(this.#buffer);
      this.#buffer = NO_BUFFER;
    }
    if (this.#gone || this.#closing) return;
    if (!this.#requestBody.done) this.#lingers = true;
    if (this.#lingers || !this.#keepAlive) this.#close();
    else this.connection.setDeadline(now + listener.planned.idleTimeout);
  }

  #close(): void {
    this.#closing = true;
    // Bytes that wait unread, or come later, would turn the close into a reset that could overtake the answer: a client
    // that expects to go on may have sent the next request already (RFC 9112 section 9.6).
    const quiet = this.#ended || (this.#last && this.#input.empty && !this.#lingers);
    if (quiet) this.connection.close();
    else this.connection.closeLingering(LINGER);
  }

  /** Where the log finds the request's words once the head has been rewritten. */
  #rememberSpans(): void {
    const record = this.#record;
    const { requestHead: head, rewriter } = this.#worker;
    const fields = head.fields;
    const lineMoved = rewriter.movedBy(head.methodStart);
    record.methodStart = head.methodStart + lineMoved;
    record.methodEnd = head.methodEnd + lineMoved;
    record.targetStart = head.targetStart + lineMoved;
    record.targetEnd = head.targetEnd + lineMoved;
    if (head.host >= 0) {
      const moved = rewriter.movedBy(fields.nameStart(head.host));
      record.hostStart = fields.valueStart(head.host) + moved;
      record.hostEnd = fields.valueEnd(head.host) + moved;
    }
    if (head.userAgent >= 0) {
      const moved = rewriter.movedBy(fields.nameStart(head.userAgent));
      record.agentStart = fields.valueStart(head.userAgent) + moved;
      record.agentEnd = fields.valueEnd(head.userAgent) + moved;
    }
    if (head.referer >= 0) {
      const moved = rewriter.movedBy(fields.nameStart(head.referer));
      record.refererStart = fields.valueStart(head.referer) + moved;
      record.refererEnd = fields.valueEnd(head.referer) + moved;
    }
    if (head.requestId >= 0) {
      const moved = rewriter.movedBy(fields.nameStart(head.requestId));
      record.requestIdStart = fields.valueStart(head.requestId) + moved;
      record.requestIdEnd = fields.valueEnd(head.requestId) + moved;
    }
  }
}
