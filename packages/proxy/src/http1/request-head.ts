import { requestedUpgrade } from '../upgrade/requested-protocol.ts';
import { CR, HOST, LF, SP, TOKEN_LOWER, ZERO } from './characters.ts';
import { ConnectionOption, readAllConnectionOptions } from './connection-options.ts';
import { Field } from './field-names.ts';
import { eachListElement, equalsIgnoringCase, FieldTable, parseContentLength, parseFields } from './fields.ts';
import { HeadError } from './head-error.ts';
import { HeadMemory } from './head-memory.ts';
import { Method, methodOf } from './method.ts';
import type { RememberedFields } from './remembered-fields.ts';
import { skipTarget, WordView } from './scan.ts';

/** Longest request target in bytes; a longer one is answered 414. */
export const MAX_TARGET = 8 * 1024;

/** Field sections that are remembered at most, of one worker's clients. */
const REMEMBERED = 1_024;

const HOST_BIT = 1 << Field.host;
const CONTENT_LENGTH_BIT = 1 << Field.contentLength;
const FRAMING_BITS = CONTENT_LENGTH_BIT | (1 << Field.transferEncoding) | (1 << Field.expect);

const ASTERISK = 42;
const SLASH = 47;

/** What the fields of an HTTP/1.1 request say; indexes as in `RequestHead`. */
type RequestMeaning = Readonly<
  Pick<
    RequestHead,
    | 'contentLength'
    | 'chunked'
    | 'expectContinue'
    | 'keepAlive'
    | 'connectionOptions'
    | 'host'
    | 'userAgent'
    | 'referer'
    | 'requestId'
    | 'forwardedFor'
    | 'upgrade'
  >
>;

function meaningOf(head: RequestHead): RequestMeaning {
  const { contentLength, chunked, expectContinue, keepAlive, connectionOptions } = head;
  const { host, userAgent, referer, requestId, forwardedFor, upgrade } = head;
  return {
    contentLength,
    chunked,
    expectContinue,
    keepAlive,
    connectionOptions,
    host,
    userAgent,
    referer,
    requestId,
    forwardedFor,
    upgrade,
  };
}

/** A request head as spans of memory, and what it says about framing and the connection. One object serves all requests. */
export class RequestHead {
  /** Where the fields are; of another table when they were remembered. */
  fields: FieldTable;
  method: Method = Method.other;
  methodStart = 0;
  methodEnd = 0;
  targetStart = 0;
  targetEnd = 0;
  /** Where the path of an absolute-form target begins; equal to `targetStart` otherwise. */
  pathStart = 0;
  /** The request target as it was sent, when that is absolute-form: it is changed where it lies. */
  sentTarget: Uint8Array | null = null;
  /** 0 or 1: HTTP/1.0 or HTTP/1.1. */
  minor = 1;
  /** Offset behind the request line's CRLF. */
  lineEnd = 0;
  /** Offset behind the whole head. */
  end = 0;
  /** Declared length of the body in bytes; -1 when none is declared. */
  contentLength = -1;
  chunked = false;
  /** Whether the client wants the connection kept after this exchange (RFC 9112 section 9.3). */
  keepAlive = true;
  expectContinue = false;
  /** What `Connection` says: bits of `ConnectionOption`. */
  connectionOptions = 0;
  /** Index of the Host field, or -1. */
  host = -1;
  /** Indexes of fields, or -1. */
  userAgent = -1;
  referer = -1;
  requestId = -1;
  forwardedFor = -1;
  /** Index of the Upgrade field that is passed on, or -1. */
  upgrade = -1;
  /** A remembered section that has the same host, user agent, referrer and request identifier, if there is one. */
  remembered: RememberedFields<RequestMeaning> | null = null;
  /** What to give `parse` as `hint` for the next request of the same connection. */
  slot = 0;
  readonly #words = new WordView();
  readonly #table = new FieldTable();
  readonly #memory = new HeadMemory<RequestMeaning>(REMEMBERED);
  readonly #meaning = (): RequestMeaning => meaningOf(this);

  constructor() {
    this.fields = this.#table;
  }

  /** The hint for the first request of a connection. */
  get firstHint(): number {
    return this.#memory.latest;
  }

  /** The bytes of the head have moved. */
  moveBy(distance: number): void {
    this.methodStart += distance;
    this.methodEnd += distance;
    this.targetStart += distance;
    this.targetEnd += distance;
    this.pathStart += distance;
    this.lineEnd += distance;
    this.end += distance;
    this.fields.base += distance;
  }

  /**
   * Reads the head that begins at memory[start], strictly by RFC 9112. `incomplete` says that it does not end before
   * `end`; what is there is well-formed so far. `hint` is where fields like these may be remembered: it saves time and
   * changes nothing.
   */
  parse(memory: Uint8Array, start: number, end: number, hint = 0): HeadError {
    const words = this.#words.of(memory);
    let at = start;
    while (at < end && TOKEN_LOWER[memory[at]!] !== 0) at++;
    if (at >= end) return HeadError.incomplete;
    if (memory[at] !== SP || at === start) return HeadError.requestLine;
    this.methodStart = start;
    this.methodEnd = at;
    at++;
    this.targetStart = at;
    at = skipTarget(memory, words, at, end);
    if (at - this.targetStart > MAX_TARGET) return HeadError.targetTooLong;
    if (at >= end) return HeadError.incomplete;
    if (memory[at] !== SP || at === this.targetStart) return HeadError.requestLine;
    this.targetEnd = at;
    at++;
    const version = this.#parseVersion(memory, at, end);
    if (version !== HeadError.none) return version;
    this.method = methodOf(memory, this.methodStart, this.methodEnd);
    const view = this.#words.view;
    const like = this.minor === 1 ? this.#memory.find(hint, view, this.lineEnd, end) : null;
    const equal = like === null ? 0 : this.#memory.equal;
    this.slot = hint;
    if (like !== null && equal === like.length) {
      this.slot = like.slot;
      this.#recall(like);
      this.remembered = like;
      return this.#checkTarget(memory);
    }
    this.fields = this.#table;
    const taken = like === null ? 0 : like.fieldsWithin(equal);
    const from = like === null || taken === 0 ? this.lineEnd : this.#table.take(like.table, taken, this.lineEnd);
    const fields = parseFields(memory, words, from, end, this.#table, taken);
    if (fields !== HeadError.none) return fields;
    this.end = this.#table.end;
    const meaning = this.#interpret(memory);
    if (meaning !== HeadError.none) return meaning;
    this.remembered = like !== null && this.#logsLike(like.meaning, taken) ? like : null;
    const alike = equal * 2 > this.end - this.lineEnd;
    if (this.minor === 1 && (!alike || this.#memory.foundLike())) {
      this.slot = this.#memory.note(view, this.lineEnd, this.end, this.#table, this.#meaning);
    }
    return this.#checkTarget(memory);
  }

  /** Whether all that the log has of the fields is among the first `taken`, which are those of a remembered section. */
  #logsLike({ host, userAgent, referer, requestId }: RequestMeaning, taken: number): boolean {
    return (
      Math.max(host, userAgent, referer, requestId) < taken &&
      this.host === host &&
      this.userAgent === userAgent &&
      this.referer === referer &&
      this.requestId === requestId
    );
  }

  /** Takes over what `#interpret` has once found in these fields. */
  #recall({ table, meaning }: RememberedFields<RequestMeaning>): void {
    table.base = this.lineEnd;
    this.fields = table;
    this.end = table.end;
    this.contentLength = meaning.contentLength;
    this.chunked = meaning.chunked;
    this.expectContinue = meaning.expectContinue;
    this.keepAlive = meaning.keepAlive;
    this.connectionOptions = meaning.connectionOptions;
    this.host = meaning.host;
    this.userAgent = meaning.userAgent;
    this.referer = meaning.referer;
    this.requestId = meaning.requestId;
    this.forwardedFor = meaning.forwardedFor;
    this.upgrade = meaning.upgrade;
  }

  #parseVersion(memory: Uint8Array, at: number, end: number): HeadError {
    // "HTTP/1.x" CRLF: compared as far as it has arrived, so that nonsense is refused at once.
    const available = end - at;
    for (let i = 0; i < 5 && i < available; i++) {
      if (memory[at + i] !== 'HTTP/'.charCodeAt(i)) return HeadError.requestLine;
    }
    if (available > 5 && memory[at + 5] !== ZERO + 1)
      return isDigit(memory[at + 5]!) ? HeadError.version : HeadError.requestLine;
    if (available > 6 && memory[at + 6] !== 46) return HeadError.requestLine;
    if (available > 7) {
      const minor = memory[at + 7]! - ZERO;
      if (minor !== 0 && minor !== 1) return minor >= 0 && minor <= 9 ? HeadError.version : HeadError.requestLine;
      this.minor = minor;
    }
    if (available > 8 && memory[at + 8] !== CR)
      return memory[at + 8] === LF ? HeadError.lineEnd : HeadError.requestLine;
    if (available > 9 && memory[at + 9] !== LF) return HeadError.lineEnd;
    if (available < 10) return HeadError.incomplete;
    this.lineEnd = at + 10;
    return HeadError.none;
  }

  #interpret(memory: Uint8Array): HeadError {
    const fields = this.fields;
    const repeated = fields.repeated;
    this.contentLength = -1;
    this.chunked = false;
    this.keepAlive = this.minor === 1;
    this.expectContinue = false;
    this.connectionOptions = 0;
    this.host = fields.indexOf(Field.host);
    this.userAgent = fields.indexOf(Field.userAgent);
    this.referer = fields.indexOf(Field.referer);
    this.requestId = fields.indexOf(Field.requestId);
    this.forwardedFor = fields.indexOf(Field.forwardedFor);
    this.upgrade = -1;
    if ((repeated & HOST_BIT) !== 0) return HeadError.hostRepeated;
    if ((repeated & CONTENT_LENGTH_BIT) !== 0) return HeadError.contentLengthRepeated;
    const connection = fields.indexOf(Field.connection);
    if (connection >= 0) {
      const options = readAllConnectionOptions(memory, fields, connection);
      this.connectionOptions = options;
      if ((options & ConnectionOption.keepAlive) !== 0) this.keepAlive = true;
      if ((options & ConnectionOption.close) !== 0) this.keepAlive = false;
    }
    if ((fields.known & FRAMING_BITS) !== 0) {
      const framing = this.#interpretFraming(memory);
      if (framing !== HeadError.none) return framing;
    }
    if ((this.connectionOptions & ConnectionOption.upgrade) !== 0 && this.minor === 1) {
      this.upgrade = requestedUpgrade(memory, this);
    }
    if (this.host < 0) return this.minor === 1 ? HeadError.hostMissing : HeadError.none;
    const hostEnd = fields.valueEnd(this.host);
    for (let at = fields.valueStart(this.host); at < hostEnd; at++) {
      if (HOST[memory[at]!] === 0) return HeadError.hostInvalid;
    }
    return HeadError.none;
  }

  /** Content-Length, Transfer-Encoding and Expect. */
  #interpretFraming(memory: Uint8Array): HeadError {
    const fields = this.fields;
    const expect = fields.indexOf(Field.expect);
    if (expect >= 0) {
      const known = equalsIgnoringCase(memory, fields.valueStart(expect), fields.valueEnd(expect), '100-continue');
      if (!known || (fields.repeated & (1 << Field.expect)) !== 0) return HeadError.expectationUnknown;
      this.expectContinue = this.minor === 1;
    }
    const length = fields.indexOf(Field.contentLength);
    if (length >= 0) {
      fields.straightenValue(memory, length);
      this.contentLength = parseContentLength(memory, fields.valueStart(length), fields.valueEnd(length));
      if (this.contentLength < 0) return HeadError.contentLengthInvalid;
    }
    const coding = fields.indexOf(Field.transferEncoding);
    if (coding < 0) return HeadError.none;
    // A request with both is the classic smuggling attempt; a coding in an HTTP/1.0 request is faulty (RFC 9112 6.1).
    if (length >= 0) return HeadError.lengthAndTransferEncoding;
    if (this.minor === 0 || (fields.repeated & (1 << Field.transferEncoding)) !== 0) {
      return HeadError.transferEncodingInvalid;
    }
    fields.straightenValue(memory, coding);
    const start = fields.valueStart(coding);
    const end = fields.valueEnd(coding);
    this.chunked = equalsIgnoringCase(memory, start, end, 'chunked');
    if (this.chunked) return HeadError.none;
    return endsWithChunked(memory, start, end) ? HeadError.transferEncodingUnknown : HeadError.transferEncodingInvalid;
  }

  /** The four forms of RFC 9112 section 3.2; sets `pathStart`. */
  #checkTarget(memory: Uint8Array): HeadError {
    this.pathStart = this.targetStart;
    this.sentTarget = null;
    // A tunnel to anywhere, and an echo of everything the proxy added, are not a load balancer's business.
    if (this.method === Method.connect || this.method === Method.trace) return HeadError.methodRefused;
    const first = memory[this.targetStart];
    if (first === SLASH) return HeadError.none;
    if (first === ASTERISK) {
      return this.method === Method.options && this.targetEnd - this.targetStart === 1
        ? HeadError.none
        : HeadError.targetInvalid;
    }
    return this.#absoluteForm(memory);
  }

  #absoluteForm(memory: Uint8Array): HeadError {
    const start = this.targetStart;
    let authority = start;
    if (startsWithIgnoringCase(memory, start, this.targetEnd, 'http://')) authority += 7;
    else if (startsWithIgnoringCase(memory, start, this.targetEnd, 'https://')) authority += 8;
    else return HeadError.targetInvalid;
    let at = authority;
    while (at < this.targetEnd && memory[at] !== SLASH && memory[at] !== 63 /* ? */) {
      // Userinfo in an http URI is an error in a request (RFC 9110 section 4.2.4); HOST has no '@'.
      if (HOST[memory[at]!] === 0) return HeadError.targetInvalid;
      at++;
    }
    if (at === authority) return HeadError.targetInvalid;
    if (this.host < 0) return HeadError.targetConflict;
    // RFC 9112 3.2.2 lets the target win over Host; two different names are refused instead, since a backend that
    // trusts the other one would be fooled.
    const hostStart = this.fields.valueStart(this.host);
    const length = this.fields.valueEnd(this.host) - hostStart;
    if (length !== at - authority) return HeadError.targetConflict;
    for (let i = 0; i < length; i++) {
      if (lowerCase(memory[hostStart + i]!) !== lowerCase(memory[authority + i]!)) return HeadError.targetConflict;
    }
    this.sentTarget = memory.slice(start, this.targetEnd);
    if (at < this.targetEnd && memory[at] === SLASH) {
      this.pathStart = at;
    } else {
      // An empty path means "/" (RFC 9112 section 3.2.1); it takes the place of the authority's last byte, now read.
      this.pathStart = at - 1;
      memory[at - 1] = SLASH;
    }
    return HeadError.none;
  }
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9;
}

function lowerCase(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}

function startsWithIgnoringCase(memory: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start < text.length) return false;
  for (let i = 0; i < text.length; i++) if (lowerCase(memory[start + i]!) !== text.charCodeAt(i)) return false;
  return true;
}

function endsWithChunked(memory: Uint8Array, start: number, end: number): boolean {
  let last = false;
  eachListElement(memory, start, end, (from, to) => {
    last = equalsIgnoringCase(memory, from, to, 'chunked');
    return true;
  });
  return last;
}
