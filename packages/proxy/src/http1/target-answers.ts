import { Limit } from '../limits/limit.ts';
import type { Connection } from '../reactor/reactor.ts';
import { failureOf } from '../retry/attempt-failure.ts';
import { ListenerCell } from '../telemetry/cells.ts';
import { EndReason } from '../telemetry/end-reason.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import type { AskedUpgrade } from '../upgrade/asked-upgrade.ts';
import { UpgradedSession } from '../upgrade/upgraded-session.ts';
import { type Exchange, reasonOfNoConnection, type UpstreamLoss } from '../upstream/exchange.ts';
import type { Service } from '../upstream/service.ts';
import type { Waiter } from '../upstream/service-queue.ts';
import { isRelieved } from '../worker/back-pressure.ts';
import type { WorkerContext } from '../worker/context.ts';
import type { Body } from './body.ts';
import { OpenExchange } from './open-exchange.ts';
import { withRequestId } from './request-id.ts';
import type { ResponseHead } from './response-head.ts';
import type { ResponseSide } from './response-side.ts';
import { Dispatched, type TargetSide } from './target-side.ts';
import { withTransportSecurity } from './transport-security.ts';

/**
 * What targets make of a request: has one take it, asks another when that one fails, and hands the answer on to the client.
 */
export class TargetAnswers implements Exchange, Waiter {
  readonly exchange: OpenExchange;
  /** The switch of protocols that the request asks for. */
  upgrade: AskedUpgrade | null = null;
  readonly #worker: WorkerContext;
  readonly #body: Body;
  readonly #record: RequestRecord;
  readonly #target: TargetSide;
  readonly #response: ResponseSide;

  constructor(worker: WorkerContext) {
    this.#worker = worker;
    this.exchange = new OpenExchange(worker, this);
    this.#body = this.exchange.body;
    this.#record = this.exchange.record;
    this.#target = this.exchange.target;
    this.#response = this.exchange.response;
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

  /** The service that the request goes to, as it is now. */
  get service(): Service | null {
    const { ruled } = this.exchange;
    const reference = ruled === null ? null : ruled.service;
    return reference === null ? this.exchange.session.listener.service : reference.service;
  }

  /** Sends the request to a target; called again for the next attempt. */
  dispatch(): void {
    this.#dispatched(this.#target.dispatch(this.service, false));
  }

  #dispatched(outcome: Dispatched): void {
    if (outcome === Dispatched.nobody) this.exchange.fail(503, EndReason.proxyRoute);
    else if (outcome === Dispatched.refused) this.exchange.fail(503, EndReason.proxyQueueFull);
  }

  onTurn(): boolean {
    const outcome = this.#target.dispatch(this.service, true);
    this.#dispatched(outcome);
    return outcome !== Dispatched.waits;
  }

  onWaitedTooLong(): void {
    this.exchange.fail(503, EndReason.proxyQueueTimeout);
  }

  onUpstreamReady(): void {
    this.#target.send();
    this.exchange.session.onExchangeReady();
  }

  onUpstreamSent(connection: Connection): void {
    if (this.#body.done) return;
    if (!isRelieved(connection)) {
      this.#target.upstream?.expectTaking();
      return;
    }
    this.#target.upstream?.expectProgress(false);
    this.exchange.session.onExchangeReady();
  }

  onUpstreamLost(loss: UpstreamLoss): void {
    const { exchange } = this;
    this.#target.lost();
    if (this.#response.started) {
      exchange.cut(EndReason.targetResponseBody);
      return;
    }
    if (loss.staleReuse && this.#target.request.canGoAgain(loss.unread)) {
      // The kept connection was closing as the request went out: once more on a new one (RFC 9112 section 9.3.1).
      this.#dispatched(this.#target.replay(this.service));
      return;
    }
    const reason = loss.phase === 'connect' ? reasonOfNoConnection(loss) : EndReason.targetResponseHead;
    if (this.#target.retries(failureOf(loss))) this.dispatch();
    else if (loss.cause === 'exhausted') {
      // Out of descriptors, local ports or buffers: it is this node that cannot, for now.
      exchange.limited(Limit.overload);
      exchange.fail(503, reason);
    } else exchange.fail(loss.cause === 'timeout' ? 504 : 502, reason);
  }

  onSlowTry(): boolean {
    if (this.#response.started || !this.#target.leavesSlow()) return false;
    this.dispatch();
    return true;
  }

  onInterimResponse(head: ResponseHead, buffer: number): void {
    const { arena, rewriter } = this.#worker;
    // HTTP/1.0 has no interim responses (RFC 9110 section 15.2).
    if (this.#record.minor === 0) {
      arena.release(buffer);
      return;
    }
    this.exchange.session.listener.cells[ListenerCell.responses + 1]!++;
    // Another target would say it again.
    this.#target.request.whole = false;
    // What it says of the connection is the target's and the proxy's business; it shrinks, if anything.
    this.#response.send(buffer, rewriter.response(head, true, 1, false), head.end);
  }

  onSwitch(head: ResponseHead, buffer: number, end: number): boolean {
    const { memory, rewriter, reactor } = this.#worker;
    const { listener, connection, client } = this.exchange.session;
    const { exchange } = this;
    const record = this.#record;
    const { upstream, target } = this.#target;
    if (upstream === null || target === null || !this.upgrade?.isGrantedBy(memory, head)) return false;
    record.status = record.targetStatus = 101;
    record.firstByteAt = reactor.now;
    this.#response.send(buffer, rewriter.switching(head, this.#ownLines(head)), end);
    exchange.active = false;
    const session = new UpgradedSession(this.#worker, listener, connection, client, upstream.detach(), target, record);
    exchange.releaseBuffers();
    this.exchange.session.onSwitched(session);
    return true;
  }

  onResponseHead(head: ResponseHead, buffer: number, end: number, endsWithConnection: boolean): void {
    if (this.#target.leavesStatus(head.status)) {
      this.#worker.arena.release(buffer);
      this.dispatch();
      return;
    }
    const { exchange } = this;
    const record = this.#record;
    const response = this.#response;
    const plain = record.minor === 0 && head.chunked;
    const kept = response.keepAlive && this.#body.done;
    // What has no length ends with the connection, on this side as well.
    if (endsWithConnection || (plain && !response.expectsNoBody)) response.keepAlive = false;
    // A target that answers before it has the whole body leaves a connection that nobody can use again.
    if (!this.#body.done) response.keepAlive = false;
    record.status = head.status;
    record.targetStatus = head.status;
    record.firstByteAt = this.#worker.reactor.now;
    const failed = response.sendHead(head, buffer, end, this.#ownLines(head), exchange.ruled, kept);
    if (failed > 0) exchange.fail(failed, response.started ? EndReason.proxyResponseBody : EndReason.proxyResponseHead);
  }

  /** What the listener and the service add to every response of a target; null: nothing. */
  #ownLines(head: ResponseHead): string | null {
    const { protocol, http } = this.exchange.session.listener.planned;
    const line = withTransportSecurity(http, this.#target.stickyLine(head, protocol === 'https'));
    const { memory, requestIds } = this.#worker;
    return withRequestId(http, this.#record, memory, requestIds, head, line);
  }

  onResponseBody(buffer: number, start: number, end: number): void {
    if (!this.#response.sendBody(buffer, start, end)) this.exchange.cut(EndReason.proxyResponseBody);
  }

  onResponseDone(reusable: boolean): void {
    const { exchange } = this;
    if (!this.#response.sendEnd()) {
      exchange.cut(EndReason.proxyResponseBody);
      return;
    }
    this.#target.finish(reusable && !exchange.doubted);
    this.#record.answeredAt = this.#worker.reactor.now;
    this.#response.done = true;
    if (this.exchange.session.connection.unsent === 0) exchange.finish();
  }
}
