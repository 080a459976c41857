import { FAILED } from '../balance/latency.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { Arrival, Closed, type Connection, type ConnectionHandler, type Reactor } from '../reactor/reactor.ts';
import type { AnnouncedClient } from '../source-address/proxy-protocol/announce.ts';
import { judgeLoss } from '../standing/judge-loss.ts';
import { TargetCell } from '../telemetry/cells.ts';
import type { TargetTls } from '../tls/target-tls.ts';
import { connectTarget, type WayToTargets } from './connect-target.ts';
import type { Exchange, UpstreamLoss } from './exchange.ts';
import { KeptPlace } from './kept-list.ts';
import { ConnectionState, ResponseReader, type ResponseSource } from './response-reader.ts';
import type { Target } from './target.ts';

/** How often the system is asked what has become of a request that met the target's end, and how long. Milliseconds. */
const ASK_EVERY = 10;
const ASK_LONGEST = 1_000;

/** One HTTP/1.1 connection to a target: carries one exchange at a time, and waits in the target's pool in between. */
export class UpstreamConnection implements ConnectionHandler, ResponseSource {
  readonly target: Target;
  readonly connection: Connection;
  state: ConnectionState = ConnectionState.connecting;
  /** The exchange that it carries. */
  exchange: Exchange | null;
  /** What it is secured by, and whom the target was asked for; a request that wants others takes another connection. */
  readonly tls: TargetTls | null;
  readonly serverName: string;
  /** Where it waits among the target's kept connections. */
  readonly place = new KeptPlace<UpstreamConnection>(this);
  readonly placeOfName = new KeptPlace<UpstreamConnection>(this);
  readonly #reactor: Reactor;
  readonly #responses: ResponseReader;
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
  /** It waits outside of the target's pool. */
  #waitsAlone = false;

  /**
   * Connects on behalf of `client`, in a place that the target has given (`openConnection`); `exchange` hears of the
   * outcome. `head` is the worker's parser.
   */
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
    this.#responses = new ResponseReader(reactor.arena, head, this);
    this.target = target;
    this.exchange = exchange;
    this.tls = service.tls;
    this.serverName = serverName;
    this.connection = connectTarget(reactor, service, target, client, serverName, this);
    this.connection.largeReceives = true;
    this.connection.setDeadline(reactor.now + service.planned.connectTimeout);
  }

  /** Takes a kept connection for a request. */
  attach(exchange: Exchange): void {
    this.exchange = exchange;
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
    this.state = ConnectionState.head;
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
    this.exchange = null;
    this.state = ConnectionState.idle;
    this.idleSince = now;
    this.connection.setDeadline(now + this.target.idleLimit.keepFor(now));
  }

  /** Whether it can carry a request: it may have gone since it began to wait. */
  get waits(): boolean {
    return this.state === ConnectionState.idle;
  }

  /** Closes a connection that owes nothing; says nothing to the exchange. */
  discard(): void {
    if (this.state === ConnectionState.gone) return;
    this.exchange = null;
    this.#leave();
    this.connection.close();
  }

  /** Cuts the exchange off; says nothing to it. */
  abort(): void {
    if (this.state === ConnectionState.gone) return;
    this.exchange = null;
    this.#leave();
    this.connection.abort();
  }

  /**
   * Gives the connection away after a 101, to whoever becomes its handler: that one counts its end, and what passes from
   * now on.
   */
  detach(): Connection {
    this.exchange = null;
    this.state = ConnectionState.gone;
    this.#responses.clear();
    return this.connection;
  }

  onConnected(connection: Connection): void {
    connection.setDeadline(0);
    this.exchange?.onUpstreamReady();
  }

  onReceive(_connection: Connection, buffer: number, start: number, end: number): void {
    this.target.cells[TargetCell.bytesReceived]! += end - start;
    if (this.state === ConnectionState.head) {
      if (!this.#bytesSeen) this.#hear();
      this.#responses.receiveHead(buffer, start, end);
    } else if (this.state === ConnectionState.body) this.#responses.receiveBody(buffer, start, end);
    else {
      // A response that nobody asked for: whatever is meant, the next request must not be answered with it.
      this.#reactor.arena.release(buffer);
      this.discard();
    }
  }

  /** The first byte of a response has come. */
  #hear(): void {
    this.#bytesSeen = true;
    if (this.#reused) this.target.idleLimit.outlived(this.#idleFor);
  }

  onSent(connection: Connection): void {
    this.exchange?.onUpstreamSent(connection);
  }

  onEnd(_connection: Connection): void {
    if (this.state === ConnectionState.body && this.exchange !== null && this.#responses.endsWithConnection) {
      this.finish(false);
      return;
    }
    if (this.#isStale && this.exchange?.dependsOnArrival === true) {
      this.#endedAt = this.#reactor.now;
      this.#awaitArrival();
    } else this.lose('closed', Closed.finished);
  }

  /** The target's system answers what it was sent after it had ended: by a reset, if nobody is there to read it. */
  #awaitArrival(): void {
    const { now } = this.#reactor;
    const open = this.connection.arrivalBehind(this.#mark) === Arrival.open;
    if (open && now < this.#endedAt + ASK_LONGEST) this.connection.setDeadline(now + ASK_EVERY);
    else this.lose('closed', Closed.finished);
  }

  onDeadline(_connection: Connection): void {
    if (this.state === ConnectionState.idle) {
      this.target.idleLimit.survived();
      this.discard();
    } else if (this.#endedAt > 0) this.#awaitArrival();
    else if (this.state === ConnectionState.head && this.tryTimeout > 0) this.#askForMore();
    else this.lose('timeout', Closed.timedOut);
  }

  /** The time of one try is over: the exchange goes, or waits for as long as the target may be silent. */
  #askForMore(): void {
    const rest = this.#readTimeout - this.tryTimeout;
    this.tryTimeout = 0;
    if (this.exchange?.onSlowTry() !== true) this.connection.setDeadline(this.#reactor.now + rest);
  }

  onClosed(_connection: Connection, reason: Closed): void {
    if (this.state === ConnectionState.gone) return;
    this.lose(reason === Closed.exhausted ? 'exhausted' : 'closed', reason);
  }

  /** It was kept for the request that it carries, of whose answer nothing has come. */
  get #isStale(): boolean {
    return this.state === ConnectionState.head && this.#reused && !this.#bytesSeen;
  }

  answered(status: number): void {
    const { target } = this;
    const took = this.#reactor.now - this.#sentAt;
    if (status !== 101) {
      target.cells[TargetCell.responses + Math.floor(status / 100)]!++;
      if (target.latencies !== null) target.observe(took, this.#reactor.wallTime);
      this.tryTimeout = 0;
    }
    target.watch?.answered(status, took);
  }

  progressed(): void {
    if (this.#expecting) this.expectProgress(true);
  }

  finish(reusable: boolean): void {
    this.connection.setDeadline(0);
    this.exchange?.onResponseDone(reusable);
  }

  /** The connection is of no more use; tells the exchange if there is one. */
  lose(cause: UpstreamLoss['cause'], reason: Closed): void {
    if (this.state === ConnectionState.gone) return;
    const state = this.state;
    const exchange = this.exchange;
    const staleReuse = this.#isStale && cause === 'closed';
    // Nobody knows once the connection is given up.
    const unread = staleReuse && this.connection.arrivalBehind(this.#mark) === Arrival.none;
    this.exchange = null;
    this.#leave();
    this.connection.abort();
    if (state === ConnectionState.connecting) this.target.cells[TargetCell.connectErrors]!++;
    if (exchange === null) {
      if (state === ConnectionState.idle && cause === 'closed') this.#learnLimit(this.#reactor.now - this.idleSince);
      return;
    }
    const loss: UpstreamLoss = {
      phase: phaseOf(state),
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
    this.state = ConnectionState.gone;
    this.#responses.clear();
    this.target.closeConnection();
  }
}

/** How far an exchange had come on a connection in this state. */
function phaseOf(state: ConnectionState): UpstreamLoss['phase'] {
  if (state === ConnectionState.connecting) return 'connect';
  return state === ConnectionState.body ? 'response-body' : 'response-head';
}
