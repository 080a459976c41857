import { Closed } from '../reactor/reactor.ts';
import type { UpstreamLoss } from '../upstream/exchange.ts';

/** What became of an attempt that did not bring an answer to be handed on. */
export const AttemptFailure = {
  /** The connection was refused, or there was no way: nothing of the request has been anywhere. */
  refused: 0,
  /** The connection did not come about in time, or not as TLS with the right target. */
  connectTimeout: 1,
  handshake: 2,
  connect: 3,
  /** The node had no port, descriptor or memory for the connection. */
  exhausted: 4,
  /** The target closed before one byte of an answer. */
  noResponse: 5,
  /** It was silent for as long as it may be. */
  timeout: 6,
  /** What it sent is no answer, or ends within its head. */
  invalid: 7,
  /** It answered with a status after which another target is asked. */
  status: 8,
  /** The node had no memory for the answer. */
  lost: 9,
  /** It had closed the kept connection by which the request came. */
  stale: 10,
} as const;
export type AttemptFailure = (typeof AttemptFailure)[keyof typeof AttemptFailure];

/** By failure, as logs tell it. */
export const ATTEMPT_FAILURES = [
  'refused',
  'connect-timeout',
  'handshake',
  'connect',
  'exhausted',
  'no-response',
  'timeout',
  'invalid',
  'status',
  'lost',
  'kept-closed',
] as const;

/** `bytesSeen`: something of an answer came. */
export function failureOf({ phase, cause, reason, bytesSeen }: UpstreamLoss): AttemptFailure {
  if (phase === 'connect') return cause === 'exhausted' ? AttemptFailure.exhausted : connectFailure(reason);
  if (cause === 'timeout') return AttemptFailure.timeout;
  if (cause === 'closed' && !bytesSeen) return AttemptFailure.noResponse;
  return cause === 'exhausted' ? AttemptFailure.lost : AttemptFailure.invalid;
}

export function connectFailure(reason: Closed): AttemptFailure {
  switch (reason) {
    case Closed.refused:
    case Closed.unreachable:
      return AttemptFailure.refused;
    case Closed.timedOut:
      return AttemptFailure.connectTimeout;
    case Closed.handshake:
      return AttemptFailure.handshake;
    case Closed.exhausted:
      return AttemptFailure.exhausted;
    default:
      return AttemptFailure.connect;
  }
}
