import { limitOfRequest } from '../limits/admit.ts';
import { Limit, NO_LIMIT } from '../limits/limit.ts';
import { NO_BUFFER } from '../reactor/arena.ts';
import type { Connection } from '../reactor/reactor.ts';
import { failureOf } from '../retry/attempt-failure.ts';
import type { MirrorExchange } from '../rules/mirror/mirror-exchange.ts';
import type { RequestChanges } from '../rules/request/request-changes.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { RuledRequest, Verdict } from '../rules/ruled-request.ts';
import { ListenerCell } from '../telemetry/cells.ts';
import { countDuration } from '../telemetry/duration.ts';
import { EndReason } from '../telemetry/end-reason.ts';
import { RequestRecord } from '../telemetry/request-record.ts';
import { AskedUpgrade } from '../upgrade/asked-upgrade.ts';
import { UpgradedSession } from '../upgrade/upgraded-session.ts';
import { type Exchange, reasonOfNoConnection, type UpstreamLoss } from '../upstream/exchange.ts';
import type { Service } from '../upstream/service.ts';
import type { Waiter } from '../upstream/service-queue.ts';
import type { Target } from '../upstream/target.ts';
import { isRelieved } from '../worker/back-pressure.ts';
import type { WorkerContext } from '../worker/context.ts';
import { Body } from './body.ts';
import { AMBIGUOUS_BITS, countDoubts, Desync, firstReason } from './desync.ts';
import type { ExchangeClient } from './exchange-client.ts';
import { growthOf } from './head-room.ts';
import { rememberSpans, UNMOVED } from './log-spans.ts';
import { isIdempotent, methodOf } from './method.ts';
import { rememberRefusedWords } from './refused-words.ts';
import { REQUEST_ID_GROWTH, requestIdLine, wantsOwnId, withRequestId } from './request-id.ts';
import type { ResponseHead } from './response-head.ts';
import { ResponseSide } from './response-side.ts';
import { Dispatched, TargetSide } from './target-side.ts';
import { withTransportSecurity } from './transport-security.ts';

/** The kernel is asked for the round trip to a client for the first request of its connection, and one in so many. */
const ROUND_TRIP_EVERY = 255;

/**
 * The request that a client connection is at, and the response to it: asks the rules, has a target found
 * (`TargetSide`), sends the request on, and hands the response back as it comes (`ResponseSide`). One object per
 * connection, used again for each of its requests.
 *
 * The request's first buffer (head, and what came of the body with it) is held until the exchange ends: it is what a
 * second attempt sends, and what the access log reads.
 */
export class RequestExchange implements Exchange, Waiter {
  /** A request is under way; everything else is meaningful only then. */
  active = false;
  readonly body = new Body();
  /** The client may still be sending what nobody will read. */
  lingers = false;
  readonly #worker: WorkerContext;
  readonly #client: ExchangeClient;
  readonly #record = new RequestRecord();
  readonly #target: TargetSide;
  readonly #response: ResponseSide;
  #minor = 1;
  #upgrade: AskedUpgrade | null = null;
  /** Some server could see another end of the request: nothing is sent behind it. */
  #doubted = false;
  /** Made when the first request meets rules. */
  #rules: RuledRequest | null = null;
  /** What the listener's rules say of the request; null: it has none. */
  #ruled: RuledRequest | null = null;
  /** The buffer that the request came in, when it goes on in another one; what the log reads. */
  #original = NO_BUFFER;
  #mirror: MirrorExchange | null = null;

  constructor(worker: WorkerContext, client: ExchangeClient) {
    this.#worker = worker;
    this.#client = client;
    this.#target = new TargetSide(worker, client, this.#record, this, this.body);
    this.#response = new ResponseSide(worker, client, this.#record, this.#target);
  }

  /** The client's connection can carry another request afterwards. */
  get keepAlive(): boolean {
    return this.#response.keepAlive;
  }

  set keepAlive(keepAlive: boolean) {
    this.#response.keepAlive = keepAlive;
  }

  get responseStarted(): boolean {
    return this.#response.started;
  }

  get expectsNoBody(): boolean {
    return this.#response.expectsNoBody;
  }

  get dependsOnArrival(): boolean {
    return this.#target.request.dependsOnArrival;
  }

  wantsPlainBody(head: ResponseHead): boolean {
    return this.#response.wantsPlainBody(head);
  }

  /** More of the body is to come, and there is somewhere to put it. */
  get takesBody(): boolean {
    return !this.body.done && this.#target.takesMore;
  }

  /** More of the body is to come, but the target does not take what it has been sent. */
  get isHeldUp(): boolean {
    return !this.body.done && this.#target.isHeldUp;
  }

  /** More of the body is to come, and it matters. */
  get awaitsBody(): boolean {
    return !this.body.done && !this.#response.done;
  }

  uses(target: Target): boolean {
    return this.#target.target === target;
  }

  /** A request has begun, good or bad, with its first byte at `startedAt`. */
  begin(startedAt: number): void {
    const cells = this.#client.listener.cells;
    this.active = true;
    this.body.startNone();
    this.#response.begin();
    this.lingers = false;
    this.#doubted = false;
    this.#minor = 1;
    this.#ruled = null;
    this.#target.begin();
    this.#record.clear(startedAt);
    cells[ListenerCell.requests]!++;
    cells[ListenerCell.activeRequests]!++;
  }

  /** Some server could understand the request in another way, for these reasons; see desync.ts. */
  doubt(doubts: number): void {
    countDoubts(this.#client.listener.cells, doubts);
    this.#record.desync = firstReason(doubts);
    this.#doubted = (doubts & AMBIGUOUS_BITS) !== 0;
  }

  /**
   * Carries out the request whose head is in the worker's parser; what came with it ends at `end`. One count of the
   * buffer comes with it. Returns where the request's part ends; what lies behind belongs to the next one.
   */
  start(buffer: number, end: number, keepAlive: boolean): number {
    const { requestHead: head, rewriter, memory } = this.#worker;
    const { client, listener } = this.#client;
    const { body } = this;
    const { request } = this.#target;
    if (client.resolve(listener.planned, memory, head)) this.#record.forgetEnds();
    this.#minor = head.minor;
    this.#response.readRequest(head);
    this.keepAlive = keepAlive;
    body.startRequest(head);
    const bodyEnd = body.consume(memory, head.end, end);
    this.#record.bytesReceived = bodyEnd - head.methodStart;
    request.buffer = buffer;
    request.end = bodyEnd;
    if (body.failed) {
      rememberSpans(this.#record, head, UNMOVED);
      this.#failBody();
      return bodyEnd;
    }
    const { limits } = listener;
    if (limits.hasRequestRate || this.#worker.overload.sheds || body.announced > limits.bodySize) {
      if (!this.#isAdmitted()) return bodyEnd;
    }
    const { http } = listener.planned;
    let idLine: string | null = null;
    if (wantsOwnId(http, memory, head, client.isTrusted)) idLine = this.#giveId();
    const { rules } = listener;
    if (rules !== null && !this.#judge(rules)) return bodyEnd;
    const ruled = this.#ruled;
    const changes = ruled?.changes.any === true ? ruled.changes : null;
    let taken = bodyEnd;
    if (changes !== null || idLine !== null || !client.lines.isConstant) {
      taken = this.#makeRoom(changes, idLine, bodyEnd);
      if (taken < 0) return bodyEnd;
    }
    request.whole = body.done;
    request.idempotent = isIdempotent(head.method);
    this.#response.readAccepted(head);
    this.#target.readHead(this.#serviceNow(), head, ruled === null ? null : ruled.rule);
    request.start = rewriter.request(head, client, changes, idLine);
    if (this.#original === NO_BUFFER) rememberSpans(this.#record, head, rewriter);
    this.#upgrade = head.upgrade < 0 ? null : new AskedUpgrade(head, rewriter);
    if (ruled !== null && ruled.rule !== null && ruled.rule.mirror !== null) {
      this.#mirror = this.#worker.mirrors.beginFor(ruled.rule, client, request.start, request.end, body.done);
    }
    this.#dispatch();
    return taken;
  }

  /** Gives the request an identifier of ours; returns the line that tells of it. */
  #giveId(): string {
    const { requestIds } = this.#worker;
    this.#record.id = requestIds.next();
    return requestIdLine(requestIds, this.#record.id);
  }

  /** Asks what the listener and the worker have room for; false: the request has been answered. */
  #isAdmitted(): boolean {
    const { listener } = this.#client;
    const limit = limitOfRequest(this.#worker, listener);
    if (limit === NO_LIMIT && this.body.announced <= listener.limits.bodySize) return true;
    rememberSpans(this.#record, this.#worker.requestHead, UNMOVED);
    if (limit === NO_LIMIT) this.#refuseBody();
    else {
      this.limited(limit);
      this.fail(limit === Limit.requestsPerSecond ? 429 : 503, EndReason.proxyRequestHead);
    }
    return false;
  }

  /** The body is larger than the listener takes. */
  #refuseBody(): void {
    this.limited(Limit.bodySize);
    this.fail(413, EndReason.clientRequestBody);
  }

  /** A limit is why the request is about to end. */
  limited(limit: Limit): void {
    this.#record.limit = limit;
    this.#client.listener.cells[ListenerCell.limits + limit]!++;
  }

  /** The service that the request goes to, as it is now. */
  #serviceNow(): Service | null {
    const reference = this.#ruled === null ? null : this.#ruled.service;
    return reference === null ? this.#client.listener.service : reference.service;
  }

  /** Asks the rules; false: the request has been answered. */
  #judge(rules: RuleSet): boolean {
    const { requestHead: head } = this.#worker;
    const { client, listener } = this.#client;
    this.#rules ??= new RuledRequest(this.#worker);
    const ruled = this.#rules;
    const verdict = ruled.judge(rules, head, client, listener.planned, listener.service !== null, this.#record.id);
    this.#ruled = ruled;
    if (ruled.rule?.hasVariables === true) this.#record.id = ruled.values.id;
    this.#record.rule = ruled.rule === null ? null : ruled.rule.logged;
    if (verdict === Verdict.forward) return true;
    rememberSpans(this.#record, head, UNMOVED);
    // What could be understood in two ways is followed by nothing.
    if (ruled.status === 400) this.keepAlive = false;
    if (verdict === Verdict.refuse) this.fail(ruled.status, ruled.reason);
    else this.#answerByRule(ruled);
    return false;
  }

  /**
   * Makes room for the head to grow, and writes the path that a rule wants. Returns where the request's part of what was
   * received ends; -1: the request has been refused.
   */
  #makeRoom(changes: RequestChanges | null, idLine: string | null, bodyEnd: number): number {
    const { requestHead: head, arena, headRoom } = this.#worker;
    const { request } = this.#target;
    const apart = changes?.changesLogged === true;
    const growth =
      growthOf(this.#client.client.lines, head) +
      (changes === null ? 0 : changes.growth) +
      (idLine === null ? 0 : REQUEST_ID_GROWTH);
    if (apart) rememberSpans(this.#record, head, UNMOVED);
    if (!headRoom.forRequest(arena, head, this.body, growth, apart, request.buffer, bodyEnd)) {
      rememberSpans(this.#record, head, UNMOVED);
      this.fail(headRoom.status, EndReason.proxyRequestHead);
      return -1;
    }
    if (apart) this.#original = request.buffer;
    request.buffer = headRoom.buffer;
    request.end = headRoom.end;
    this.#record.bytesReceived -= bodyEnd - headRoom.bodyEnd;
    changes?.changeLine(head);
    return headRoom.bodyEnd;
  }

  /**
   * More of the request's body, if `takesBody`; one count of the buffer comes with it. Returns where the request's part
   * ends.
   */
  takeBody(buffer: number, start: number, end: number): number {
    const { body } = this;
    const { upstream, request } = this.#target;
    if (upstream === null) throw new Error('a request body needs a connection to go to');
    const bodyEnd = body.consume(this.#worker.memory, start, end);
    this.#record.bytesReceived += bodyEnd - start;
    request.whole = false;
    if (body.failed) {
      this.#worker.arena.release(buffer);
      this.#failBody();
      return bodyEnd;
    }
    if (body.announced > this.#client.listener.limits.bodySize) {
      this.#worker.arena.release(buffer);
      this.#refuseBody();
      return bodyEnd;
    }
    if (this.#mirror !== null) this.#worker.mirrors.add(this.#mirror, start, bodyEnd, body.done);
    upstream.send(buffer, start, bodyEnd);
    // From the last byte on, and while it does not take what is sent, the target owes the next move.
    if (!body.done && this.#target.congested()) upstream.expectTaking();
    else upstream.expectProgress(body.done);
    return bodyEnd;
  }

  /** Ends a request that a target will not answer (any more), by the proxy's own answer if that is still possible. */
  fail(status: number, reason: EndReason): void {
    this.#record.reason = reason;
    this.#target.drop();
    if (this.responseStarted) {
      this.cut(reason);
      return;
    }
    if (!this.body.done) {
      this.keepAlive = false;
      this.lingers = true;
    }
    this.#response.answer(status);
  }

  /** The chunks of the body cannot be read. */
  #failBody(): void {
    this.doubt(1 << Desync.chunk);
    this.fail(400, EndReason.clientRequestBody);
  }

  /** What there is of a request that is going to be refused: memory[start, end). One count of the buffer comes with it. */
  keepRefused(buffer: number, start: number, end: number): void {
    this.#target.request.buffer = buffer;
    this.#record.bytesReceived = end - start;
    const { memory } = this.#worker;
    rememberRefusedWords(this.#record, memory, start, end);
    this.#response.readRefused(methodOf(memory, this.#record.methodStart, this.#record.methodEnd));
  }

  /** Answers what cannot be understood as a request. Nothing behind it can be trusted to be one either. */
  refuse(status: number, reason: EndReason): void {
    if (this.#client.client.unresolve()) this.#record.forgetEnds();
    this.#record.reason = reason;
    this.keepAlive = false;
    this.lingers = true;
    this.#response.answer(status);
  }

  /** The response cannot be completed: the client must see that it is cut off. */
  cut(reason: EndReason): void {
    this.#record.reason = reason;
    this.keepAlive = false;
    this.#target.drop();
    this.#client.connection.abort();
    this.#finish();
  }

  /** The client does not take the response, or too slowly. */
  cutSlowClient(): void {
    this.limited(this.#response.pace.wasSlow ? Limit.minimumRate : Limit.sendTimeout);
    this.cut(EndReason.clientResponseBody);
  }

  /** The client's connection has handed over something of the response. */
  onClientSent(): void {
    const { connection } = this.#client;
    if (connection.unsent > 0) this.#response.taken();
    this.#target.onClientSent();
    if (this.#response.done && connection.unsent === 0) this.#finish();
  }

  /** The client's connection is gone. */
  onClientGone(): void {
    const record = this.#record;
    if (record.reason === EndReason.none) {
      if (this.responseStarted) record.reason = EndReason.clientResponseBody;
      else record.reason = this.body.done ? EndReason.clientResponseHead : EndReason.clientRequestBody;
      if (!this.responseStarted) record.status = 499;
    }
    this.#target.drop();
    this.#finish();
  }

  // --- the target's side -------------------------------------------------------------------------------------------

  /** Sends the request to a target; called again for the next attempt. */
  #dispatch(): void {
    this.#dispatched(this.#target.dispatch(this.#serviceNow(), false));
  }

  #dispatched(outcome: Dispatched): void {
    if (outcome === Dispatched.nobody) this.fail(503, EndReason.proxyRoute);
    else if (outcome === Dispatched.refused) this.fail(503, EndReason.proxyQueueFull);
  }

  onTurn(): boolean {
    const outcome = this.#target.dispatch(this.#serviceNow(), true);
    this.#dispatched(outcome);
    return outcome !== Dispatched.waits;
  }

  onWaitedTooLong(): void {
    this.fail(503, EndReason.proxyQueueTimeout);
  }

  onUpstreamReady(): void {
    this.#target.send();
    this.#client.onExchangeReady();
  }

  onUpstreamSent(connection: Connection): void {
    if (this.body.done) return;
    if (!isRelieved(connection)) {
      this.#target.upstream?.expectTaking();
      return;
    }
    this.#target.upstream?.expectProgress(false);
    this.#client.onExchangeReady();
  }

  onUpstreamLost(loss: UpstreamLoss): void {
    this.#target.lost();
    if (this.responseStarted) {
      this.cut(EndReason.targetResponseBody);
      return;
    }
    if (loss.staleReuse && this.#target.request.canGoAgain(loss.unread)) {
      // The kept connection was closing as the request went out: once more on a new one (RFC 9112 section 9.3.1).
      this.#dispatched(this.#target.replay(this.#serviceNow()));
      return;
    }
    const reason = loss.phase === 'connect' ? reasonOfNoConnection(loss) : EndReason.targetResponseHead;
    if (this.#target.retries(failureOf(loss))) this.#dispatch();
    else if (loss.cause === 'exhausted') {
      // Out of descriptors, local ports or buffers: it is this node that cannot, for now.
      this.limited(Limit.overload);
      this.fail(503, reason);
    } else this.fail(loss.cause === 'timeout' ? 504 : 502, reason);
  }

  onSlowTry(): boolean {
    if (this.responseStarted || !this.#target.leavesSlow()) return false;
    this.#dispatch();
    return true;
  }

  onInterimResponse(head: ResponseHead, buffer: number): void {
    const { arena, rewriter } = this.#worker;
    // HTTP/1.0 has no interim responses (RFC 9110 section 15.2).
    if (this.#minor === 0) {
      arena.release(buffer);
      return;
    }
    this.#client.listener.cells[ListenerCell.responses + 1]!++;
    // Another target would say it again.
    this.#target.request.whole = false;
    // What it says of the connection is the target's and the proxy's business; it shrinks, if anything.
    this.#response.send(buffer, rewriter.response(head, true, 1, false), head.end);
  }

  onSwitch(head: ResponseHead, buffer: number, end: number): boolean {
    const { memory, rewriter, reactor } = this.#worker;
    const { listener, connection: client } = this.#client;
    const record = this.#record;
    const { upstream, target } = this.#target;
    if (upstream === null || target === null || !this.#upgrade?.isGrantedBy(memory, head)) return false;
    record.status = record.targetStatus = 101;
    record.firstByteAt = reactor.now;
    record.minor = this.#minor;
    this.#response.send(buffer, rewriter.switching(head, this.#ownLines(head)), end);
    this.active = false;
    const ends = this.#client.client;
    const session = new UpgradedSession(this.#worker, listener, client, ends, upstream.detach(), target, record);
    this.#releaseBuffers();
    this.#client.onSwitched(session);
    return true;
  }

  onResponseHead(head: ResponseHead, buffer: number, end: number, endsWithConnection: boolean): void {
    if (this.#target.leavesStatus(head.status)) {
      this.#worker.arena.release(buffer);
      this.#dispatch();
      return;
    }
    const plain = this.#minor === 0 && head.chunked;
    const kept = this.keepAlive && this.body.done;
    // What has no length ends with the connection, on this side as well.
    if (endsWithConnection || (plain && !this.expectsNoBody)) this.keepAlive = false;
    // A target that answers before it has the whole body leaves a connection that nobody can use again.
    if (!this.body.done) this.keepAlive = false;
    this.#record.status = head.status;
    this.#record.targetStatus = head.status;
    this.#record.firstByteAt = this.#worker.reactor.now;
    const failed = this.#response.sendHead(head, buffer, end, this.#ownLines(head), this.#ruled, kept);
    if (failed > 0) this.fail(failed, this.responseStarted ? EndReason.proxyResponseBody : EndReason.proxyResponseHead);
  }

  /** What the listener and the service add to every response of a target; null: nothing. */
  #ownLines(head: ResponseHead): string | null {
    const { protocol, http } = this.#client.listener.planned;
    const line = withTransportSecurity(http, this.#target.stickyLine(head, protocol === 'https'));
    const { memory, requestIds } = this.#worker;
    return withRequestId(http, this.#record, memory, requestIds, head, line);
  }

  onResponseBody(buffer: number, start: number, end: number): void {
    if (!this.#response.sendBody(buffer, start, end)) this.cut(EndReason.proxyResponseBody);
  }

  onResponseDone(reusable: boolean): void {
    if (!this.#response.sendEnd()) {
      this.cut(EndReason.proxyResponseBody);
      return;
    }
    this.#target.finish(reusable && !this.#doubted);
    this.#record.answeredAt = this.#worker.reactor.now;
    this.#response.done = true;
    if (this.#client.connection.unsent === 0) this.#finish();
  }

  /** The client is gone, and with it who could use connections that tell of it. */
  dropKept(): void {
    this.#target.dropKept();
  }

  // --- the end -----------------------------------------------------------------------------------------------------

  /** Sends the answer that a rule gives. */
  #answerByRule(ruled: RuledRequest): void {
    if (!this.body.done) {
      this.keepAlive = false;
      this.lingers = true;
    }
    this.#record.reason = ruled.reason;
    const failed = this.#response.answerByRule(ruled);
    if (failed > 0) this.fail(failed, EndReason.proxyResponseHead);
  }

  /** The exchange is over, well or badly: counts it, logs it and gives its buffer back. */
  #finish(): void {
    const worker = this.#worker;
    const { listener, client } = this.#client;
    const cells = listener.cells;
    const record = this.#record;
    this.active = false;
    if (!this.body.done) this.lingers = true;
    record.minor = this.#minor;
    cells[ListenerCell.activeRequests]!--;
    cells[ListenerCell.bytesReceived]! += record.bytesReceived;
    cells[ListenerCell.bytesSent]! += record.bytesSent;
    cells[ListenerCell.responses + Math.floor(record.status / 100)]!++;
    cells[ListenerCell.reasons + record.reason]!++;
    countDuration(cells, worker.reactor.now - record.startedAt);
    if (listener.planned.accessLog) {
      if ((record.logged & ROUND_TRIP_EVERY) === 0) record.roundTrip = this.#client.connection.roundTrip();
      worker.log.request(listener, client, record);
    }
    // What is missing of the request will never come to its copy.
    if (!this.body.done) this.#mirror?.abort();
    this.#mirror = null;
    this.#releaseBuffers();
    this.#client.onExchangeOver();
  }

  #releaseBuffers(): void {
    const { arena } = this.#worker;
    const { request } = this.#target;
    arena.release(request.buffer);
    arena.release(this.#original);
    request.buffer = this.#original = NO_BUFFER;
  }
}
