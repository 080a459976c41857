import { NO_BUFFER } from '../reactor/arena.ts';
import { AttemptFailure } from '../retry/attempt-failure.ts';
import { describeFailedAttempt } from '../retry/failed-attempts.ts';
import type { RetryPolicy } from '../retry/policy.ts';
import type { CompiledRule } from '../rules/compiled-rule.ts';
import { pickSticky, readVisit, type StickyVisit, stickyLine } from '../stickiness/sticky-visit.ts';
import { TargetCell } from '../telemetry/cells.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import { askedName } from '../tls/asked-name.ts';
import type { TargetTls } from '../tls/target-tls.ts';
import { UpstreamConnection } from '../upstream/connection.ts';
import type { Exchange } from '../upstream/exchange.ts';
import { OwnConnections } from '../upstream/own-connections.ts';
import type { Service } from '../upstream/service.ts';
import type { ServiceQueue, Waiter } from '../upstream/service-queue.ts';
import type { Target } from '../upstream/target.ts';
import { isCongested, isRelieved } from '../worker/back-pressure.ts';
import type { WorkerContext } from '../worker/context.ts';
import type { Body } from './body.ts';
import type { OwnedExchange } from './exchange-client.ts';
import type { RequestHead } from './request-head.ts';
import type { ResponseHead } from './response-head.ts';

/** What became of a request that was to be sent to a target. */
export const Dispatched = {
  sent: 0,
  /** No target has room: it waits in the queue. */
  waits: 1,
  /** No target has room, nor has the queue. */
  refused: 2,
  /** There is no target. */
  nobody: 3,
} as const;
export type Dispatched = (typeof Dispatched)[keyof typeof Dispatched];

/** The beginning of the request as it is sent, head included, in a buffer that is held until the exchange ends. */
export class SentRequest {
  buffer = NO_BUFFER;
  start = 0;
  end = 0;
  /** That is all of it, so that it can be sent once more. */
  whole = false;
  /** Sending it twice does no more than sending it once (RFC 9110 section 9.2.2). */
  idempotent = false;

  /** It can be sent again only if nothing of it has come to the target, and then can. */
  get dependsOnArrival(): boolean {
    return this.whole && !this.idempotent;
  }

  /** Whether it can be sent once more; `unread`: nothing of it has come to the target. */
  canGoAgain(unread: boolean): boolean {
    return this.whole && (this.idempotent || unread);
  }
}

/**
 * The way of a request to a target: which one, by which connection, and which one next when that was not to be.
 */
export class TargetSide {
  readonly request = new SentRequest();
  upstream: UpstreamConnection | null = null;
  target: Target | null = null;
  readonly #worker: WorkerContext;
  readonly #exchange: OwnedExchange;
  readonly #record: RequestRecord;
  readonly #answers: Exchange & Waiter;
  /** Where the request waits, or has waited, for a target with room. */
  #queue: ServiceQueue | null = null;
  readonly #body: Body;
  /** The connection is up, and the beginning of the request has been handed to it. */
  #ready = false;
  #paused = false;
  #service: Service | null = null;
  /** For services that keep their clients; null: none has been asked. */
  #visit: StickyVisit | null = null;
  #attempts = 0;
  #tried = -1;
  #triedBefore = -1;
  /** What a target is chosen by where that is not its turn: see `Service.pick`. */
  #hash = 0;
  /** The host that the request goes to, where TLS asks targets for it. */
  #asked = '';

  /** `answers` hears of what happens on the connection; `body` is that of the request. */
  constructor(
    worker: WorkerContext,
    exchange: OwnedExchange,
    record: RequestRecord,
    answers: Exchange & Waiter,
    body: Body,
  ) {
    this.#worker = worker;
    this.#exchange = exchange;
    this.#record = record;
    this.#answers = answers;
    this.#body = body;
  }

  begin(): void {
    this.#attempts = 0;
    this.#tried = -1;
    this.#triedBefore = -1;
    this.#asked = '';
  }

  /** A target takes the request, and more of its body if there is room. */
  get takesMore(): boolean {
    return this.#ready && !this.congested();
  }

  /** A target takes the request, but not what it has been sent. */
  get isHeldUp(): boolean {
    return this.#ready && this.congested();
  }

  /** Whether another target is asked after this failure of the one that was asked last; then that counts as a retry. */
  retries(failure: AttemptFailure): boolean {
    const service = this.#service;
    const target = service?.targets[this.#tried];
    if (service === null || target === undefined) return false;
    this.#tellFailed(target, failure);
    return this.#mayRetry(service, failure);
  }

  #mayRetry({ retry }: Service, failure: AttemptFailure): boolean {
    return retry.takes(failure, this.#attempts, this.#isRepeatable(retry), this.#worker.reactor.wallTime);
  }

  #isRepeatable(retry: RetryPolicy): boolean {
    return this.request.whole && retry.repeats(this.request.idempotent);
  }

  /** Whether another target is asked because this one has answered with this status; if so, this one is left. */
  leavesStatus(status: number): boolean {
    return this.#service?.retry.retriesStatus(status) === true && this.#leavesFor(AttemptFailure.status);
  }

  /** Whether another target is asked because this one takes long to answer; if so, this one is left. */
  leavesSlow(): boolean {
    const { target } = this;
    if (!this.#leavesFor(AttemptFailure.timeout)) return false;
    target?.watch?.failed();
    return true;
  }

  /**
   * Leaves a target for another one, if there is one that may be asked and has room; if not, the attempt goes on and has
   * not failed.
   */
  #leavesFor(failure: AttemptFailure): boolean {
    const { target } = this;
    const service = this.#service;
    if (service === null || target === null) return false;
    if (service.pickWithRoom(this.#hash, this.#tried, this.#triedBefore) < 0) return false;
    if (!this.#mayRetry(service, failure)) return false;
    this.#tellFailed(target, failure);
    this.drop();
    return true;
  }

  congested(): boolean {
    return this.upstream !== null && isCongested(this.upstream.connection);
  }

  /**
   * Reads of the request's head, before it is rewritten, what its target is chosen by, where a service that keeps its
   * clients has this one, and which name targets are asked for over TLS: the host that `rule` gives the request, else its own.
   */
  readHead(service: Service | null, head: RequestHead, rule: CompiledRule | null): void {
    const { fields } = head;
    const { client } = this.#exchange.session;
    const hash = service === null ? null : service.requestHash;
    this.#hash = hash === null ? client.hash : hash.read(this.#worker.memory, head);
    this.#visit = readVisit(this.#visit, this.#worker, service, fields, client.remoteAddress);
    if (service === null || service.tls === null) return;
    this.#asked = rule?.serverName ?? this.#hostOf(head);
  }

  /** What a service that keeps its clients tells this one with the response; null: nothing. */
  stickyLine(head: ResponseHead, secure: boolean): string | null {
    return stickyLine(this.#service, this.#visit, this.#tried, head.fields, secure);
  }

  /**
   * Sends the request to a target; called again for the next attempt, and when its turn in the queue has come
   * (`queued`).
   */
  dispatch(service: Service | null, queued: boolean): Dispatched {
    if (service !== this.#service) this.#tried = this.#triedBefore = -1;
    this.#service = service;
    const tried = this.#tried;
    const index = pickSticky(service, this.#visit, this.#hash, tried, this.#triedBefore);
    if (service === null || index < 0) return Dispatched.nobody;
    // Whoever waits comes before whoever has just come.
    if (!queued && service.queue !== null && service.queue.isUsed) return this.#wait(service);
    if (this.#enter(service, index)) return Dispatched.sent;
    const other = service.pickWithRoom(this.#hash, index, tried);
    if (other >= 0 && this.#enter(service, other)) return Dispatched.sent;
    return queued ? Dispatched.waits : this.#wait(service);
  }

  /** The same target once more, on a new connection; another one if it has left, is ejected by now, or is full. */
  replay(service: Service | null): Dispatched {
    const target = this.#service === null || this.#tried < 0 ? undefined : this.#service.targets[this.#tried];
    if (this.#service === null || target === undefined) return this.dispatch(service, false);
    target.cells[TargetCell.replays]!++;
    this.#tellFailed(target, AttemptFailure.stale);
    const takesNone = target.gone || this.#service.isEjected(this.#tried);
    if (takesNone || !target.reserve()) return this.dispatch(service, false);
    if (!target.openConnection()) {
      target.giveBack();
      return this.dispatch(service, false);
    }
    const { tls } = this.#service;
    this.#record.attempts++;
    this.#use(this.#service, target, null, tls === null ? '' : this.#nameAt(tls, target));
    return Dispatched.sent;
  }

  /** Sends the request to the target with this index, if that has room for it. */
  #enter(service: Service, index: number): boolean {
    const target = service.targets[index]!;
    if (!target.reserve()) return false;
    const { tls } = service;
    const name = tls === null ? '' : this.#nameAt(tls, target);
    const { remoteAddress, remotePort } = this.#exchange.session.client;
    const { now } = this.#worker.reactor;
    // What could not be sent once more meets no connection that the target may be about to close.
    const since = this.request.whole && this.request.idempotent ? 0 : now - target.idleLimit.safeFor(now);
    const kept = service.isBoundToClient
      ? (this.#exchange.session.own?.take(target, remoteAddress, remotePort, tls, name, since) ?? null)
      : target.takeIdle(tls, name, since);
    if (kept === null && !target.openConnection()) {
      target.giveBack();
      return false;
    }
    if (this.#attempts++ === 0) service.retry.budget.onRequest();
    else target.cells[TargetCell.retries]!++;
    this.#record.attempts++;
    this.#triedBefore = this.#tried;
    this.#tried = index;
    this.#use(service, target, kept, name);
    return true;
  }

  /** Gets in line for the first target that has room. */
  #wait(service: Service): Dispatched {
    const { queue, limits } = service;
    if (
      queue === null ||
      !queue.join(this.#answers, this.#exchange.session.listener, limits.queueSize, limits.queueTimeout)
    ) {
      return Dispatched.refused;
    }
    this.#queue = queue;
    return Dispatched.waits;
  }

  #use(service: Service, target: Target, kept: UpstreamConnection | null, name: string): void {
    const { reactor, responseHead } = this.#worker;
    const { client } = this.#exchange.session;
    this.target = target;
    this.#record.target = target.name;
    this.#record.dispatchedAt = reactor.now;
    // What an earlier attempt reached does not count.
    this.#record.readyAt = 0;
    target.begin();
    if (kept === null) {
      this.upstream = new UpstreamConnection(reactor, responseHead, target, this.#answers, service, client, name);
      return;
    }
    this.upstream = kept;
    kept.attach(this.#answers);
    this.send();
  }

  #tellFailed({ endpoint }: Target, failure: AttemptFailure): void {
    const failed = describeFailedAttempt(endpoint, failure);
    this.#record.failedAttempts += this.#record.failedAttempts === '' ? failed : `, ${failed}`;
  }

  #nameAt(tls: TargetTls, target: Target): string {
    return tls.nameFor(this.#asked, target.endpoint.address);
  }

  #hostOf({ host, fields }: RequestHead): string {
    return host < 0 ? '' : askedName(this.#worker.memory, fields.valueStart(host), fields.valueEnd(host));
  }

  /** Sends the beginning of the request; the connection is up. */
  send(): void {
    const { upstream, request } = this;
    const service = this.#service;
    if (upstream === null || service === null) throw new Error('a request without a target cannot be sent');
    this.#ready = true;
    this.#record.readyAt = this.#worker.reactor.now;
    upstream.tryTimeout = this.#isRepeatable(service.retry) ? service.retry.tryTimeout : 0;
    this.#worker.arena.retain(request.buffer);
    upstream.start(
      request.buffer,
      request.start,
      request.end,
      this.#body.done,
      service.planned.readTimeout,
      service.planned.sendTimeout ?? service.planned.readTimeout,
    );
  }

  /** The client takes no more of the response for now. */
  pause(): void {
    if (this.#paused || this.upstream === null) return;
    this.#paused = true;
    this.upstream.pause();
  }

  /** The client's connection has handed something over. */
  onClientSent(): void {
    if (!this.#paused || !isRelieved(this.#exchange.session.connection)) return;
    this.#paused = false;
    this.upstream?.resume();
  }

  /** The connection is gone. */
  lost(): void {
    this.upstream = null;
    this.#ready = false;
    this.#paused = false;
    this.leave();
  }

  /** The response is complete. `reusable`: the connection can carry another request. */
  finish(reusable: boolean): void {
    const upstream = this.upstream;
    this.upstream = null;
    this.#ready = false;
    if (upstream !== null) {
      if (this.#paused) {
        this.#paused = false;
        upstream.connection.resume();
      }
      // A target that has answered before it took the whole request keeps bytes of a buffer in which the next request
      // may lie as well, and that one's head grows over them.
      const taken = this.#body.done && upstream.connection.unsent === 0;
      if (!taken) upstream.abort();
      else if (!reusable || upstream.target.hasTooMany) upstream.discard();
      else if (this.#service?.isBoundToClient === true) this.#keepOwn(upstream);
      else upstream.release();
    }
    this.leave();
  }

  /** Cuts the exchange with the target off, if there is one. */
  drop(): void {
    this.#queue?.leave(this.#answers);
    this.#queue = null;
    this.upstream?.abort();
    this.upstream = null;
    this.#ready = false;
    this.#paused = false;
    this.leave();
  }

  leave(): void {
    const { target } = this;
    this.target = null;
    target?.finish();
  }

  /** Lets go of the service. */
  forget(): void {
    this.#service = null;
    this.#queue = null;
    this.#visit?.forget();
  }

  /** Whether nothing is left of a request that has ended, so that another one may come. */
  get isFree(): boolean {
    const isLeft = this.upstream === null && this.target === null && !this.#ready && !this.#paused;
    return isLeft && this.request.buffer === NO_BUFFER;
  }

  #keepOwn(upstream: UpstreamConnection): void {
    const { session } = this.#exchange;
    const { remoteAddress, remotePort } = session.client;
    session.own ??= new OwnConnections();
    session.own.keep(upstream, remoteAddress, remotePort);
  }
}
