import { Limit } from '../limits/limit.ts';
import { Pace } from '../limits/pace.ts';
import { NO_BUFFER } from '../reactor/arena.ts';
import type { MirrorExchange } from '../rules/mirror/mirror-exchange.ts';
import type { RuledRequest } from '../rules/ruled-request.ts';
import { ListenerCell } from '../telemetry/cells.ts';
import { countDuration } from '../telemetry/duration.ts';
import { EndReason } from '../telemetry/end-reason.ts';
import { RequestRecord } from '../telemetry/request-record.ts';
import type { Target } from '../upstream/target.ts';
import type { WorkerContext } from '../worker/context.ts';
import { Body } from './body.ts';
import { AMBIGUOUS_BITS, countDoubts, firstReason } from './desync.ts';
import type { ExchangeClient, OwnedExchange } from './exchange-client.ts';
import { RequestSide } from './request-side.ts';
import { ResponseSide } from './response-side.ts';
import type { TargetAnswers } from './target-answers.ts';
import { TargetSide } from './target-side.ts';

/** Nothing is asked of the session of an exchange that is not active. */
const NOBODY = {} as ExchangeClient;

/** The kernel is asked for the round trip to a client for the first request of its connection, and one in so many. */
const ROUND_TRIP_EVERY = 255;

/**
 * The exchange that a client connection is at: what is known of it, its two sides, and every way in which it can end.
 * Used again for other requests, of this connection or another one: see `ExchangePool`.
 *
 * The request's first buffer (head, and what came of the body with it) is held until the exchange ends: it is what a
 * second attempt sends, and what the access log reads.
 */
export class OpenExchange implements OwnedExchange {
  /** Whose it is, while it is active. */
  session: ExchangeClient = NOBODY;
  /** A request is under way; everything else is meaningful only then. */
  active = false;
  /** The client may still be sending what nobody will read. */
  lingers = false;
  /** Some server could see another end of the request: nothing is sent behind it. */
  doubted = false;
  /** What the listener's rules say of the request; null: it has none. */
  ruled: RuledRequest | null = null;
  /** The buffer that the request came in, when it goes on in another one; what the log reads. */
  original = NO_BUFFER;
  mirror: MirrorExchange | null = null;
  readonly body = new Body();
  /** How fast the body has to come. */
  readonly bodyPace = new Pace();
  readonly record = new RequestRecord();
  readonly request: RequestSide;
  readonly target: TargetSide;
  readonly response: ResponseSide;
  readonly #worker: WorkerContext;

  /** `answers` has the request sent to a target, and hears of what happens there. */
  constructor(worker: WorkerContext, answers: TargetAnswers) {
    this.#worker = worker;
    this.target = new TargetSide(worker, this, this.record, answers, this.body);
    this.response = new ResponseSide(worker, this, this.record, this.target);
    this.request = new RequestSide(worker, this, answers);
  }

  /** The client's connection can carry another request afterwards. */
  get keepAlive(): boolean {
    return this.response.keepAlive;
  }

  set keepAlive(keepAlive: boolean) {
    this.response.keepAlive = keepAlive;
  }

  get responseStarted(): boolean {
    return this.response.started;
  }

  /** More of the body is to come, and there is somewhere to put it. */
  get takesBody(): boolean {
    return !this.body.done && this.target.takesMore;
  }

  /** More of the body is to come, but the target does not take what it has been sent. */
  get isHeldUp(): boolean {
    return !this.body.done && this.target.isHeldUp;
  }

  /** More of the body is to come, and it matters. */
  get awaitsBody(): boolean {
    return !this.body.done && !this.response.done;
  }

  uses(target: Target): boolean {
    return this.target.target === target;
  }

  /** A request of this session has begun, good or bad, with its first byte at `startedAt`. */
  begin(session: ExchangeClient, startedAt: number): void {
    const { cells } = session.listener;
    this.session = session;
    this.active = true;
    this.body.startNone();
    this.response.begin();
    this.lingers = false;
    this.doubted = false;
    this.ruled = null;
    this.target.begin();
    this.record.clear(startedAt);
    cells[ListenerCell.requests]!++;
    cells[ListenerCell.activeRequests]!++;
  }

  /** Some server could understand the request in another way, for these reasons; see desync.ts. */
  doubt(doubts: number): void {
    countDoubts(this.session.listener.cells, doubts);
    this.record.desync = firstReason(doubts);
    this.doubted = (doubts & AMBIGUOUS_BITS) !== 0;
  }

  /** A limit is why the request is about to end. */
  limited(limit: Limit): void {
    this.record.limit = limit;
    this.session.listener.cells[ListenerCell.limits + limit]!++;
  }

  /** Ends a request that a target will not answer (any more), by the proxy's own answer if that is still possible. */
  fail(status: number, reason: EndReason): void {
    this.record.reason = reason;
    this.target.drop();
    if (this.response.started) {
      this.cut(reason);
      return;
    }
    this.#leaveBody();
    this.response.answer(status);
  }

  /** Answers what cannot be understood as a request. Nothing behind it can be trusted to be one either. */
  refuse(status: number, reason: EndReason): void {
    if (this.session.client.unresolve()) this.session.client.logged.forgetEnds();
    this.record.reason = reason;
    this.keepAlive = false;
    this.lingers = true;
    this.response.answer(status);
  }

  /** The connection ends amid what could have become a request, and nothing is answered. */
  leave(reason: EndReason): void {
    if (this.session.client.unresolve()) this.session.client.logged.forgetEnds();
    this.record.reason = reason;
    this.record.status = 499;
    this.finish();
  }

  /** Sends the answer that a rule gives. */
  answerByRule(ruled: RuledRequest): void {
    this.#leaveBody();
    this.record.reason = ruled.reason;
    const failed = this.response.answerByRule(ruled);
    if (failed > 0) this.fail(failed, EndReason.proxyResponseHead);
  }

  /** Nobody will read what is missing of the request's body. */
  #leaveBody(): void {
    if (this.body.done) return;
    this.keepAlive = false;
    this.lingers = true;
  }

  /** The response cannot be completed: the client must see that it is cut off. */
  cut(reason: EndReason): void {
    this.record.reason = reason;
    this.keepAlive = false;
    this.target.drop();
    this.session.connection.abort();
    this.finish();
  }

  /** The client does not take the response, or too slowly. */
  cutSlowClient(): void {
    this.limited(this.response.pace.wasSlow ? Limit.minimumRate : Limit.sendTimeout);
    this.cut(EndReason.clientResponseBody);
  }

  /** The client's connection has handed over something of the response. */
  onClientSent(): void {
    const { connection } = this.session;
    if (connection.unsent > 0) this.response.taken();
    this.target.onClientSent();
    if (this.response.done && connection.unsent === 0) this.finish();
  }

  /** The client's connection is gone. */
  onClientGone(): void {
    const { record } = this;
    const { started } = this.response;
    if (record.reason === EndReason.none) {
      if (started) record.reason = EndReason.clientResponseBody;
      else record.reason = this.body.done ? EndReason.clientResponseHead : EndReason.clientRequestBody;
      if (!started) record.status = 499;
    }
    this.target.drop();
    this.finish();
  }

  /** The exchange is over, well or badly: counts it, logs it and gives its buffer back. */
  finish(): void {
    const worker = this.#worker;
    const { listener, client } = this.session;
    const { cells } = listener;
    const { record } = this;
    this.active = false;
    if (!this.body.done) this.lingers = true;
    cells[ListenerCell.activeRequests]!--;
    cells[ListenerCell.bytesReceived]! += record.bytesReceived;
    cells[ListenerCell.bytesSent]! += record.bytesSent;
    cells[ListenerCell.responses + Math.floor(record.status / 100)]!++;
    cells[ListenerCell.reasons + record.reason]!++;
    countDuration(cells, worker.reactor.now - record.startedAt);
    if (listener.planned.accessLog) {
      const { logged } = client;
      if ((logged.lines & ROUND_TRIP_EVERY) === 0) logged.roundTrip = this.session.connection.roundTrip();
      worker.log.request(listener, client, record);
    }
    // What is missing of the request will never come to its copy.
    if (!this.body.done) this.mirror?.abort();
    this.mirror = null;
    this.releaseBuffers();
    this.session.onExchangeOver();
  }

  /** Lets go of what belongs to the client and the plan of the request that has ended: it may wait long for the next one. */
  forget(): void {
    this.session = NOBODY;
    this.ruled = null;
    this.target.forget();
    this.request.forget();
  }

  /** Gives back what the request was held in. */
  releaseBuffers(): void {
    const { arena } = this.#worker;
    const { request } = this.target;
    arena.release(request.buffer);
    arena.release(this.original);
    request.buffer = this.original = NO_BUFFER;
  }
}
