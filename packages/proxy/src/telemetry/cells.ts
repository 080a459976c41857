/**
 * Layout of the counter rows in shared memory. A row is a run of doubles that one worker alone writes; the owner's
 * thread adds the rows of all workers up. Counting is one store: `row[ListenerCell.requests]!++`.
 */

export const ListenerCell = {
  connections: 0,
  activeConnections: 1,
  requests: 2,
  activeRequests: 3,
  bytesReceived: 4,
  bytesSent: 5,
  durationSum: 6,
  /** Index + status class (1–5). */
  responses: 7,
  /** Index + bucket of the duration histogram. */
  duration: 13,
  /** Index + `EndReason`. */
  reasons: 45,
  /** Index + `Desync`. */
  desync: 112,
  /** Index + `Limit`. */
  limits: 144,
  /** Client connections that hold one of the listener's places; see limits/shared-limits.ts. */
  places: 175,
  /** Of listeners with UDP; lost: those that could not be sent on, for want of a target, of room or of a place. */
  datagramsReceived: 176,
  datagramsSent: 177,
  datagramsLost: 178,
  /** Index + `Refusal`. */
  refused: 179,
} as const;

/** Doubles per listener row. */
export const LISTENER_ROW = 184;

export const TargetCell = {
  connections: 0,
  activeConnections: 1,
  idleConnections: 2,
  requests: 3,
  activeRequests: 4,
  connectErrors: 5,
  bytesSent: 6,
  bytesReceived: 7,
  replays: 8,
  /** Index + status class (1–5). */
  responses: 9,
  /** Requests that were sent here after another attempt of theirs had failed. */
  retries: 15,
  /** Requests that failed here: no answer, none to the end, or one with a status from 500 on. */
  failures: 16,
  /** Answers with other statuses, and the milliseconds that they took together; counted where they are compared. */
  answers: 17,
  answerTime: 18,
} as const;

/** Doubles per target row. */
export const TARGET_ROW = 24;

export const WorkerCell = {
  openConnections: 0,
  freeBuffers: 1,
  /** Bits of what the worker is out of; see overload/pressure.ts. */
  overload: 2,
  /** Milliseconds that what arrives waits at least. */
  standingDelay: 3,
  /** Share of new work that is turned away for want of time or memory. */
  shedShare: 4,
  /** Connections that owe their first head. */
  waitingHeads: 5,
  /** Counted up as long as the worker's loop turns. */
  beats: 6,
} as const;

/** Doubles per worker row. */
export const WORKER_ROW = 8;
