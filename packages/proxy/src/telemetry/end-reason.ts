/**
 * Why a request or tunnelled connection ended: who ended it, and in which phase. Small integers, so that counting one is
 * `row[ListenerCell.reasons + reason]!++`; `END_REASONS` has their names for logs and metrics. The numbers may change
 * from one version to the next, the names may not.
 *
 * Who: `client` and `target` went away, reset, stalled or sent what cannot be understood; `proxy` refused, ran out of
 * something, or was told to let go. A time limit counts against the side that was waited for; the status (408, 504)
 * tells it from a loss. Phases: the request's head and body, choosing a target (route), connecting to it, the response's
 * head and body, both ways open (tunnel), and nothing moving (idle).
 */
export const EndReason = {
  /** Ended as it should: a whole response, or both directions of a tunnel ended. */
  none: 0,
  clientRequestHead: 1,
  clientRequestBody: 2,
  clientConnect: 3,
  clientResponseHead: 4,
  clientResponseBody: 5,
  clientTunnel: 6,
  targetConnect: 7,
  targetRequestBody: 8,
  targetResponseHead: 9,
  targetResponseBody: 10,
  targetTunnel: 11,
  /** Over a limit before anything was read: connections, buffers. */
  proxyAccept: 12,
  proxyRequestHead: 13,
  proxyRequestBody: 14,
  /** No service or no target to send it to. */
  proxyRoute: 15,
  /** Out of local ports, descriptors or memory on the way to the target. */
  proxyConnect: 16,
  proxyResponseHead: 17,
  proxyResponseBody: 18,
  proxyTunnel: 19,
  proxyIdle: 20,
  /** No token, or none that is good, where a rule asks for one. */
  clientAuthentication: 21,
  /** TLS did not come about: the client went, stalled, sent no handshake, or neither side took what the other offered. */
  clientHandshake: 22,
  /** The listener went away meanwhile, or there were no buffers. */
  proxyHandshake: 23,
  /** TLS with the target did not come about: its certificate is not good, or it speaks no TLS of an allowed version. */
  targetHandshake: 24,
  /** All targets had as much as they may have, and so had the queue. */
  proxyQueueFull: 25,
  /** All targets had as much as they may have, for as long as it may wait. */
  proxyQueueTimeout: 26,
  /** A long-lived connection was closed so that it would be made anew where there is less. */
  proxyRebalance: 27,
  /** HTTP without TLS came to a listener of https, and was answered with 400. */
  clientPlainHttp: 28,
} as const;
export type EndReason = (typeof EndReason)[keyof typeof EndReason];

/** By reason: `<who>-<phase>`, such as `client-request-body`; `none`. */
export const END_REASONS: readonly string[] = Object.entries(EndReason)
  .sort(([, a], [, b]) => a - b)
  .map(([name]) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`));
