/** Why a probe failed; the codes that users see as the reason of an unhealthy target. */
export const FAILURE_REASONS = [
  /** Nobody listens there, or there is no way there. */
  'CONNECT_FAILED',
  /** The connection was not up when the time had run out. */
  'CONNECT_TIMEOUT',
  /** The target reset the connection before the first byte of an answer. */
  'CONNECT_INTERRUPT',
  /** The request could not be sent. */
  'REQUEST_FAILED',
  /** The target took no bytes of the request until the time had run out. */
  'REQUEST_TIMEOUT',
  /** The connection ended before the answer was complete. */
  'RECEIVE_RESPONSE_FAILED',
  /** The answer was not complete when the time had run out. */
  'RECEIVE_RESPONSE_TIMEOUT',
  /** The answer's status code is not one of those that count as success. */
  'HTTP_CODE_MISMATCH',
  /** What came back is not of the protocol, or longer than the bound. */
  'RESPONSE_FORMAT_ERROR',
  /** The connection was up, and TLS did not come about: no TLS there, no version in common, a certificate not good. */
  'TLS_HANDSHAKE_FAILED',
  /** An answer came, and what was expected is not in it. */
  'RESPONSE_MISMATCH',
  /** A gRPC service says that it is not serving, or does not know the health protocol or the service's name. */
  'GRPC_NOT_SERVING',
] as const;
export type FailureReason = (typeof FAILURE_REASONS)[number];

/** What came of a probe; `detail` says what the verdict rests on. */
export type ProbeOutcome =
  | { readonly kind: 'success'; readonly detail: string }
  | { readonly kind: 'failure'; readonly reason: FailureReason; readonly detail: string }
  /** This node lacked descriptors or memory, which says nothing about the target. */
  | { readonly kind: 'inconclusive'; readonly detail: string };

/** Whether the target let the time run out, so that probing it keeps a slot for long. */
export function timedOut(outcome: ProbeOutcome): boolean {
  return outcome.kind === 'failure' && outcome.reason.endsWith('_TIMEOUT');
}
