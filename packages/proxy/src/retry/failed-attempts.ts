import type { Endpoint } from '../reactor/reactor.ts';
import { ATTEMPT_FAILURES, type AttemptFailure } from './attempt-failure.ts';

/** One attempt of a request that failed, as the log tells it: `10.0.0.1:8080 refused`. ASCII, without quotes. */
export function describeFailedAttempt({ address, port }: Endpoint, failure: AttemptFailure): string {
  const place = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  return `${place} ${ATTEMPT_FAILURES[failure]}`;
}
