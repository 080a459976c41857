import { CR, FIELD_VALUE, LF, SP, ZERO } from './characters.ts';
import { ConnectionOption, readConnectionOptions } from './connection-options.ts';
import { Field } from './field-names.ts';
import { equalsIgnoringCase, FieldTable, parseContentLength, parseFields } from './fields.ts';
import { HeadError } from './head-error.ts';
import { WordView } from './scan.ts';

const PREFIX = 'HTTP/1.';

/** A response head as spans of memory. One object serves all responses. */
export class ResponseHead {
  readonly fields = new FieldTable();
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
  connectionNamesFields = false;
  readonly #words = new WordView();

  /** Reads the head that begins at memory[start], strictly by RFC 9112. */
  parse(memory: Uint8Array, start: number, end: number): HeadError {
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
    const fields = parseFields(memory, this.#words.of(memory), this.lineEnd, end, this.fields);
    if (fields !== HeadError.none) return fields;
    this.end = this.fields.end;
    return this.#interpret(memory);
  }

  #interpret(memory: Uint8Array): HeadError {
    this.contentLength = -1;
    this.chunked = false;
    this.keepAlive = this.minor === 1;
    let transferEncoding = false;
    let options = 0;
    const fields = this.fields;
    for (let i = 0; i < fields.count; i++) {
      switch (fields.code(i)) {
        case Field.contentLength:
          if (this.contentLength >= 0) return HeadError.contentLengthRepeated;
          this.contentLength = parseContentLength(memory, fields.valueStart(i), fields.valueEnd(i));
          if (this.contentLength < 0) return HeadError.contentLengthInvalid;
          break;
        case Field.transferEncoding:
          // Only `chunked` is ever asked for, as TE is not passed on.
          if (transferEncoding || this.minor === 0) return HeadError.transferEncodingInvalid;
          transferEncoding = true;
          if (!equalsIgnoringCase(memory, fields.valueStart(i), fields.valueEnd(i), 'chunked'))
            return HeadError.transferEncodingUnknown;
          this.chunked = true;
          break;
        case Field.connection:
          options |= readConnectionOptions(memory, fields.valueStart(i), fields.valueEnd(i));
          break;
      }
    }
    if (this.chunked && this.contentLength >= 0) return HeadError.lengthAndTransferEncoding;
    if ((options & ConnectionOption.keepAlive) !== 0) this.keepAlive = true;
    if ((options & ConnectionOption.close) !== 0) this.keepAlive = false;
    this.connectionNamesFields = (options & ConnectionOption.names) !== 0;
    return HeadError.none;
  }
}
