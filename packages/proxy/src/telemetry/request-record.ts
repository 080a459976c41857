import type { RememberedFields } from '../http1/remembered-fields.ts';
import { type Limit, NO_LIMIT } from '../limits/limit.ts';
import type { AsciiSegment } from './ascii-segment.ts';
import { EndReason } from './end-reason.ts';
import { NO_TARGET } from './target-segment.ts';

/**
 * What is known of one HTTP exchange when it ends: numbers and spans of arena memory, filled in as the exchange goes on
 * and read once. Times are milliseconds of `Reactor.now`, 0 when the point was not reached; spans are empty when equal.
 */
export class RequestRecord {
  /** Number of the identifier that was made for the request; 0: none was, it may have its own. */
  id = 0;
  reason: EndReason = EndReason.none;
  /** Why somebody could understand the request in another way, a `Desync`; -1 for no such reason. */
  desync = -1;
  /** The limit that was reached; `NO_LIMIT`: none. */
  limit: Limit | typeof NO_LIMIT = NO_LIMIT;
  /** Status sent to the client; 499 when there was none. */
  status = 0;
  /** Status that the target sent; 0 without one. */
  targetStatus = 0;
  /** The last target that was tried, as `targetSegment` has it. */
  target: AsciiSegment = NO_TARGET;
  minor = 1;
  /** Attempts to send it to a target, the first included; 0: none. */
  attempts = 0;
  /** Those that failed, one behind the other as `describeFailedAttempt` has it; "": none. */
  failedAttempts = '';
  /** First byte of the request. */
  startedAt = 0;
  /** A target was chosen. */
  dispatchedAt = 0;
  /** Its connection was up (at once for a kept one). */
  readyAt = 0;
  /** The response's head was there. */
  firstByteAt = 0;
  /** The response was there whole. */
  answeredAt = 0;
  /** Head and body as received, in bytes. */
  bytesReceived = 0;
  /** Everything sent to the client, in bytes. */
  bytesSent = 0;
  methodStart = 0;
  methodEnd = 0;
  targetStart = 0;
  targetEnd = 0;
  hostStart = 0;
  hostEnd = 0;
  agentStart = 0;
  agentEnd = 0;
  refererStart = 0;
  refererEnd = 0;
  requestIdStart = 0;
  requestIdEnd = 0;

  /** The rule that applied, as the log tells it; null: none. */
  rule: AsciiSegment | null = null;
  /** The request target as it was sent, when it is not as it goes on. */
  sentTarget: DataView | null = null;
  /** The request's fields, when they were known beforehand: what the log says of them may be known as well. */
  remembered: RememberedFields<unknown> | null = null;

  clear(startedAt: number): void {
    this.id = 0;
    this.remembered = null;
    this.sentTarget = null;
    this.rule = null;
    this.reason = EndReason.none;
    this.desync = -1;
    this.limit = NO_LIMIT;
    this.status = 0;
    this.targetStatus = 0;
    this.target = NO_TARGET;
    this.attempts = 0;
    this.failedAttempts = '';
    this.minor = 1;
    this.startedAt = startedAt;
    this.dispatchedAt = 0;
    this.readyAt = 0;
    this.firstByteAt = 0;
    this.answeredAt = 0;
    this.bytesReceived = 0;
    this.bytesSent = 0;
    this.clearSpans();
  }

  clearSpans(): void {
    this.methodStart = this.methodEnd = 0;
    this.targetStart = this.targetEnd = 0;
    this.hostStart = this.hostEnd = 0;
    this.agentStart = this.agentEnd = 0;
    this.refererStart = this.refererEnd = 0;
    this.requestIdStart = this.requestIdEnd = 0;
  }
}
