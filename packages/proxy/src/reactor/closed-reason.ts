import { Closed } from './reactor.ts';

const REASONS: Readonly<Record<string, Closed>> = {
  ECONNRESET: Closed.reset,
  EPIPE: Closed.reset,
  ECONNABORTED: Closed.reset,
  ECONNREFUSED: Closed.refused,
  ENETUNREACH: Closed.unreachable,
  EHOSTUNREACH: Closed.unreachable,
  ENETDOWN: Closed.unreachable,
  EHOSTDOWN: Closed.unreachable,
  EACCES: Closed.unreachable,
  EPERM: Closed.unreachable,
  ETIMEDOUT: Closed.timedOut,
  EMFILE: Closed.exhausted,
  ENFILE: Closed.exhausted,
  ENOBUFS: Closed.exhausted,
  ENOMEM: Closed.exhausted,
  // On connect: no local port is left.
  EADDRNOTAVAIL: Closed.exhausted,
};

/** What the system's error name means for a connection. */
export function closedReason(code: string): Closed {
  return REASONS[code] ?? Closed.failed;
}
