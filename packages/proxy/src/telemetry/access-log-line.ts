import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import { DESYNC_REASONS } from '../http1/desync.ts';
import { LIMITS, NO_LIMIT } from '../limits/limit.ts';
import { type AsciiSegment, asciiJson, asciiSegment } from './ascii-segment.ts';
import { type ClientEnds, endsSegment, type LoggedEnds, writeEnds } from './client-ends.ts';
import type { ConnectionRecord } from './connection-record.ts';
import { END_REASONS } from './end-reason.ts';
import type { LineWriter } from './line-writer.ts';
import { ID_DIGITS, type RequestIds } from './request-ids.ts';
import type { RequestRecord } from './request-record.ts';

/**
 * The access log's lines: one JSON object each. Times are milliseconds with three decimals; null means that the
 * point was not reached.
 *
 *     time            when the request or connection ended, UTC
 *     load_balancer, listener   identifiers
 *     scheme          http, https, tcp, tls or udp: the listener's protocol; tcp-udp: a connection of such a one
 *     vip, vport      address and port that the client asked for
 *     client_ip, client_port    of the client as it was resolved; port 0: not known
 *     sender          address:port of who has sent it, only when that is not the client
 *     connection      number of the client's connection
 *     rtt_us          round trip to the client in microseconds, as the kernel has it; absent where nobody can ask
 *     ssl_handshake_ms          how long the handshake took; only with TLS
 *     ssl_protocol, ssl_cipher, server_name    only with TLS: what was agreed on, and the name that was asked for
 *     target          address:port of the last target that was tried, or ""
 *     service         identifier of the backend service that it belongs to, or ""
 *     request_ms      first byte in → last byte out (tcp: connection_ms, accepted → ended)
 *     connect_ms      target chosen → its connection was up; about 0 for a kept one
 *     response_ms     target chosen → head of its response was there (http)
 *     exchange_ms     target chosen → its response was there whole (http)
 *     status          sent to the client; 499: there was none
 *     target_status   sent by the target, or 0
 *     request_length, bytes_sent      bytes from and to the client (tcp: bytes_received, bytes_sent)
 *     connection_requests       which request of the client's connection it is, from 1 on
 *     attempts, failed_attempts     only when an attempt failed: how many there were, and which failed with what, such
 *                     as "10.0.0.1:8080 refused, 10.0.0.2:8080 no-response"
 *     rule            name of the rule that applied; absent when none did
 *     method, uri, host, user_agent, referer      as received; "" when absent
 *     protocol        HTTP/1.0 or HTTP/1.1; "" when the request line could not be understood
 *     request_id      the request's own, or one that was made for it
 *     desync          only when somebody could understand the request in another way: see http1/desync.ts
 *     limit           only when one was reached: see limits/limit.ts
 *     clipped         true when a text was longer than the log takes; otherwise absent
 *     ssl_error       why the handshake failed, when it did
 *     reason          who ended it, in which phase: see `END_REASONS`
 */

/** The most that each text may take in a line, in bytes as written. Together with all else below MAX_LINE. */
const Most = {
  method: 64,
  uri: 4_096,
  host: 512,
  agent: 1_024,
  referer: 2_048,
  requestId: 256,
  identifiers: 512,
} as const;

const OPEN = asciiSegment('{"time":"');
const REQUEST_MS = asciiSegment('","request_ms":');
const CONNECT_MS = asciiSegment(',"connect_ms":');
const RESPONSE_MS = asciiSegment(',"response_ms":');
const EXCHANGE_MS = asciiSegment(',"exchange_ms":');
/** By status, made when it is first written. */
const SAME_STATUS: (AsciiSegment | undefined)[] = new Array<undefined>(600).fill(undefined);
const statusesText = (status: number, targetStatus: number): string =>
  `,"status":${status},"target_status":${targetStatus},"request_length":`;
const STATUS = asciiSegment(',"status":');
const TARGET_STATUS = asciiSegment(',"target_status":');
const REQUEST_LENGTH = asciiSegment(',"request_length":');
const BYTES_SENT = asciiSegment(',"bytes_sent":');
const CONNECTION_REQUESTS = asciiSegment(',"connection_requests":');
const METHOD = asciiSegment(',"method":"');
const URI = asciiSegment('","uri":"');
const HOST = asciiSegment('","host":"');
const PROTOCOLS = [
  asciiSegment('","protocol":"HTTP/1.0","user_agent":"'),
  asciiSegment('","protocol":"HTTP/1.1","user_agent":"'),
];
const NO_PROTOCOL = asciiSegment('","protocol":"","user_agent":"');
const REFERER = asciiSegment('","referer":"');
const REQUEST_ID = asciiSegment('","request_id":"');
const CLIPPED = asciiSegment('","clipped":true,"reason":"');
const SSL_ERROR = asciiSegment(',"ssl_error":"');
const ATTEMPTS = asciiSegment(',"attempts":');
const FAILED_ATTEMPTS = asciiSegment(',"failed_attempts":"');
const QUOTE = asciiSegment('"');
const REASON = asciiSegment('","reason":"');
const CONNECTION_MS = asciiSegment('","connection_ms":');
const BYTES_RECEIVED = asciiSegment(',"bytes_received":');
const TCP_REASON = asciiSegment(',"reason":"');
const REASONS = END_REASONS.map((reason) => asciiSegment(`${reason}"}\n`));
/** Behind an open text, and leaving one open. */
const DESYNC = DESYNC_REASONS.map((reason) => asciiSegment(`","desync":"${reason}`));
/** Likewise. */
const LIMIT = LIMITS.map((limit) => asciiSegment(`","limit":"${limit}`));
const NULL = asciiSegment('null');

/** What of a line is the same for all requests, or connections, of a listener. */
export function listenerSegment(planned: PlannedListener): AsciiSegment {
  const identifiers = `"load_balancer":${asciiJson(planned.loadBalancerId)},"listener":${asciiJson(planned.id)}`;
  if (identifiers.length > Most.identifiers) throw new RangeError(`identifiers too long for the log: ${identifiers}`);
  return asciiSegment(`",${identifiers},"scheme":"${planned.protocol}","vport":${planned.port}`);
}

/** `now` and `wallTime`: when it ended, by the clock of the record and by the calendar. `memory`: what spans are of. */
export function writeRequestLine(
  out: LineWriter,
  listener: AsciiSegment,
  ends: LoggedEnds,
  record: RequestRecord,
  memory: DataView,
  now: number,
  wallTime: number,
  ids: RequestIds,
): void {
  out.clipped = false;
  out.segment(OPEN);
  out.time(wallTime);
  out.segment(listener);
  const { logged: said } = ends;
  said.lines++;
  if (said.ends !== null) out.segment(said.ends);
  else if (said.lines === 1) writeEnds(out, ends, said);
  else {
    // The second line of a connection: there may be many more, with the same beginning.
    said.ends = endsSegment(ends, said);
    out.segment(said.ends);
  }
  out.segment(record.target);
  out.segment(REQUEST_MS);
  out.milliseconds(now - record.startedAt);
  out.segment(CONNECT_MS);
  writeSpan(out, record.dispatchedAt, record.readyAt);
  out.segment(RESPONSE_MS);
  writeSpan(out, record.dispatchedAt, record.firstByteAt);
  out.segment(EXCHANGE_MS);
  writeSpan(out, record.dispatchedAt, record.answeredAt);
  writeStatuses(out, record.status, record.targetStatus);
  out.integer(record.bytesReceived);
  out.segment(BYTES_SENT);
  out.integer(record.bytesSent);
  out.segment(CONNECTION_REQUESTS);
  out.integer(said.lines);
  if (record.rule !== null) out.segment(record.rule);
  if (record.failedAttempts !== '') writeAttempts(out, record.attempts, record.failedAttempts);
  out.segment(METHOD);
  out.escaped(memory, record.methodStart, record.methodEnd, Most.method);
  out.segment(URI);
  const { sentTarget } = record;
  if (sentTarget === null) out.escaped(memory, record.targetStart, record.targetEnd, Most.uri);
  else out.escaped(sentTarget, 0, sentTarget.byteLength, Most.uri);
  const logged = record.remembered === null ? null : record.remembered.logged;
  if (logged !== null) out.segment(logged);
  else writeFields(out, record, memory);
  writeRequestId(out, record, memory, ids);
  if (record.desync >= 0) out.segment(DESYNC[record.desync]!);
  if (record.limit !== NO_LIMIT) out.segment(LIMIT[record.limit]!);
  out.segment(out.clipped ? CLIPPED : REASON);
  out.segment(REASONS[record.reason]!);
}

/** What the line says of the request's fields. It is the same for all requests that have the same ones. */
function writeFields(out: LineWriter, record: RequestRecord, memory: DataView): void {
  const start = out.at;
  out.segment(HOST);
  out.escaped(memory, record.hostStart, record.hostEnd, Most.host);
  out.segment(record.methodStart === record.methodEnd ? NO_PROTOCOL : PROTOCOLS[record.minor]!);
  out.escaped(memory, record.agentStart, record.agentEnd, Most.agent);
  out.segment(REFERER);
  out.escaped(memory, record.refererStart, record.refererEnd, Most.referer);
  if (record.remembered !== null && !out.clipped) record.remembered.logged = out.since(start);
}

/** The request's own identifier, or one that was made for it, now if not before. */
function writeRequestId(out: LineWriter, record: RequestRecord, memory: DataView, ids: RequestIds): void {
  out.segment(REQUEST_ID);
  if (record.id === 0 && record.requestIdStart < record.requestIdEnd) {
    out.escaped(memory, record.requestIdStart, record.requestIdEnd, Most.requestId);
    return;
  }
  if (record.id === 0) record.id = ids.next();
  out.segment(ids.prefix);
  out.hexadecimal(record.id, ID_DIGITS);
}

export function writeConnectionLine(
  out: LineWriter,
  listener: AsciiSegment,
  ends: ClientEnds,
  record: ConnectionRecord,
  connection: number,
  now: number,
  wallTime: number,
): void {
  out.segment(OPEN);
  out.time(wallTime);
  out.segment(listener);
  writeEnds(out, ends, { connection, roundTrip: record.roundTrip });
  out.segment(record.target);
  out.segment(CONNECTION_MS);
  out.milliseconds(now - record.startedAt);
  out.segment(CONNECT_MS);
  writeSpan(out, record.startedAt, record.connectedAt);
  out.segment(BYTES_RECEIVED);
  out.integer(record.bytesReceived);
  out.segment(BYTES_SENT);
  out.integer(record.bytesSent);
  if (record.failure !== '') {
    out.segment(SSL_ERROR);
    out.plain(record.failure);
    out.segment(QUOTE);
  }
  if (record.failedAttempts !== '') writeAttempts(out, record.attempts, record.failedAttempts);
  out.segment(TCP_REASON);
  out.segment(REASONS[record.reason]!);
}

function writeAttempts(out: LineWriter, attempts: number, failed: string): void {
  out.segment(ATTEMPTS);
  out.integer(attempts);
  out.segment(FAILED_ATTEMPTS);
  out.plain(failed);
  out.segment(QUOTE);
}

/** Both, up to the length of the request. Nearly always they are the same, and then they are written in one piece. */
function writeStatuses(out: LineWriter, status: number, targetStatus: number): void {
  if (status === targetStatus) {
    out.segment((SAME_STATUS[status] ??= asciiSegment(statusesText(status, targetStatus))));
    return;
  }
  out.segment(STATUS);
  out.integer(status);
  out.segment(TARGET_STATUS);
  out.integer(targetStatus);
  out.segment(REQUEST_LENGTH);
}

function writeSpan(out: LineWriter, from: number, to: number): void {
  if (to === 0) out.segment(NULL);
  else out.milliseconds(to - from);
}
