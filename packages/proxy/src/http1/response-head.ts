import { CR, FIELD_VALUE, LF, SP, ZERO } from './characters.ts';
import { ConnectionOption, readAllConnectionOptions } from './connection-options.ts';
import { Field } from './field-names.ts';
import { equalsIgnoringCase, FieldTable, parseContentLength, parseFields } from './fields.ts';
import { HeadError } from './head-error.ts';
import { HeadMemory } from './head-memory.ts';
import type { RememberedFields } from './remembered-fields.ts';
import { WordView } from './scan.ts';

const PREFIX = 'HTTP/1.';
const CONTENT_LENGTH_BIT = 1 << Field.contentLength;

/** Field sections that are remembered at most, of all targets of one worker. */
const REMEMBERED = 256;

/** What the fields of an HTTP/1.1 response say that is not an interim one. */
type ResponseMeaning = Readonly<Pick<ResponseHead, 'contentLength' | 'chunked' | 'keepAlive' | 'connectionOptions'>>;

/** A response head as spans of memory. One object serves all responses. */
export class ResponseHead {
  /** Where the fields are; of another table when they were remembered. */
  fields: FieldTable;
  /** Offset of the first byte. */
  start = 0;
  minor = 1;
  status = 0;
  /** Offset behind the status line's CRLF. */
  lineEnd = 0;
  /** Offset behind the whole head. */
  end = 0;
  contentLength = -1;
  chunked = false;
  /** Whether the target keeps the connection after this response. */
  keepAlive = true;
  /** What `Connection` says: bits of `ConnectionOption`. */
  connectionOptions = 0;
  /** What to give `parse` as `hint` for the next response of the same target. */
  slot = 0;
  readonly #words = new WordView();
  readonly #table = new FieldTable();
  readonly #memory = new HeadMemory<ResponseMeaning>(REMEMBERED);
  readonly #meaning = (): ResponseMeaning => {
    const { contentLength, chunked, keepAlive, connectionOptions } = this;
    return { contentLength, chunked, keepAlive, connectionOptions };
  };

  constructor() {
    this.fields = this.#table;
  }

  /** The head has moved in memory. */
  moveBy(distance: number): void {
    this.start += distance;
    this.lineEnd += distance;
    this.end += distance;
    this.fields.base += distance;
  }

  /**
   * Reads the head that begins at memory[start], strictly by RFC 9112. `hint` is where fields like these may be
   * remembered: it saves time and changes nothing.
   */
  parse(memory: Uint8Array, start: number, end: number, hint = 0): HeadError {
    const available = end - start;
    for (let i = 0; i < PREFIX.length && i < available; i++) {
      if (memory[start + i] !== PREFIX.charCodeAt(i)) return HeadError.statusLine;
    }
    if (available < 13) return HeadError.incomplete;
    const minor = memory[start + 7]! - ZERO;
    if ((minor !== 0 && minor !== 1) || memory[start + 8] !== SP) return HeadError.statusLine;
    const hundreds = memory[start + 9]! - ZERO;
    const tens = memory[start + 10]! - ZERO;
    const ones = memory[start + 11]! - ZERO;
    if (hundreds < 1 || hundreds > 5 || tens < 0 || tens > 9 || ones < 0 || ones > 9) return HeadError.statusLine;
    let at = start + 12;
    // The space before an empty reason phrase is often left out; nothing hangs on it.
    if (memory[at] === SP) {
      at++;
      while (at < end && FIELD_VALUE[memory[at]!] === 1) at++;
      if (at >= end) return HeadError.incomplete;
    }
    if (memory[at] !== CR) return HeadError.statusLine;
    if (at + 1 >= end) return HeadError.incomplete;
    if (memory[at + 1] !== LF) return HeadError.lineEnd;
    this.start = start;
    this.minor = minor;
    this.status = hundreds * 100 + tens * 10 + ones;
    this.lineEnd = at + 2;
    const words = this.#words.of(memory);
    const view = this.#words.view;
    // What the fields mean depends on the version, and for interim responses on the status.
    const repeats = minor === 1 && this.status >= 200;
    const like = repeats ? this.#memory.find(hint, view, this.lineEnd, end) : null;
    const equal = like === null ? 0 : this.#memory.equal;
    this.slot = hint;
    if (like !== null && equal === like.length) {
      this.slot = like.slot;
      this.#recall(like);
      return HeadError.none;
    }
    this.fields = this.#table;
    const taken = like === null ? 0 : like.fieldsWithin(equal);
    const from = like === null || taken === 0 ? this.lineEnd : this.#table.take(like.table, taken, this.lineEnd);
    const fields = parseFields(memory, words, from, end, this.#table, taken);
    if (fields !== HeadError.none) return fields;
    this.end = this.#table.end;
    const meaning = this.#interpret(memory);
    if (meaning !== HeadError.none) return meaning;
    // Here a change in the middle is a new second, after which the rest will be the same again.
    if (repeats) this.slot = this.#memory.note(view, this.lineEnd, this.end, this.#table, this.#meaning);
    return HeadError.none;
  }

  /** Takes over what `#interpret` has once found in these fields. */
  #recall({ table, meaning }: RememberedFields<ResponseMeaning>): void {
    table.base = this.lineEnd;
    this.fields = table;
    this.end = table.end;
    this.contentLength = meaning.contentLength;
    this.chunked = meaning.chunked;
    this.keepAlive = meaning.keepAlive;
    this.connectionOptions = meaning.connectionOptions;
  }

  #interpret(memory: Uint8Array): HeadError {
    const fields = this.fields;
    this.contentLength = -1;
    this.chunked = false;
    this.keepAlive = this.minor === 1;
    this.connectionOptions = 0;
    if ((fields.repeated & CONTENT_LENGTH_BIT) !== 0) return HeadError.contentLengthRepeated;
    const length = fields.indexOf(Field.contentLength);
    if (length >= 0) {
      fields.straightenValue(memory, length);
      this.contentLength = parseContentLength(memory, fields.valueStart(length), fields.valueEnd(length));
      if (this.contentLength < 0) return HeadError.contentLengthInvalid;
    }
    const connection = fields.indexOf(Field.connection);
    if (connection >= 0) {
      const options = readAllConnectionOptions(memory, fields, connection);
      this.connectionOptions = options;
      if ((options & ConnectionOption.keepAlive) !== 0) this.keepAlive = true;
      if ((options & ConnectionOption.close) !== 0) this.keepAlive = false;
    }
    const coding = fields.indexOf(Field.transferEncoding);
    // An interim response has no body (RFC 9110 section 15.2); one that announces it would make clients wait for it.
    if (this.status < 200 && (this.contentLength > 0 || coding >= 0)) return HeadError.interimWithBody;
    if (coding < 0) return HeadError.none;
    // Only `chunked` is ever asked for, as TE is not passed on.
    if (this.minor === 0 || (fields.repeated & (1 << Field.transferEncoding)) !== 0) {
      return HeadError.transferEncodingInvalid;
    }
    fields.straightenValue(memory, coding);
    if (!equalsIgnoringCase(memory, fields.valueStart(coding), fields.valueEnd(coding), 'chunked')) {
      return HeadError.transferEncodingUnknown;
    }
    this.chunked = true;
    return length >= 0 ? HeadError.lengthAndTransferEncoding : HeadError.none;
  }
}
