import type { ResponseHead } from '../http1/response-head.ts';
import { Closed, type Connection } from '../reactor/reactor.ts';
import { EndReason } from '../telemetry/end-reason.ts';

/** The request side of an exchange, as the connection to the target sees it. */
export interface Exchange {
  /** Whether the request's method is HEAD, whose response has no body. */
  readonly expectsNoBody: boolean;
  /** Whether it can be sent again only if nothing of it has come to the target, and then can. */
  readonly dependsOnArrival: boolean;
  /** Whether the chunked framing of the response with this head is taken off. */
  wantsPlainBody(head: ResponseHead): boolean;
  /** A new connection is up; the request can be sent. */
  onUpstreamReady(): void;
  /**
   * The target has not answered within the time that one try has. True: the exchange has turned to another target, and
   * this connection is gone; false: it waits on.
   */
  onSlowTry(): boolean;
  /** There will be no response, or no more of it. The upstream connection is gone already. */
  onUpstreamLost(loss: UpstreamLoss): void;
  /** A whole 1xx response, unaltered, up to `head.end`; one count of the buffer comes with it. */
  onInterimResponse(head: ResponseHead, buffer: number): void;
  /**
   * 101 (Switching Protocols), and what the target sends behind it up to `end`. True: that was asked for, the exchange is
   * over, and it has taken the connection (see `UpstreamConnection.detach`) and one count of the buffer.
   */
  onSwitch(head: ResponseHead, buffer: number, end: number): boolean;
  /**
   * The final response's head, unaltered, and the body bytes behind it up to `end`; one count of the buffer comes with
   * it. `endsWithConnection`: the body has no other end than the connection's.
   */
  onResponseHead(head: ResponseHead, buffer: number, end: number, endsWithConnection: boolean): void;
  /** More of the body; one count of the buffer comes with it. */
  onResponseBody(buffer: number, start: number, end: number): void;
  /** The response is complete. `reusable`: the connection can carry another request. */
  onResponseDone(reusable: boolean): void;
  /** A send to the target has been handed over. */
  onUpstreamSent(connection: Connection): void;
}

export interface UpstreamLoss {
  readonly phase: 'connect' | 'response-head' | 'response-body';
  readonly cause: 'closed' | 'timeout' | 'invalid' | 'exhausted';
  /** What the reactor said, for `closed`. */
  readonly reason: Closed;
  /** The connection had carried a request before, and not one byte of this response came. */
  readonly staleReuse: boolean;
  /** Nothing of the request has come to the target, as far as `staleReuse`. */
  readonly unread: boolean;
  /** Something of this response came. */
  readonly bytesSeen: boolean;
}

/** Why there was no connection to a target. */
export function reasonOfNoConnection({ cause, reason }: Pick<UpstreamLoss, 'cause' | 'reason'>): EndReason {
  if (cause === 'exhausted') return EndReason.proxyConnect;
  return reason === Closed.handshake ? EndReason.targetHandshake : EndReason.targetConnect;
}
