import type { PlannedHttp } from '@evenkeel/model/plan/http.ts';
import type { FieldChanges } from '../http1/field-changes.ts';
import { Method } from '../http1/method.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { sendBytes, sendChunk, sendLastChunk } from '../http1/send-bytes.ts';
import type { WorkerContext } from '../worker/context.ts';
import { type Accepted, Coding, readAccepted } from './accepted-coding.ts';
import { compressWhole, GzipStream } from './compress.ts';
import { CompressedHead } from './compressed-head.ts';
import { Fit, fitOf, forbidsTransforming, hasWeakTag } from './compressible.ts';

type Send = (buffer: number, start: number, end: number) => void;

/** Bytes that are compressed at once at most: half a millisecond or so. */
const MOST_AT_ONCE = 64 * 1024;

const NOT_MODIFIED = 304;

const NOTHING: Accepted = { gzip: 0, brotli: 0 };

/**
 * One request on a listener that compresses, and what becomes of the response to it. A body that has come whole with its
 * head is compressed at once, by brotli if the client likes it as much as gzip; one that comes in pieces goes on in
 * gzip, piece by piece, in chunks.
 */
export class ResponseCompression {
  /** Caches are told that others may get the answer in another coding. */
  varies = false;
  /** The body goes on in gzip, piece by piece. */
  streams = false;
  readonly #worker: WorkerContext;
  readonly #head = new CompressedHead();
  #accepted = NOTHING;
  /** The client asks whether its copy is still good, one that was compressed here, perhaps. */
  #revalidates = false;
  #isNotModified = false;
  #isHead = false;
  #minor = 1;
  #coding: Coding = Coding.none;
  #whole: Uint8Array | null = null;
  #stream: GzipStream | null = null;

  constructor(worker: WorkerContext) {
    this.#worker = worker;
  }

  /** A request begins. */
  readRequest(head: RequestHead): void {
    const { memory } = this.#worker;
    this.#accepted = forbidsTransforming(memory, head.fields) ? NOTHING : readAccepted(memory, head.fields);
    const { gzip, brotli } = this.#accepted;
    this.#revalidates = (gzip > 0 || brotli > 0) && hasWeakTag(memory, head.fields);
    this.#isNotModified = false;
    this.#isHead = head.method === Method.head;
    this.#minor = head.minor;
    this.varies = false;
    this.streams = false;
    this.#coding = Coding.none;
    this.#whole = null;
    this.#stream = null;
  }

  /** The target answers with this head: decides what is done with the body. */
  judge(head: ResponseHead): void {
    const { memory, compressing } = this.#worker;
    const fit = fitOf(memory, head);
    const { gzip, brotli } = this.#accepted;
    this.#isNotModified = this.#revalidates && head.status === NOT_MODIFIED;
    this.varies = fit !== Fit.no;
    this.#coding = Coding.none;
    if (fit !== Fit.yes || this.#isHead || this.#minor === 0 || !compressing.has) return;
    if (brotli > 0 && brotli >= gzip) this.#coding = Coding.brotli;
    else if (gzip > 0) this.#coding = Coding.gzip;
  }

  /** Whether the body is to be compressed, if that is worth it; or a 304 has to speak of one that was. */
  get wants(): boolean {
    return this.#coding !== Coding.none || this.#isNotModified;
  }

  /** Whether chunked framing has to be taken off. */
  get wantsPlain(): boolean {
    return this.#coding !== Coding.none && this.#accepted.gzip > 0;
  }

  /**
   * What becomes of the head, after `judge`; the body behind it ends at `end`. null: the response goes on as it is.
   * `rules`: what else is changed.
   */
  compose(head: ResponseHead, end: number, rules: FieldChanges | null): CompressedHead | null {
    const { memory, lines, compressing } = this.#worker;
    if (this.#isNotModified) {
      this.#head.compose(lines, memory, head, Coding.none, -1, rules);
      return this.#head;
    }
    if (this.#coding === Coding.none) return null;
    const body = memory.subarray(head.end, end);
    if (head.contentLength >= 0 && body.length === head.contentLength && body.length <= MOST_AT_ONCE) {
      const whole = compressing.spend(() => compressWhole(this.#coding, body));
      if (whole.length >= body.length) return null;
      this.#whole = whole;
      this.#head.compose(lines, memory, head, this.#coding, whole.length, rules);
      return this.#head;
    }
    if (this.#accepted.gzip === 0) return null;
    this.streams = true;
    this.#stream = new GzipStream();
    this.#head.compose(lines, memory, head, Coding.gzip, -1, rules);
    return this.#head;
  }

  /** Sends what there is of the body: memory[start, end). False: there are no buffers for it. */
  sendBody(start: number, end: number, send: Send): boolean {
    const { arena, memory, compressing } = this.#worker;
    const whole = this.#whole;
    if (whole !== null) {
      this.#whole = null;
      return sendBytes(arena, [whole], send);
    }
    const stream = this.#stream;
    if (stream === null) return true;
    for (let at = start; at < end; at += MOST_AT_ONCE) {
      const bytes = memory.subarray(at, Math.min(end, at + MOST_AT_ONCE));
      const squeeze = compressing.has;
      const piece = compressing.spend(() => stream.piece(bytes, squeeze));
      if (!sendChunk(arena, piece, send)) return false;
    }
    return true;
  }

  /** Sends what ends a body that came in pieces. False: there are no buffers for it. */
  sendEnd(send: Send): boolean {
    const stream = this.#stream;
    this.streams = false;
    this.#stream = null;
    return stream === null || sendLastChunk(this.#worker.arena, stream.end(), send);
  }
}

/** The compression of a response to this request, with what there was for an earlier one; null: the listener has none. */
export function readCompression(
  before: ResponseCompression | null,
  worker: WorkerContext,
  head: RequestHead,
  http: PlannedHttp | null,
): ResponseCompression | null {
  if (http === null || !http.compression) return null;
  const now = before ?? new ResponseCompression(worker);
  now.readRequest(head);
  return now;
}
