import { limitOfRequest } from '../limits/admit.ts';
import { isOfRequestRate, Limit, NO_LIMIT } from '../limits/limit.ts';
import { NO_BUFFER } from '../reactor/arena.ts';
import type { RequestChanges } from '../rules/request/request-changes.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { RuledRequest, Verdict } from '../rules/ruled-request.ts';
import { EndReason } from '../telemetry/end-reason.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import { AskedUpgrade } from '../upgrade/asked-upgrade.ts';
import type { WorkerContext } from '../worker/context.ts';
import type { Body } from './body.ts';
import { Desync } from './desync.ts';
import { growthOf } from './head-room.ts';
import { rememberSpans, UNMOVED } from './log-spans.ts';
import { isIdempotent, methodOf } from './method.ts';
import type { OpenExchange } from './open-exchange.ts';
import { rememberRefusedWords } from './refused-words.ts';
import { REQUEST_ID_GROWTH, requestIdLine, wantsOwnId } from './request-id.ts';
import type { ResponseSide } from './response-side.ts';
import type { TargetAnswers } from './target-answers.ts';
import type { TargetSide } from './target-side.ts';

/**
 * The request on its way in: what the client's connection has of it is read, what the listener has room for and what its
 * rules say is asked, and the head is changed for the target that is to have it.
 */
export class RequestSide {
  readonly #worker: WorkerContext;
  readonly #answers: TargetAnswers;
  readonly #exchange: OpenExchange;
  readonly #body: Body;
  readonly #record: RequestRecord;
  readonly #target: TargetSide;
  readonly #response: ResponseSide;
  /** Made when the first request meets rules. */
  #rules: RuledRequest | null = null;

  /** `answers` has the request sent to a target. */
  constructor(worker: WorkerContext, exchange: OpenExchange, answers: TargetAnswers) {
    this.#worker = worker;
    this.#answers = answers;
    this.#exchange = exchange;
    this.#body = exchange.body;
    this.#record = exchange.record;
    this.#target = exchange.target;
    this.#response = exchange.response;
  }

  /**
   * Carries out the request whose head is in the worker's parser; what came with it ends at `end`. One count of the
   * buffer comes with it. Returns where the request's part ends; what lies behind belongs to the next one.
   */
  start(buffer: number, end: number, keepAlive: boolean): number {
    const { requestHead: head, rewriter, memory } = this.#worker;
    const { client, listener } = this.#exchange.session;
    const body = this.#body;
    const { request } = this.#target;
    if (client.resolve(listener.planned, memory, head)) client.logged.forgetEnds();
    this.#record.minor = head.minor;
    this.#response.readRequest(head);
    this.#response.keepAlive = keepAlive;
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
    if (limits.asksOfRequests || this.#worker.overload.sheds || body.announced > limits.bodySize) {
      if (!this.#isAdmitted()) return bodyEnd;
    }
    const { http } = listener.planned;
    let idLine: string | null = null;
    if (wantsOwnId(http, memory, head, client.isTrusted)) idLine = this.#giveId();
    const { rules } = listener;
    if (rules !== null && !this.#judge(rules)) return bodyEnd;
    const ruled = this.#exchange.ruled;
    const changes = ruled?.changes.any === true ? ruled.changes : null;
    let taken = bodyEnd;
    if (changes !== null || idLine !== null || !client.lines.isConstant) {
      taken = this.#makeRoom(changes, idLine, bodyEnd);
      if (taken < 0) return bodyEnd;
    }
    request.whole = body.done;
    request.idempotent = isIdempotent(head.method);
    this.#response.readAccepted(head);
    this.#target.readHead(this.#answers.service, head, ruled === null ? null : ruled.rule);
    request.start = rewriter.request(head, client, changes, idLine);
    if (this.#exchange.original === NO_BUFFER) rememberSpans(this.#record, head, rewriter);
    this.#answers.upgrade = head.upgrade < 0 ? null : new AskedUpgrade(head, rewriter);
    if (ruled !== null && ruled.rule !== null && ruled.rule.mirror !== null) {
      this.#exchange.mirror = this.#worker.mirrors.beginFor(ruled.rule, client, request.start, request.end, body.done);
    }
    this.#answers.dispatch();
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
    const { listener, client } = this.#exchange.session;
    const limit = limitOfRequest(this.#worker, listener, client);
    if (limit === NO_LIMIT && this.#body.announced <= listener.limits.bodySize) return true;
    rememberSpans(this.#record, this.#worker.requestHead, UNMOVED);
    if (limit === NO_LIMIT) this.#refuseBody();
    else {
      this.#exchange.limited(limit);
      this.#exchange.fail(isOfRequestRate(limit) ? 429 : 503, EndReason.proxyRequestHead);
    }
    return false;
  }

  /** The body is larger than the listener takes. */
  #refuseBody(): void {
    this.#exchange.limited(Limit.bodySize);
    this.#exchange.fail(413, EndReason.clientRequestBody);
  }

  /** Asks the rules; false: the request has been answered. */
  #judge(rules: RuleSet): boolean {
    const { requestHead: head } = this.#worker;
    const { client, listener } = this.#exchange.session;
    this.#rules ??= new RuledRequest(this.#worker);
    const ruled = this.#rules;
    const verdict = ruled.judge(rules, head, client, listener.planned, listener.service !== null, this.#record.id);
    this.#exchange.ruled = ruled;
    if (ruled.rule?.hasVariables === true) this.#record.id = ruled.values.id;
    this.#record.rule = ruled.rule === null ? null : ruled.rule.logged;
    if (verdict === Verdict.forward) return true;
    rememberSpans(this.#record, head, UNMOVED);
    // What could be understood in two ways is followed by nothing.
    if (ruled.status === 400) this.#response.keepAlive = false;
    if (verdict === Verdict.refuse) this.#exchange.fail(ruled.status, ruled.reason);
    else this.#exchange.answerByRule(ruled);
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
      growthOf(this.#exchange.session.client.lines, head) +
      (changes === null ? 0 : changes.growth) +
      (idLine === null ? 0 : REQUEST_ID_GROWTH);
    if (apart) rememberSpans(this.#record, head, UNMOVED);
    if (!headRoom.forRequest(arena, head, this.#body, growth, apart, request.buffer, bodyEnd)) {
      rememberSpans(this.#record, head, UNMOVED);
      this.#exchange.fail(headRoom.status, EndReason.proxyRequestHead);
      return -1;
    }
    if (apart) this.#exchange.original = request.buffer;
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
    const body = this.#body;
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
    if (body.announced > this.#exchange.session.listener.limits.bodySize) {
      this.#worker.arena.release(buffer);
      this.#refuseBody();
      return bodyEnd;
    }
    if (this.#exchange.mirror !== null) this.#worker.mirrors.add(this.#exchange.mirror, start, bodyEnd, body.done);
    upstream.send(buffer, start, bodyEnd);
    // From the last byte on, and while it does not take what is sent, the target owes the next move.
    if (!body.done && this.#target.congested()) upstream.expectTaking();
    else upstream.expectProgress(body.done);
    return bodyEnd;
  }

  /** The chunks of the body cannot be read. */
  #failBody(): void {
    this.#exchange.doubt(1 << Desync.chunk);
    this.#exchange.fail(400, EndReason.clientRequestBody);
  }

  /** Lets go of what the rules said. */
  forget(): void {
    this.#rules?.forget();
    this.#answers.upgrade = null;
  }

  /** What there is of a request that is going to be refused: memory[start, end). One count of the buffer comes with it. */
  keepRefused(buffer: number, start: number, end: number): void {
    this.#target.request.buffer = buffer;
    this.#record.bytesReceived = end - start;
    const { memory } = this.#worker;
    rememberRefusedWords(this.#record, memory, start, end);
    this.#response.readRefused(methodOf(memory, this.#record.methodStart, this.#record.methodEnd));
  }
}
