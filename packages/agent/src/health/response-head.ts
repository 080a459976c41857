/** What has become of the head so far. */
export type HeadProgress =
  | { readonly kind: 'more' }
  | { readonly kind: 'complete'; readonly status: number }
  | { readonly kind: 'malformed'; readonly detail: string };

/** Bytes of head, those of interim responses included, after which the target is judged malformed. */
export const HEAD_LIMIT = 16 * 1024;

const MORE: HeadProgress = { kind: 'more' };
const VERSION = Buffer.from('HTTP/1.');
const CR = 13;
const LF = 10;
const SP = 32;
const TAB = 9;
const COLON = 58;
const ZERO = 48;
/** Makes capital letters small; what is no letter becomes no letter by it that matters here. */
const SMALL = 0x20;

const Phase = {
  version: 0,
  minor: 1,
  space: 2,
  status: 3,
  reason: 4,
  name: 5,
  value: 6,
  lineFeed: 7,
  lastLineFeed: 8,
} as const;
type Phase = (typeof Phase)[keyof typeof Phase];

/** Fields that say where a response ends and whether its connection can carry another (RFC 9112 sections 6.3 and 9.3). */
const Field = { other: 0, length: 1, connection: 2, uncertain: 3 } as const;
type Field = (typeof Field)[keyof typeof Field];

const FIELDS: readonly (readonly [name: Buffer, field: Field])[] = [
  [Buffer.from('content-length'), Field.length],
  [Buffer.from('connection'), Field.connection],
  [Buffer.from('transfer-encoding'), Field.uncertain],
  [Buffer.from('upgrade'), Field.uncertain],
];
const LONGEST_NAME = Math.max(...FIELDS.map(([name]) => name.length));
const CLOSE = Buffer.from('close');
/** A longer Content-Length is not believed to have come. */
const LENGTH_DIGITS = 9;

/**
 * Reads the head of an HTTP/1 response (RFC 9112 sections 4 and 5) byte by byte and keeps nothing of it but the status
 * code and how the response ends. Strict where a lenient reader would call something healthy that is no HTTP server: bare
 * CR or LF, folded lines, control characters and fields without a name are malformed. A missing space before an empty
 * reason phrase is accepted. Interim responses (1xx but 101) are passed over.
 */
export class ResponseHeadReader {
  /** Of the head that was last complete: where it ended in the bytes that were read. */
  headEnd = 0;
  /**
   * Of the same: bytes of body that its Content-Length says; -1 when it does not say just that, or that the connection
   * ends with it. Only what is certain counts.
   */
  bodyLength = -1;
  /** Of the same: the connection can carry another response behind it. False also when there were interim responses. */
  persists = true;
  #phase: Phase = Phase.version;
  #matched = 0;
  #status = 0;
  #digits = 0;
  #total = 0;
  readonly #name = new Uint8Array(LONGEST_NAME);
  #nameLength = 0;
  #field: Field = Field.other;
  #lengthDigits = 0;
  #closeMatched = 0;

  /** Begins anew. */
  reset(): void {
    this.#total = 0;
    this.persists = true;
    this.#begin();
  }

  /** Reads bytes[start, end). After `complete` or `malformed` the reader is not to be used before it is reset. */
  read(bytes: Uint8Array, start: number, end: number): HeadProgress {
    const limit = Math.min(end, start + HEAD_LIMIT - this.#total);
    for (let at = start; at < limit; at++) {
      at = this.#pass(bytes, at, limit);
      if (at === limit) break;
      const fault = this.#step(bytes[at] as number);
      if (fault !== '') return malformed(fault);
      if (this.#phase !== Phase.version || this.#matched > 0) continue;
      if (this.#status >= 200 || this.#status === 101) {
        this.headEnd = at + 1;
        return { kind: 'complete', status: this.#status };
      }
      this.#begin();
      this.persists = false;
    }
    this.#total += limit - start;
    return limit < end ? malformed(`head longer than ${HEAD_LIMIT} bytes`) : MORE;
  }

  #begin(): void {
    this.#phase = Phase.version;
    this.#matched = 0;
    this.#status = 0;
    this.#digits = 0;
    this.bodyLength = -1;
  }

  /** Takes most bytes of a head, those that leave the phase as it is, and gives back where the first other one is. */
  #pass(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    if (this.#phase === Phase.name) {
      const name = this.#name;
      let length = this.#nameLength;
      for (; at < end; at++) {
        const byte = bytes[at] as number;
        if (TOKEN[byte] !== 1) break;
        if (length < LONGEST_NAME) name[length] = byte | SMALL;
        length++;
      }
      this.#nameLength = length;
    } else if (this.#phase === Phase.reason || (this.#phase === Phase.value && this.#field === Field.other)) {
      while (at < end && TEXT[bytes[at] as number] === 1) at++;
    }
    return at;
  }

  /** Takes one byte; gives back what is wrong with it, or nothing. A complete head leaves the reader at its beginning. */
  #step(byte: number): string {
    switch (this.#phase) {
      case Phase.version:
        if (byte !== VERSION[this.#matched]) return 'not an HTTP/1 status line';
        if (++this.#matched === VERSION.length) this.#phase = Phase.minor;
        return '';
      case Phase.minor:
        if (!isDigit(byte)) return 'not an HTTP/1 status line';
        if (byte === ZERO) this.persists = false;
        this.#phase = Phase.space;
        return '';
      case Phase.space:
        if (byte !== SP) return 'no space after the HTTP version';
        this.#phase = Phase.status;
        return '';
      case Phase.status:
        return this.#statusByte(byte);
      case Phase.value:
        this.#valueByte(byte);
        return this.#textByte(byte);
      case Phase.reason:
        return this.#textByte(byte);
      case Phase.lineFeed:
        if (byte !== LF) return 'CR without LF';
        this.#phase = Phase.name;
        this.#nameLength = 0;
        return '';
      case Phase.name:
        return this.#nameByte(byte);
      case Phase.lastLineFeed:
        if (byte !== LF) return 'CR without LF';
        this.#phase = Phase.version;
        this.#matched = 0;
        return '';
    }
  }

  #statusByte(byte: number): string {
    if (this.#digits < 3) {
      if (!isDigit(byte)) return 'status code is not three digits';
      this.#status = this.#status * 10 + byte - ZERO;
      this.#digits++;
      return this.#digits === 3 && this.#status < 100 ? 'status code below 100' : '';
    }
    if (byte === CR) this.#phase = Phase.lineFeed;
    else if (byte === SP) this.#phase = Phase.reason;
    else return 'status code is not three digits';
    return '';
  }

  #textByte(byte: number): string {
    if (byte === CR) this.#phase = Phase.lineFeed;
    else if (!isText(byte)) return `control character 0x${byte.toString(16)} in the head`;
    return '';
  }

  /** The first byte behind a name. */
  #nameByte(byte: number): string {
    if (byte === COLON && this.#nameLength > 0) {
      this.#phase = Phase.value;
      this.#beginValue();
      return '';
    }
    if (byte === CR && this.#nameLength === 0) {
      this.#phase = Phase.lastLineFeed;
      return '';
    }
    return 'malformed header field';
  }

  #beginValue(): void {
    this.#field = this.#fieldOf();
    if (this.#field === Field.uncertain) this.persists = false;
    // Two of them, alike or not, are one too many to rely on.
    if (this.#field === Field.length && this.bodyLength >= 0) this.persists = false;
    this.#lengthDigits = 0;
    this.#closeMatched = 0;
  }

  #fieldOf(): Field {
    for (const [name, field] of FIELDS) {
      if (name.length === this.#nameLength && this.#isNamed(name)) return field;
    }
    return Field.other;
  }

  #isNamed(name: Uint8Array): boolean {
    for (let at = 0; at < name.length; at++) if (this.#name[at] !== name[at]) return false;
    return true;
  }

  #valueByte(byte: number): void {
    if (this.#field === Field.length) this.#lengthByte(byte);
    else if (this.#field === Field.connection) {
      const small = byte | SMALL;
      this.#closeMatched = small === CLOSE[this.#closeMatched] ? this.#closeMatched + 1 : small === CLOSE[0] ? 1 : 0;
      if (this.#closeMatched < CLOSE.length) return;
      this.persists = false;
      this.#closeMatched = 0;
    }
  }

  /** Digits in one piece; what is around them may be white space alone. */
  #lengthByte(byte: number): void {
    if (isDigit(byte) && this.#lengthDigits < LENGTH_DIGITS) {
      this.bodyLength = Math.max(0, this.bodyLength) * 10 + byte - ZERO;
      this.#lengthDigits++;
    } else if (byte === SP || byte === TAB || byte === CR) {
      // Nothing may follow.
      if (this.#lengthDigits > 0) this.#lengthDigits = LENGTH_DIGITS;
    } else this.persists = false;
  }
}

function malformed(detail: string): HeadProgress {
  return { kind: 'malformed', detail };
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9;
}

/** HTAB, SP, VCHAR and obs-text (RFC 9110 section 5.5). */
const TEXT = Uint8Array.from({ length: 256 }, (_, byte) => ((byte >= SP && byte !== 127) || byte === TAB ? 1 : 0));

function isText(byte: number): boolean {
  return TEXT[byte] === 1;
}

/** tchar (RFC 9110 section 5.6.2). */
const TOKEN = new Uint8Array(256);
for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  TOKEN[char.charCodeAt(0)] = 1;
}
