import { type ResponseCompression, readCompression } from '../compression/response-compression.ts';
import { NO_BUFFER } from '../reactor/arena.ts';
import type { Connection } from '../reactor/reactor.ts';
import type { HeaderEdits } from '../rules/action/header-edits.ts';
import { hasNoBody } from '../rules/action/local-answer.ts';
import type { MirrorExchange } from '../rules/mirror/mirror-exchange.ts';
import type { RequestChanges } from '../rules/request/request-changes.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { RuledRequest, Verdict } from '../rules/ruled-request.ts';
import { pickSticky, readVisit, type StickyVisit, stickyLine } from '../stickiness/sticky-visit.ts';
import { ListenerCell, TargetCell } from '../telemetry/cells.ts';
import { countDuration } from '../telemetry/duration.ts';
import { EndReason } from '../telemetry/end-reason.ts';
import { RequestRecord } from '../telemetry/request-record.ts';
import { askedName } from '../tls/asked-name.ts';
import type { TargetTls } from '../tls/target-tls.ts';
import { AskedUpgrade } from '../upgrade/asked-upgrade.ts';
import { UpgradedSession } from '../upgrade/upgraded-session.ts';
import { UpstreamConnection } from '../upstream/connection.ts';
import type { Exchange, UpstreamLoss } from '../upstream/exchange.ts';
import { OwnConnections } from '../upstream/own-connections.ts';
import type { Service } from '../upstream/service.ts';
import type { Target } from '../upstream/target.ts';
import { isCongested, isRelieved } from '../worker/back-pressure.ts';
import type { WorkerContext } from '../worker/context.ts';
import { Body } from './body.ts';
import { sendComposed } from './composed-answer.ts';
import { AMBIGUOUS_BITS, countDoubts, Desync, firstReason } from './desync.ts';
import { type ErrorPage, errorPageOf } from './error-pages.ts';
import type { ExchangeClient } from './exchange-client.ts';
import { growthOf } from './head-room.ts';
import { rememberSpans, UNMOVED } from './log-spans.ts';
import { isIdempotent, Method } from './method.ts';
import { rememberRefusedWords } from './refused-words.ts';
import type { ResponseHead } from './response-head.ts';
import { withTransportSecurity } from './transport-security.ts';

/** Room for a `Connection` line of the proxy's own, in bytes. */
const CONNECTION_LINE = 32;

/** Targets that are tried for one request before it fails. */
const MAX_ATTEMPTS = 3;

const VARY = 'Vary: Accept-Encoding\r\n';

/**
 * The request that a client connection is at, and the response to it: finds a target, sends the request on, hands the
 * response back as it comes. One object per connection, used again for each of its requests.
 *
 * The request's first buffer (head, and what came of the body with it) is held until the exchange ends: it is what a
 * second attempt sends, and what the access log reads.
 */
export class RequestExchange implements Exchange {
  /** A request is under way; everything else is meaningful only then. */
  active = false;
  readonly body = new Body();
  /** The client's connection can carry another request afterwards. */
  keepAlive = true;
  /** The client may still be sending what nobody will read. */
  lingers = false;
  /** The response has begun to go out, and has gone out or been queued whole. */
  responseStarted = false;
  responseDone = false;
  readonly #worker: WorkerContext;
  readonly #client: ExchangeClient;
  readonly #record = new RequestRecord();
  /** Connections to targets that tell of this client; null: none was ever kept. */
  #own: OwnConnections | null = null;
  #method: Method = Method.other;
  #minor = 1;
  #buffer = NO_BUFFER;
  #start = 0;
  #end = 0;
  #wholeInBuffer = false;
  #upgrade: AskedUpgrade | null = null;
  /** For services that keep their clients; null: none has been asked. */
  #visit: StickyVisit | null = null;
  /** For listeners that compress; else null. */
  #compression: ResponseCompression | null = null;
  /** Some server could see another end of the request: nothing is sent behind it. */
  #doubted = false;
  /** Made when the first request meets rules. */
  #rules: RuledRequest | null = null;
  /** What the listener's rules say of the request; null: it has none. */
  #ruled: RuledRequest | null = null;
  /** The buffer that the request came in, when it goes on in another one; what the log reads. */
  #original = NO_BUFFER;
  #mirror: MirrorExchange | null = null;
  #service: Service | null = null;
  #target: Target | null = null;
  #upstream: UpstreamConnection | null = null;
  #upstreamReady = false;
  #upstreamPaused = false;
  #attempts = 0;
  #tried = -1;
  #triedBefore = -1;

  constructor(worker: WorkerContext, client: ExchangeClient) {
    this.#worker = worker;
    this.#client = client;
  }

  get expectsNoBody(): boolean {
    return this.#method === Method.head;
  }

  wantsPlainBody(head: ResponseHead): boolean {
    this.#compression?.judge(head);
    return this.#minor === 0 || this.#compression?.wantsPlain === true;
  }

  /** More of the body is to come, and there is somewhere to put it. */
  get takesBody(): boolean {
    return !this.body.done && this.#upstreamReady && !this.#congested();
  }

  /** More of the body is to come, but the target does not take what it has been sent. */
  get isHeldUp(): boolean {
    return !this.body.done && this.#upstreamReady && this.#congested();
  }

  /** More of the body is to come, and it matters. */
  get awaitsBody(): boolean {
    return !this.body.done && !this.responseDone;
  }

  uses(target: Target): boolean {
    return this.#target === target;
  }

  /** A request has begun, good or bad, with its first byte at `startedAt`. */
  begin(startedAt: number): void {
    const cells = this.#client.listener.cells;
    this.active = true;
    this.body.startNone();
    this.keepAlive = true;
    this.lingers = false;
    this.responseStarted = false;
    this.responseDone = false;
    this.#doubted = false;
    this.#method = Method.other;
    this.#minor = 1;
    this.#ruled = null;
    this.#service = null;
    this.#attempts = 0;
    this.#tried = -1;
    this.#triedBefore = -1;
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
    const body = this.body;
    if (client.resolve(listener.planned, memory, head)) this.#record.forgetEnds();
    this.#method = head.method;
    this.#minor = head.minor;
    this.keepAlive = keepAlive;
    body.startRequest(head);
    const bodyEnd = body.consume(memory, head.end, end);
    this.#record.bytesReceived = bodyEnd - head.methodStart;
    this.#buffer = buffer;
    this.#end = bodyEnd;
    if (body.failed) {
      rememberSpans(this.#record, head, UNMOVED);
      this.#failBody();
      return bodyEnd;
    }
    const { rules } = listener;
    if (rules !== null && !this.#judge(rules)) return bodyEnd;
    const ruled = this.#ruled;
    const changes = ruled?.changes.any === true ? ruled.changes : null;
    let taken = bodyEnd;
    if (changes !== null || !client.lines.isConstant) {
      taken = this.#makeRoom(changes, bodyEnd);
      if (taken < 0) return bodyEnd;
    }
    this.#wholeInBuffer = body.done;
    this.#compression = readCompression(this.#compression, this.#worker, head, listener.planned.http);
    this.#visit = readVisit(this.#visit, this.#worker, this.#serviceNow(), head.fields, client.remoteAddress);
    this.#start = rewriter.request(head, client, changes);
    if (this.#original === NO_BUFFER) rememberSpans(this.#record, head, rewriter);
    this.#upgrade = head.upgrade < 0 ? null : new AskedUpgrade(head, rewriter);
    if (ruled !== null && ruled.rule !== null && ruled.rule.mirror !== null) {
      this.#mirror = this.#worker.mirrors.beginFor(ruled.rule, client, this.#start, this.#end, body.done);
    }
    this.#dispatch();
    return taken;
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
    const verdict = ruled.judge(rules, head, client, listener.planned, listener.service !== null);
    this.#ruled = ruled;
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
  #makeRoom(changes: RequestChanges | null, bodyEnd: number): number {
    const { requestHead: head, arena, headRoom } = this.#worker;
    const apart = changes?.changesLogged === true;
    const growth = growthOf(this.#client.client.lines, head) + (changes === null ? 0 : changes.growth);
    if (apart) rememberSpans(this.#record, head, UNMOVED);
    if (!headRoom.forRequest(arena, head, this.body, growth, apart, this.#buffer, bodyEnd)) {
      rememberSpans(this.#record, head, UNMOVED);
      this.fail(headRoom.status, EndReason.proxyRequestHead);
      return -1;
    }
    if (apart) this.#original = this.#buffer;
    this.#buffer = headRoom.buffer;
    this.#end = headRoom.end;
    this.#record.bytesReceived -= bodyEnd - headRoom.bodyEnd;
    changes?.changeLine(head);
    return headRoom.bodyEnd;
  }

  /**
   * More of the request's body, if `takesBody`; one count of the buffer comes with it. Returns where the request's part
   * ends.
   */
  takeBody(buffer: number, start: number, end: number): number {
    const body = this.body;
    const upstream = this.#upstream;
    if (upstream === null) throw new Error('a request body needs a connection to go to');
    const bodyEnd = body.consume(this.#worker.memory, start, end);
    this.#record.bytesReceived += bodyEnd - start;
    this.#wholeInBuffer = false;
    if (body.failed) {
      this.#worker.arena.release(buffer);
      this.#failBody();
      return bodyEnd;
    }
    if (this.#mirror !== null) this.#worker.mirrors.add(this.#mirror, start, bodyEnd, body.done);
    upstream.send(buffer, start, bodyEnd);
    // From the last byte on, and while it does not take what is sent, the target owes the next move.
    upstream.expectProgress(body.done || this.#congested());
    return bodyEnd;
  }

  /** Ends a request that a target will not answer (any more), by the proxy's own answer if that is still possible. */
  fail(status: number, reason: EndReason): void {
    this.#record.reason = reason;
    this.#dropUpstream();
    if (this.responseStarted) {
      this.cut(reason);
      return;
    }
    if (!this.body.done) {
      this.keepAlive = false;
      this.lingers = true;
    }
    this.#answer(status);
  }

  /** The chunks of the body cannot be read. */
  #failBody(): void {
    this.doubt(1 << Desync.chunk);
    this.fail(400, EndReason.clientRequestBody);
  }

  /** What there is of a request that is going to be refused: memory[start, end). One count of the buffer comes with it. */
  keepRefused(buffer: number, start: number, end: number): void {
    this.#buffer = buffer;
    this.#record.bytesReceived = end - start;
    rememberRefusedWords(this.#record, this.#worker.memory, start, end);
  }

  /** Answers what cannot be understood as a request. Nothing behind it can be trusted to be one either. */
  refuse(status: number, reason: EndReason): void {
    if (this.#client.client.unresolve()) this.#record.forgetEnds();
    this.#record.reason = reason;
    this.keepAlive = false;
    this.lingers = true;
    this.#answer(status);
  }

  /** The response cannot be completed: the client must see that it is cut off. */
  cut(reason: EndReason): void {
    this.#record.reason = reason;
    this.keepAlive = false;
    this.#dropUpstream();
    this.#client.connection.abort();
    this.#finish();
  }

  /** The client's connection has handed over something of the response. */
  onClientSent(): void {
    const { connection, listener } = this.#client;
    if (connection.unsent > 0) connection.setDeadline(this.#worker.reactor.now + listener.planned.idleTimeout);
    if (this.#upstreamPaused && isRelieved(connection)) {
      this.#upstreamPaused = false;
      this.#upstream?.resume();
    }
    if (this.responseDone && connection.unsent === 0) this.#finish();
  }

  /** The client's connection is gone. */
  onClientGone(): void {
    const record = this.#record;
    if (record.reason === EndReason.none) {
      if (this.responseStarted) record.reason = EndReason.clientResponseBody;
      else record.reason = this.body.done ? EndReason.clientResponseHead : EndReason.clientRequestBody;
      if (!this.responseStarted) record.status = 499;
    }
    this.#dropUpstream();
    this.#finish();
  }

  // --- the target's side -------------------------------------------------------------------------------------------

  /** Sends the request to a target; called again for the next attempt. */
  #dispatch(): void {
    const service = this.#serviceNow();
    if (service !== this.#service) this.#tried = this.#triedBefore = -1;
    this.#service = service;
    const { client } = this.#client;
    const index = pickSticky(service, this.#visit, client.hash, this.#tried, this.#triedBefore);
    if (service === null || index < 0) {
      this.fail(503, EndReason.proxyRoute);
      return;
    }
    const target = service.targets[index]!;
    this.#attempts++;
    this.#triedBefore = this.#tried;
    this.#tried = index;
    const { tls } = service;
    const name = tls === null ? '' : this.#nameAt(tls, target);
    const { remoteAddress, remotePort } = client;
    const kept = service.isBoundToClient
      ? (this.#own?.take(target, remoteAddress, remotePort, tls, name) ?? null)
      : target.takeIdle(tls, name);
    this.#useTarget(service, target, kept);
  }

  #useTarget(service: Service, target: Target, kept: UpstreamConnection | null): void {
    const { reactor, responseHead } = this.#worker;
    this.#target = target;
    this.#record.target = target.name;
    this.#record.dispatchedAt = reactor.now;
    // What an earlier attempt reached does not count.
    this.#record.readyAt = 0;
    target.begin();
    if (kept === null) {
      this.#upstream = new UpstreamConnection(
        reactor,
        responseHead,
        target,
        this,
        service,
        this.#client.client,
        service.tls === null ? '' : this.#nameAt(service.tls, target),
      );
      return;
    }
    this.#upstream = kept;
    kept.attach(this);
    this.#sendRequest();
  }

  #nameAt(tls: TargetTls, target: Target): string {
    const { hostStart, hostEnd } = this.#record;
    return tls.nameFor(askedName(this.#worker.memory, hostStart, hostEnd), target.endpoint.address);
  }

  onUpstreamReady(): void {
    this.#sendRequest();
    this.#client.onExchangeReady();
  }

  #sendRequest(): void {
    const upstream = this.#upstream;
    const service = this.#service;
    if (upstream === null || service === null) throw new Error('a request without a target cannot be sent');
    this.#upstreamReady = true;
    this.#record.readyAt = this.#worker.reactor.now;
    this.#worker.arena.retain(this.#buffer);
    upstream.start(this.#buffer, this.#start, this.#end, this.body.done, service.planned.readTimeout);
  }

  onUpstreamSent(connection: Connection): void {
    if (this.body.done || !isRelieved(connection)) return;
    this.#upstream?.expectProgress(false);
    this.#client.onExchangeReady();
  }

  onUpstreamLost(loss: UpstreamLoss): void {
    this.#upstream = null;
    this.#upstreamReady = false;
    this.#leaveTarget();
    if (this.responseStarted) {
      this.cut(EndReason.targetResponseBody);
      return;
    }
    const status = loss.cause === 'timeout' ? 504 : 502;
    if (loss.phase === 'connect') {
      // Not one byte has gone to that target, so another one may be asked whatever the method.
      if (this.#attempts < MAX_ATTEMPTS) this.#dispatch();
      else this.fail(status, loss.cause === 'exhausted' ? EndReason.proxyConnect : EndReason.targetConnect);
    } else if (loss.staleReuse && this.#wholeInBuffer && isIdempotent(this.#method)) {
      this.#replay();
    } else this.fail(status, EndReason.targetResponseHead);
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

  onInterimResponse(head: ResponseHead, buffer: number): void {
    const { arena, rewriter } = this.#worker;
    // HTTP/1.0 has no interim responses (RFC 9110 section 15.2).
    if (this.#minor === 0) {
      arena.release(buffer);
      return;
    }
    this.#client.listener.cells[ListenerCell.responses + 1]!++;
    // What it says of the connection is the target's and the proxy's business; it shrinks, if anything.
    this.#send(buffer, rewriter.response(head, true, 1, false), head.end);
  }

  onSwitch(head: ResponseHead, buffer: number, end: number): boolean {
    const { arena, memory, rewriter, reactor } = this.#worker;
    const { listener, connection: client } = this.#client;
    const record = this.#record;
    const upstream = this.#upstream;
    const target = this.#target;
    if (upstream === null || target === null || !this.#upgrade?.isGrantedBy(memory, head)) return false;
    record.status = record.targetStatus = 101;
    record.firstByteAt = reactor.now;
    record.minor = this.#minor;
    this.#send(buffer, rewriter.switching(head, this.#ownLines(head)), end);
    this.active = false;
    const ends = this.#client.client;
    const session = new UpgradedSession(this.#worker, listener, client, ends, upstream.detach(), target, record);
    arena.release(this.#buffer);
    arena.release(this.#original);
    this.#buffer = this.#original = NO_BUFFER;
    this.#client.onSwitched(session);
    return true;
  }

  onResponseHead(head: ResponseHead, buffer: number, end: number, endsWithConnection: boolean): void {
    const plain = this.#minor === 0 && head.chunked;
    // What has no length ends with the connection, on this side as well.
    if (endsWithConnection || (plain && !this.expectsNoBody)) this.keepAlive = false;
    // A target that answers before it has the whole body leaves a connection that nobody can use again.
    if (!this.body.done) this.keepAlive = false;
    this.#record.status = head.status;
    this.#record.targetStatus = head.status;
    this.#record.firstByteAt = this.#worker.reactor.now;
    const own = this.#ownLines(head);
    const headers = this.#ruled?.rule?.responseHeaders ?? null;
    const compression = this.#compression;
    if (compression !== null && this.#sendCompressed(compression, headers, head, buffer, end, own)) return;
    const line = compression?.varies === true ? (own ?? '') + VARY : own;
    if (headers !== null) {
      this.#sendChanged(headers, head, buffer, end, plain, line);
      return;
    }
    const start = this.#worker.rewriter.response(head, this.keepAlive, this.#minor, plain, line);
    this.responseStarted = true;
    this.#send(buffer, start, end);
  }

  /** Sends a response whose head a rule changes. */
  #sendChanged(
    headers: HeaderEdits,
    head: ResponseHead,
    buffer: number,
    end: number,
    plain: boolean,
    line: string | null,
  ): void {
    const { arena, headRoom, rewriter } = this.#worker;
    const ruled = this.#ruled;
    if (ruled === null) throw new Error('a response is changed by a rule only');
    const changes = ruled.responseChanges;
    const composed = changes.compose(headers, ruled.values);
    const bodyStart = head.end;
    const growth = changes.growth + (line?.length ?? 0) + CONNECTION_LINE;
    if (!composed || !headRoom.forResponse(arena, head, growth, buffer)) {
      arena.release(buffer);
      this.fail(composed ? headRoom.status : 502, EndReason.proxyResponseHead);
      return;
    }
    const apart = headRoom.buffer !== buffer;
    const start = rewriter.response(head, this.keepAlive, this.#minor, plain, line, changes);
    this.responseStarted = true;
    this.#send(headRoom.buffer, start, apart ? head.end : end);
    if (!apart) return;
    if (end > bodyStart) this.#send(buffer, bodyStart, end);
    else arena.release(buffer);
  }

  /** Sends a response compressed; false: it goes on as it is. */
  #sendCompressed(
    compression: ResponseCompression,
    headers: HeaderEdits | null,
    head: ResponseHead,
    buffer: number,
    end: number,
    line: string | null,
  ): boolean {
    const { arena, headRoom, rewriter } = this.#worker;
    if (!head.chunked) compression.judge(head);
    if (!compression.wants) return false;
    const ruled = this.#ruled;
    const rules = headers === null || ruled === null ? null : ruled.responseChanges;
    if (headers !== null && ruled !== null && !ruled.responseChanges.compose(headers, ruled.values)) {
      arena.release(buffer);
      this.fail(502, EndReason.proxyResponseHead);
      return true;
    }
    const changes = compression.compose(head, end, rules);
    if (changes === null) return false;
    const bodyStart = head.end;
    const growth = changes.growth + (line?.length ?? 0) + CONNECTION_LINE;
    if (!headRoom.forResponse(arena, head, growth, buffer)) {
      arena.release(buffer);
      this.fail(headRoom.status, EndReason.proxyResponseHead);
      return true;
    }
    // The body is read where it lies, while the head is on its way.
    if (headRoom.buffer === buffer) arena.retain(buffer);
    const start = rewriter.response(head, this.keepAlive, this.#minor, false, line, changes);
    this.responseStarted = true;
    this.#send(headRoom.buffer, start, head.end);
    this.#sendBody(compression, bodyStart, end);
    arena.release(buffer);
    return true;
  }

  #sendBody(compression: ResponseCompression, start: number, end: number): void {
    if (!compression.sendBody(start, end, this.#sendPart)) this.cut(EndReason.proxyResponseBody);
  }

  /** What the listener and the service add to every response of a target; null: nothing. */
  #ownLines(head: ResponseHead): string | null {
    const { protocol, http } = this.#client.listener.planned;
    const cookie = stickyLine(this.#service, this.#visit, this.#tried, head.fields, protocol === 'https');
    return withTransportSecurity(http, cookie);
  }

  onResponseBody(buffer: number, start: number, end: number): void {
    if (this.#compression?.streams === true) {
      this.#sendBody(this.#compression, start, end);
      this.#worker.arena.release(buffer);
    } else if (end === start) this.#worker.arena.release(buffer);
    else this.#send(buffer, start, end);
  }

  onResponseDone(reusable: boolean): void {
    if (this.#compression?.streams === true && !this.#compression.sendEnd(this.#sendPart)) {
      this.cut(EndReason.proxyResponseBody);
      return;
    }
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
      const taken = this.body.done && upstream.connection.unsent === 0;
      if (!taken) upstream.abort();
      else if (!reusable || this.#doubted) upstream.discard();
      else if (this.#service?.isBoundToClient === true) this.#keepOwn(upstream);
      else upstream.release();
    }
    this.#leaveTarget();
    this.#record.answeredAt = this.#worker.reactor.now;
    this.responseDone = true;
    if (this.#client.connection.unsent === 0) this.#finish();
  }

  #keepOwn(upstream: UpstreamConnection): void {
    const { remoteAddress, remotePort } = this.#client.client;
    this.#own ??= new OwnConnections();
    this.#own.keep(upstream, remoteAddress, remotePort);
  }

  /** Closes connections that nobody else may use: the client is gone. */
  dropKept(): void {
    this.#own?.clear();
  }

  #congested(): boolean {
    return this.#upstream !== null && isCongested(this.#upstream.connection);
  }

  #leaveTarget(): void {
    this.#target?.finish();
    this.#target = null;
  }

  #dropUpstream(): void {
    this.#upstream?.abort();
    this.#upstream = null;
    this.#upstreamReady = false;
    this.#upstreamPaused = false;
    this.#leaveTarget();
  }

  // --- the answer --------------------------------------------------------------------------------------------------

  readonly #sendPart = (buffer: number, start: number, end: number): void => this.#send(buffer, start, end);

  #send(buffer: number, start: number, end: number): void {
    const { connection, listener } = this.#client;
    this.#record.bytesSent += end - start;
    connection.send(buffer, start, end);
    connection.setDeadline(this.#worker.reactor.now + listener.planned.idleTimeout);
    if (!this.#upstreamPaused && isCongested(connection) && this.#upstream !== null) {
      this.#upstreamPaused = true;
      this.#upstream.pause();
    }
  }

  /** Sends the proxy's own answer. */
  #answer(status: number): void {
    const page = errorPageOf(this.#client.listener.planned.http, status);
    if (page !== null && this.#answerPage(page, status)) return;
    const range = this.#worker.responses.get(status, this.keepAlive, this.#method !== Method.head);
    this.#record.status = status;
    this.responseStarted = true;
    this.responseDone = true;
    this.#send(NO_BUFFER, range.start, range.end);
  }

  /** Sends the listener's own page; false: there are no buffers for it. */
  #answerPage(page: ErrorPage, status: number): boolean {
    const { arena, answer } = this.#worker;
    page.writeHead(answer, this.keepAlive);
    if (!sendComposed(arena, answer, this.#method === Method.head ? null : page.body, this.#sendPart)) return false;
    this.#record.status = status;
    this.responseStarted = true;
    this.responseDone = true;
    return true;
  }

  /** Sends the answer that a rule gives. */
  #answerByRule(ruled: RuledRequest): void {
    const worker = this.#worker;
    if (!this.body.done) {
      this.keepAlive = false;
      this.lingers = true;
    }
    this.#record.reason = ruled.reason;
    if (!ruled.writeAnswer(this.keepAlive)) {
      this.fail(414, EndReason.proxyResponseHead);
      return;
    }
    const withBody = this.#method !== Method.head && !hasNoBody(ruled.status);
    if (!sendComposed(worker.arena, worker.answer, withBody ? ruled.body : null, this.#sendPart)) {
      this.fail(503, EndReason.proxyResponseHead);
      return;
    }
    this.#record.status = ruled.status;
    this.responseStarted = true;
    this.responseDone = true;
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
    if (listener.planned.accessLog) worker.log.request(listener, client, record);
    // What is missing of the request will never come to its copy.
    if (!this.body.done) this.#mirror?.abort();
    this.#mirror = null;
    worker.arena.release(this.#buffer);
    worker.arena.release(this.#original);
    this.#buffer = this.#original = NO_BUFFER;
    this.#client.onExchangeOver();
  }
}
