import { type ResponseCompression, readCompression } from '../compression/response-compression.ts';
import { Pace } from '../limits/pace.ts';
import { NO_BUFFER } from '../reactor/arena.ts';
import type { HeaderEdits } from '../rules/action/header-edits.ts';
import { hasNoBody } from '../rules/action/local-answer.ts';
import { ResponseChanges } from '../rules/response-changes.ts';
import type { RuledRequest } from '../rules/ruled-request.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import { isCongested } from '../worker/back-pressure.ts';
import type { WorkerContext } from '../worker/context.ts';
import { sendComposed } from './composed-answer.ts';
import { DATE_LINE_SIZE } from './date-line.ts';
import { type ErrorPage, errorPageOf, plainPage } from './error-pages.ts';
import type { OwnedExchange } from './exchange-client.ts';
import { answerEdits } from './listener-headers.ts';
import { Method } from './method.ts';
import { askedHost, makeRelative } from './relative-redirects.ts';
import type { RequestHead } from './request-head.ts';
import { addLine, lineForAnswer } from './request-id.ts';
import type { ResponseHead } from './response-head.ts';
import type { TargetSide } from './target-side.ts';
import { withTransportSecurity } from './transport-security.ts';

/** Room for lines of the proxy's own: `Connection` and `Date`, in bytes. */
const OWN_LINES = 32 + DATE_LINE_SIZE;

const VARY = 'Vary: Accept-Encoding\r\n';

/**
 * What goes to the client: a target's response, as it is or changed by a rule or by compression, or an answer of the
 * proxy's own.
 */
export class ResponseSide {
  /** The client's connection can carry another request afterwards. */
  keepAlive = true;
  /** The response has begun to go out, and has gone out or been queued whole. */
  started = false;
  done = false;
  /** How fast the client has to take it. */
  readonly pace = new Pace();
  /** Bytes of the response that the client's connection has handed over, when that was last asked. */
  #taken = 0;
  /** Time for which the client's connection was held back before the response, or has been excused since. */
  #excused = 0;
  readonly #worker: WorkerContext;
  readonly #exchange: OwnedExchange;
  readonly #record: RequestRecord;
  readonly #target: TargetSide;
  #method: Method = Method.other;
  #minor = 1;
  /** For listeners that compress; else null. */
  #compression: ResponseCompression | null = null;
  /** What is changed of the heads of responses, once something is. */
  #changes: ResponseChanges | null = null;
  /** The host that was asked for, where redirects to it are made relative; else empty. */
  #asked = '';

  /** `target` is paused while the client does not take what is sent. */
  constructor(worker: WorkerContext, exchange: OwnedExchange, record: RequestRecord, target: TargetSide) {
    this.#worker = worker;
    this.#exchange = exchange;
    this.#record = record;
    this.#target = target;
  }

  /** A request has begun of which nothing is known yet. */
  begin(): void {
    this.keepAlive = true;
    this.started = false;
    this.done = false;
    this.#taken = 0;
    this.#method = Method.other;
    this.#minor = 1;
  }

  /** The request has this head. */
  readRequest(head: RequestHead): void {
    this.#method = head.method;
    this.#minor = head.minor;
  }

  /** The request is refused, and no more is known of it. */
  readRefused(method: Method): void {
    this.#method = method;
  }

  /** The request goes to a target, whose answer may be compressed, or redirect to the host that was asked for. */
  readAccepted(head: RequestHead): void {
    const { http } = this.#exchange.session.listener.planned;
    this.#compression = readCompression(this.#compression, this.#worker, head, http);
    this.#asked = askedHost(http, this.#worker.memory, head);
  }

  /** The client's connection has handed over something, but not all. */
  taken(): void {
    const { connection, listener } = this.#exchange.session;
    const taken = this.#record.bytesSent - connection.unsent;
    this.pace.moved(this.#worker.reactor.now, Math.max(1, taken - this.#taken), listener.limits.perByte);
    this.#taken = taken;
    connection.setDeadline(this.pace.until);
  }

  /** Whether it was us who kept the client waiting: it has that time again then. */
  excusesClient(): boolean {
    const { connection } = this.#exchange.session;
    const held = connection.heldBack - this.#excused;
    if (held <= 0) return false;
    this.#excused += held;
    this.pace.excuse(held);
    connection.setDeadline(this.pace.until);
    return true;
  }

  get expectsNoBody(): boolean {
    return this.#method === Method.head;
  }

  /** Whether the chunked framing of the response with this head is taken off. */
  wantsPlainBody(head: ResponseHead): boolean {
    this.#compression?.judge(head);
    return this.#minor === 0 || this.#compression?.wantsPlain === true;
  }

  /** Sends memory[start, end); one count of the buffer goes with it. */
  send = (buffer: number, start: number, end: number): void => {
    const { connection, listener } = this.#exchange.session;
    this.#record.bytesSent += end - start;
    const waitsAlready = connection.unsent > 0;
    connection.send(buffer, start, end);
    if (!waitsAlready) {
      this.#excused = connection.heldBack;
      this.pace.start(this.#worker.reactor.now, listener.limits.sendWait);
      connection.setDeadline(this.pace.until);
    }
    if (isCongested(connection)) this.#target.pause();
  };

  /**
   * Sends a target's response head, with `own` lines of the listener's and the service's, and what came behind it up to
   * `end`; one count of the buffer comes with it. `kept`: the client's connection may stay if the response has an end of
   * its own, which compression gives it. Returns 0, or the status to fail with when that cannot be.
   */
  sendHead(
    head: ResponseHead,
    buffer: number,
    end: number,
    own: string | null,
    ruled: RuledRequest | null,
    kept: boolean,
  ): number {
    if (this.#asked !== '') makeRelative(this.#worker.memory, head.fields, this.#asked);
    const plain = this.#minor === 0 && head.chunked;
    const { http } = this.#exchange.session.listener.planned;
    const headers = answerEdits(http, ruled?.rule?.responseHeaders ?? null);
    const compression = this.#compression;
    if (compression !== null) {
      const outcome = this.#sendCompressed(compression, headers, ruled, head, buffer, end, own, kept);
      if (outcome >= 0) return outcome;
    }
    const line = compression?.varies === true ? (own ?? '') + VARY : own;
    if (headers !== null) return this.#sendChanged(headers, ruled, head, buffer, end, plain, line);
    const start = this.#worker.rewriter.response(head, this.keepAlive, this.#minor, plain, line);
    this.started = true;
    this.send(buffer, start, end);
    return 0;
  }

  /** Sends a response whose head the listener or a rule changes. */
  #sendChanged(
    headers: HeaderEdits,
    ruled: RuledRequest | null,
    head: ResponseHead,
    buffer: number,
    end: number,
    plain: boolean,
    line: string | null,
  ): number {
    const { arena, headRoom, rewriter } = this.#worker;
    const changes = this.#changesOfHead();
    const composed = changes.compose(headers, ruled === null ? null : ruled.values);
    const bodyStart = head.end;
    const growth = changes.growth + (line?.length ?? 0) + OWN_LINES;
    if (!composed || !headRoom.forResponse(arena, head, growth, buffer)) {
      arena.release(buffer);
      return composed ? headRoom.status : 502;
    }
    const apart = headRoom.buffer !== buffer;
    const start = rewriter.response(head, this.keepAlive, this.#minor, plain, line, changes);
    this.started = true;
    this.send(headRoom.buffer, start, apart ? head.end : end);
    if (!apart) return 0;
    if (end > bodyStart) this.send(buffer, bodyStart, end);
    else arena.release(buffer);
    return 0;
  }

  #changesOfHead(): ResponseChanges {
    this.#changes ??= new ResponseChanges(this.#worker.lines);
    return this.#changes;
  }

  /** Sends a response compressed; -1: it goes on as it is. */
  #sendCompressed(
    compression: ResponseCompression,
    headers: HeaderEdits | null,
    ruled: RuledRequest | null,
    head: ResponseHead,
    buffer: number,
    end: number,
    line: string | null,
    kept: boolean,
  ): number {
    const { arena, headRoom, rewriter } = this.#worker;
    if (!head.chunked) compression.judge(head);
    if (!compression.wants) return -1;
    const others = headers === null ? null : this.#changesOfHead();
    if (headers !== null && others?.compose(headers, ruled === null ? null : ruled.values) === false) {
      arena.release(buffer);
      return 502;
    }
    const changes = compression.compose(head, end, others);
    if (changes === null) return -1;
    const bodyStart = head.end;
    const growth = changes.growth + (line?.length ?? 0) + OWN_LINES;
    if (!headRoom.forResponse(arena, head, growth, buffer)) {
      arena.release(buffer);
      return headRoom.status;
    }
    this.keepAlive = kept;
    // The body is read where it lies, while the head is on its way.
    if (headRoom.buffer === buffer) arena.retain(buffer);
    const start = rewriter.response(head, this.keepAlive, this.#minor, false, line, changes);
    this.started = true;
    this.send(headRoom.buffer, start, head.end);
    const sent = compression.sendBody(bodyStart, end, this.send);
    arena.release(buffer);
    return sent ? 0 : 502;
  }

  /** Sends more of the body; one count of the buffer comes with it. False: the response cannot go on. */
  sendBody(buffer: number, start: number, end: number): boolean {
    const { arena } = this.#worker;
    if (this.#compression?.streams === true) {
      const sent = this.#compression.sendBody(start, end, this.send);
      arena.release(buffer);
      return sent;
    }
    if (end === start) arena.release(buffer);
    else this.send(buffer, start, end);
    return true;
  }

  /** Sends what is left when the body has ended. False: the response cannot go on. */
  sendEnd(): boolean {
    return this.#compression?.streams !== true || this.#compression.sendEnd(this.send);
  }

  /** Sends the proxy's own answer. */
  answer(status: number): void {
    const { http } = this.#exchange.session.listener.planned;
    const { memory, requestIds } = this.#worker;
    const line = withTransportSecurity(http, lineForAnswer(http, this.#record, memory, requestIds, false));
    const page = errorPageOf(http, status) ?? (line === null ? null : plainPage(status));
    if (page !== null && this.#answerPage(page, line)) return;
    const range = this.#worker.responses.get(status, this.keepAlive, !this.expectsNoBody);
    this.#answered(status);
    this.send(NO_BUFFER, range.start, range.end);
  }

  /** Sends a page, with one more line in its head if there is one; false: there are no buffers for it. */
  #answerPage(page: ErrorPage, line: string | null): boolean {
    const { arena, answer, date } = this.#worker;
    page.writeHead(answer, date, this.keepAlive);
    if (line !== null) addLine(answer, line);
    if (!sendComposed(arena, answer, this.expectsNoBody ? null : page.body, this.send)) return false;
    this.#answered(page.status);
    return true;
  }

  /** Sends the answer that a rule gives. Returns 0, or the status to fail with when that cannot be. */
  answerByRule(ruled: RuledRequest): number {
    const { arena, answer } = this.#worker;
    const { memory, requestIds } = this.#worker;
    const { http } = this.#exchange.session.listener.planned;
    const line = withTransportSecurity(http, lineForAnswer(http, this.#record, memory, requestIds, true));
    if (!ruled.writeAnswer(this.keepAlive, http, line)) return 414;
    const withBody = !this.expectsNoBody && !hasNoBody(ruled.status);
    if (!sendComposed(arena, answer, withBody ? ruled.body : null, this.send)) return 503;
    this.#answered(ruled.status);
    return 0;
  }

  #answered(status: number): void {
    this.#record.status = status;
    this.started = true;
    this.done = true;
  }
}
