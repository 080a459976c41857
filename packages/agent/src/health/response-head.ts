/** What has become of the head so far. */
export type HeadProgress =
  | { readonly kind: 'more' }
  | { readonly kind: 'complete'; readonly status: number }
  | { readonly kind: 'malformed'; readonly detail: string };

/** Bytes of head, those of interim responses included, after which the target is judged malformed. */
export const HEAD_LIMIT = 16 * 1024;

const MORE: HeadProgress = { kind: 'more' };
const VERSION = [...Buffer.from('HTTP/1.')];
const CR = 13;
const LF = 10;
const SP = 32;
const TAB = 9;
const COLON = 58;

type Phase = 'version' | 'minor' | 'space' | 'status' | 'reason' | 'name' | 'value' | 'line-feed' | 'last-line-feed';

/**
 * Reads the head of an HTTP/1 response (RFC 9112 sections 4 and 5) byte by byte and keeps nothing of it but the status
 * code. Strict where a lenient reader would call something healthy that is no HTTP server: bare CR or LF, folded lines,
 * control characters and fields without a name are malformed. A missing space before an empty reason phrase is accepted.
 * Interim responses (1xx but 101) are passed over.
 */
export class ResponseHeadReader {
  #phase: Phase = 'version';
  #matched = 0;
  #status = 0;
  #digits = 0;
  #nameLength = 0;
  #total = 0;

  /** Whether any byte has been read. */
  get started(): boolean {
    return this.#total > 0;
  }

  /** Reads bytes[start, end). After `complete` or `malformed` the reader is not to be used again. */
  read(bytes: Uint8Array, start: number, end: number): HeadProgress {
    for (let at = start; at < end; at++) {
      if (++this.#total > HEAD_LIMIT) return malformed(`head longer than ${HEAD_LIMIT} bytes`);
      const fault = this.#step(bytes[at] as number);
      if (fault !== '') return malformed(fault);
      if (this.#phase === 'version' && this.#matched === 0) {
        if (this.#status >= 200 || this.#status === 101) return { kind: 'complete', status: this.#status };
        this.#status = 0;
        this.#digits = 0;
      }
    }
    return MORE;
  }

  /** Takes one byte; gives back what is wrong with it, or nothing. A complete head leaves the reader at its beginning. */
  #step(byte: number): string {
    switch (this.#phase) {
      case 'version':
        if (byte !== VERSION[this.#matched]) return 'not an HTTP/1 status line';
        if (++this.#matched === VERSION.length) this.#phase = 'minor';
        return '';
      case 'minor':
        if (!isDigit(byte)) return 'not an HTTP/1 status line';
        this.#phase = 'space';
        return '';
      case 'space':
        if (byte !== SP) return 'no space after the HTTP version';
        this.#phase = 'status';
        return '';
      case 'status':
        return this.#statusByte(byte);
      case 'reason':
      case 'value':
        if (byte === CR) this.#phase = 'line-feed';
        else if (!isText(byte)) return `control character 0x${byte.toString(16)} in the head`;
        return '';
      case 'line-feed':
        if (byte !== LF) return 'CR without LF';
        this.#phase = 'name';
        this.#nameLength = 0;
        return '';
      case 'name':
        return this.#nameByte(byte);
      case 'last-line-feed':
        if (byte !== LF) return 'CR without LF';
        this.#phase = 'version';
        this.#matched = 0;
        return '';
    }
  }

  #statusByte(byte: number): string {
    if (this.#digits < 3) {
      if (!isDigit(byte)) return 'status code is not three digits';
      this.#status = this.#status * 10 + byte - 48;
      this.#digits++;
      return this.#digits === 3 && this.#status < 100 ? 'status code below 100' : '';
    }
    if (byte === CR) this.#phase = 'line-feed';
    else if (byte === SP) this.#phase = 'reason';
    else return 'status code is not three digits';
    return '';
  }

  #nameByte(byte: number): string {
    if (isToken(byte)) {
      this.#nameLength++;
      return '';
    }
    if (byte === COLON && this.#nameLength > 0) {
      this.#phase = 'value';
      return '';
    }
    if (byte === CR && this.#nameLength === 0) {
      this.#phase = 'last-line-feed';
      return '';
    }
    return 'malformed header field';
  }
}

function malformed(detail: string): HeadProgress {
  return { kind: 'malformed', detail };
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

/** HTAB, SP, VCHAR and obs-text (RFC 9110 section 5.5). */
function isText(byte: number): boolean {
  return (byte >= SP && byte !== 127) || byte === TAB;
}

/** tchar (RFC 9110 section 5.6.2). */
const TOKEN = new Uint8Array(256);
for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  TOKEN[char.charCodeAt(0)] = 1;
}

function isToken(byte: number): boolean {
  return TOKEN[byte] === 1;
}
