import type { AsciiSegment } from './ascii-segment.ts';
import { EndReason } from './end-reason.ts';
import { NO_TARGET } from './target-segment.ts';

/** What is known of one tunnelled connection when it ends. Times are milliseconds of `Reactor.now`. */
export class ConnectionRecord {
  reason: EndReason = EndReason.none;
  /** The last target that was tried, as `targetSegment` has it. */
  target: AsciiSegment = NO_TARGET;
  /** Why TLS failed, in OpenSSL's words; empty when it did not. ASCII, without quotes. */
  failure = '';
  /** Attempts to connect to a target; and those that failed, as in `RequestRecord`. */
  attempts = 0;
  failedAttempts = '';
  /** Round trip to the client in microseconds; -1: not known. */
  roundTrip = -1;
  readonly startedAt: number;
  /** The connection to the target was up; 0 when it never was. */
  connectedAt = 0;
  /** From the client, in bytes. */
  bytesReceived = 0;
  /** To the client, in bytes. */
  bytesSent = 0;

  constructor(startedAt: number) {
    this.startedAt = startedAt;
  }
}
