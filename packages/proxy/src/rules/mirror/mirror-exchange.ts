import type { ResponseHead } from '../../http1/response-head.ts';
import { LARGE_SIZE } from '../../reactor/arena.ts';
import type { Connection, Timer } from '../../reactor/reactor.ts';
import type { AnnouncedClient } from '../../source-address/proxy-protocol/announce.ts';
import { UpstreamConnection } from '../../upstream/connection.ts';
import type { Exchange } from '../../upstream/exchange.ts';
import type { Service } from '../../upstream/service.ts';
import type { Target } from '../../upstream/target.ts';
import type { WorkerContext } from '../../worker/context.ts';

/** Bytes that may wait for the mirror, one more piece aside; beyond it the copy is given up. */
const MOST_WAITING = 2 * LARGE_SIZE;

/** Bytes of a request that are copied, and of an answer that are read and thrown away. */
export const MOST_COPIED = 1024 * 1024;

/** How long a copy may take in all, in milliseconds. */
const LIFETIME = 60_000;

interface Part {
  readonly buffer: number;
  readonly start: number;
  readonly end: number;
}

/** What a copy is sent with. */
export interface MirroredRequest {
  readonly service: Service;
  readonly target: Target;
  readonly client: AnnouncedClient;
  /** The host that it is for, as a name; only for services with TLS. */
  readonly asked: string;
  readonly expectsNoBody: boolean;
}

/**
 * The copy of one request on its way to another service: whatever becomes of it, the request itself goes on as if there
 * were none. What the mirror does not take in time is not kept for it, and nobody reads its answer.
 */
export class MirrorExchange implements Exchange {
  readonly expectsNoBody: boolean;
  /** It is not sent again. */
  readonly dependsOnArrival = false;
  readonly target: Target;
  readonly #worker: WorkerContext;
  readonly #service: Service;
  readonly #asked: string;
  readonly #over: (mirror: MirrorExchange) => void;
  readonly #timer: Timer;
  #upstream: UpstreamConnection | null = null;
  /** The request as far as it is there; what comes while the connection is being made. */
  readonly #parts: Part[] = [];
  #ready = false;
  #complete = false;
  #copied = 0;
  #answered = 0;

  /** `over` hears that the copy has ended in one way or another. */
  constructor(worker: WorkerContext, request: MirroredRequest, over: (mirror: MirrorExchange) => void) {
    this.#worker = worker;
    this.#service = request.service;
    this.#asked = request.asked;
    this.target = request.target;
    this.expectsNoBody = request.expectsNoBody;
    this.#over = over;
    this.#timer = worker.reactor.setTimer(LIFETIME, () => this.abort());
  }

  /** Begins with memory[start, end) of a buffer, of which one count comes with it. */
  begin(buffer: number, start: number, end: number, complete: boolean, client: AnnouncedClient): void {
    const { reactor, responseHead } = this.#worker;
    this.#parts.push({ buffer, start, end });
    this.#copied = end - start;
    this.#complete = complete;
    const service = this.#service;
    const { tls } = service;
    const name = tls === null ? '' : tls.nameFor(this.#asked, this.target.endpoint.address);
    const kept = service.isBoundToClient ? null : this.target.takeIdle(tls, name, 0);
    if (!this.target.reserve()) {
      kept?.discard();
      this.#giveUp();
      return;
    }
    if (kept === null && !this.target.openConnection()) {
      this.target.giveBack();
      this.#giveUp();
      return;
    }
    this.target.begin();
    if (kept === null) {
      this.#upstream = new UpstreamConnection(reactor, responseHead, this.target, this, service, client, name);
      return;
    }
    this.#upstream = kept;
    kept.attach(this);
    this.onUpstreamReady();
  }

  /** More of the request; one count of the buffer comes with it. */
  add(buffer: number, start: number, end: number, complete: boolean): void {
    const upstream = this.#upstream;
    this.#complete = complete;
    this.#copied += end - start;
    const waiting = this.#ready && upstream !== null ? upstream.connection.unsent : this.#copied;
    if (upstream === null || this.#copied > MOST_COPIED || waiting > MOST_WAITING) {
      this.#worker.arena.release(buffer);
      this.abort();
      return;
    }
    if (!this.#ready) {
      this.#parts.push({ buffer, start, end });
      return;
    }
    upstream.send(buffer, start, end);
    upstream.expectProgress(complete);
  }

  onSlowTry(): boolean {
    return false;
  }

  /** Gives the copy up, wherever it is. */
  abort(): void {
    const upstream = this.#upstream;
    if (upstream === null) return;
    this.#upstream = null;
    upstream.abort();
    this.#finish();
  }

  wantsPlainBody(): boolean {
    return false;
  }

  onUpstreamReady(): void {
    const upstream = this.#upstream;
    const [first, ...rest] = this.#parts.splice(0);
    if (upstream === null || first === undefined) return;
    this.#ready = true;
    const { readTimeout, sendTimeout = readTimeout } = this.#service.planned;
    upstream.start(first.buffer, first.start, first.end, this.#complete, readTimeout, sendTimeout);
    for (const { buffer, start, end } of rest) upstream.send(buffer, start, end);
  }

  onUpstreamLost(): void {
    this.#upstream = null;
    this.#finish();
  }

  onInterimResponse(_head: ResponseHead, buffer: number): void {
    this.#worker.arena.release(buffer);
  }

  /** No copy asks for a switch of protocols. */
  onSwitch(): boolean {
    return false;
  }

  onResponseHead(_head: ResponseHead, buffer: number): void {
    this.#worker.arena.release(buffer);
  }

  onResponseBody(buffer: number, start: number, end: number): void {
    this.#worker.arena.release(buffer);
    this.#answered += end - start;
    if (this.#answered > MOST_COPIED) this.abort();
  }

  onResponseDone(reusable: boolean): void {
    const upstream = this.#upstream;
    if (upstream === null) return;
    this.#upstream = null;
    if (!this.#complete || upstream.connection.unsent > 0) upstream.abort();
    else if (reusable && !this.#service.isBoundToClient) upstream.release();
    else upstream.discard();
    this.#finish();
  }

  onUpstreamSent(_connection: Connection): void {}

  /** The target has no room for a copy. */
  #giveUp(): void {
    for (const { buffer } of this.#parts.splice(0)) this.#worker.arena.release(buffer);
    this.#timer.cancel();
    this.#over(this);
  }

  #finish(): void {
    this.#timer.cancel();
    for (const { buffer } of this.#parts.splice(0)) this.#worker.arena.release(buffer);
    this.target.finish();
    this.#over(this);
  }
}
