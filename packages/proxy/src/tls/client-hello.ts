/**
 * The ClientHello (RFC 8446 section 4.1.2) as the proxy reads it before OpenSSL does: to choose the certificate, or the
 * service on a listener that passes TLS through. Only what that takes is looked at; OpenSSL judges the rest. The message
 * may lie in several records (RFC 8446 section 5.1), which may come in any number of pieces.
 */

/** Alert descriptions (RFC 8446 section 6). */
export const Alert = {
  unexpectedMessage: 10,
  recordOverflow: 22,
  handshakeFailure: 40,
  illegalParameter: 47,
  decodeError: 50,
  protocolVersion: 70,
  internalError: 80,
} as const;
export type Alert = (typeof Alert)[keyof typeof Alert];

/** What `parse` answers besides an alert. */
export const COMPLETE = 0;
export const INCOMPLETE = -1;

/** Records of a ClientHello with their headers, in bytes: beyond that nobody waits for its end. */
export const MAX_HELLO = 16 * 1024;

const RECORD_HEADER = 5;
const MAX_RECORD = 16 * 1024;
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const EXTENSION_SERVER_NAME = 0;
const EXTENSION_GROUPS = 10;
const EXTENSION_SIGNATURES = 13;
const EXTENSION_ALPN = 16;
const EXTENSION_VERSIONS = 43;
const MAX_NAME = 255;

const TLS_1_2 = 0x0303;
const TLS_1_3 = 0x0304;
const HTTP_1_1 = Buffer.from('http/1.1', 'latin1');

/**
 * How far a ClientHello that comes in pieces has been looked through, so that each piece costs no more than itself: for
 * the `parse` calls of one connection, whose ranges all begin with the same bytes.
 */
export class HelloProgress {
  /** Bytes in front of the record to go on with. */
  at = 0;
  /** Bytes of the message in the records before that one. */
  length = 0;
  /** Of the whole message; -1: not known yet, and nothing is passed over. */
  size = -1;
}

/** Numbers of two bytes each in a ClientHello; empty: there are none. */
export class NumberList {
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;

  get isEmpty(): boolean {
    return this.#start === this.#end;
  }

  /** Refers to bytes[start, end), of which an odd one at the end is nobody's. */
  set(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end - ((end - start) & 1);
  }

  clear(): void {
    this.#start = this.#end = 0;
  }

  /** All bits together that `bits` has for any of the numbers. */
  gather(bits: ReadonlyMap<number, number>): number {
    let all = 0;
    for (let at = this.#start; at < this.#end; at += 2) {
      all |= bits.get((this.#bytes[at]! << 8) | this.#bytes[at + 1]!) ?? 0;
    }
    return all;
  }
}

/**
 * A reader that is used again for each ClientHello; its fields are of the last one that was complete, its lists only as
 * long as the memory that it was read from is not used for anything else.
 */
export class ClientHello {
  /** Host name of the SNI extension (RFC 6066 section 3) in lower case, without a final dot; empty: none. */
  serverName = '';
  /** ALPN was offered (RFC 7301), and `http/1.1` in it. */
  offersProtocols = false;
  offersHttp11 = false;
  offersTls12 = false;
  offersTls13 = false;
  readonly suites = new NumberList();
  /** Of `supported_groups` and `signature_algorithms` (RFC 8446 sections 4.2.7 and 4.2.3). */
  readonly groups = new NumberList();
  readonly signatures = new NumberList();
  /** The message when it had to be put together from several records. */
  readonly #joined = new Uint8Array(MAX_HELLO);
  #bytes: Uint8Array = this.#joined;
  #at = 0;
  #end = 0;

  /** Reads memory[start, end): `COMPLETE`, `INCOMPLETE`, or the alert to answer with. A verdict is never taken back. */
  parse(memory: Uint8Array, start: number, end: number, progress: HelloProgress | null = null): number {
    let size = progress?.size ?? -1;
    const resumes = size >= 0;
    let length = progress?.length ?? 0;
    for (let at = start + (progress?.at ?? 0); ; ) {
      const verdict = this.#readRecordHeader(memory, at, end, at === start);
      if (verdict !== COMPLETE) return verdict;
      const recordEnd = at + RECORD_HEADER + ((memory[at + 3]! << 8) | memory[at + 4]!);
      if (recordEnd - start > MAX_HELLO) return Alert.decodeError;
      const from = at + RECORD_HEADER;
      const available = Math.min(recordEnd, end);
      if (length < 4) {
        const verdict = this.#peekType(memory, from, available, length);
        if (verdict !== COMPLETE) return verdict;
      }
      if (at === start && !resumes && available - from >= 4) {
        size = 4 + ((memory[from + 1]! << 16) | (memory[from + 2]! << 8) | memory[from + 3]!);
        if (size > MAX_HELLO) return Alert.decodeError;
        // The usual case: all of it in the first record.
        if (from + size <= recordEnd) {
          if (from + size > end) return INCOMPLETE;
          return this.#readMessage(memory, from + 4, from + size);
        }
      }
      const before = length;
      length += available - from;
      if (length > MAX_HELLO) return Alert.decodeError;
      if (!resumes) for (let i = from, to = before; i < available; i++) this.#joined[to++] = memory[i]!;
      if (size < 0 && length >= 4) {
        const joined = this.#joined;
        size = 4 + ((joined[1]! << 16) | (joined[2]! << 8) | joined[3]!);
        if (size > MAX_HELLO) return Alert.decodeError;
      }
      if (size >= 0 && length >= size) {
        return resumes ? this.parse(memory, start, end) : this.#readMessage(this.#joined, 4, size);
      }
      if (progress !== null && size >= 0) {
        progress.at = at - start;
        progress.length = before;
        progress.size = size;
      }
      if (recordEnd >= end) return INCOMPLETE;
      at = recordEnd;
    }
  }

  #readRecordHeader(memory: Uint8Array, at: number, end: number, first: boolean): number {
    if (at >= end) return INCOMPLETE;
    if (memory[at] !== HANDSHAKE) return Alert.unexpectedMessage;
    if (at + 1 < end && memory[at + 1] !== 3) return first ? Alert.protocolVersion : Alert.decodeError;
    if (at + RECORD_HEADER > end) return INCOMPLETE;
    const size = (memory[at + 3]! << 8) | memory[at + 4]!;
    // Handshake messages are not sent in records without anything in them (RFC 8446 section 5.1).
    if (size === 0) return Alert.unexpectedMessage;
    return size > MAX_RECORD ? Alert.recordOverflow : COMPLETE;
  }

  /** The first byte of the message is there, or comes later; `length` bytes of it came in earlier records. */
  #peekType(memory: Uint8Array, from: number, end: number, length: number): number {
    if (length === 0 && from < end && memory[from] !== CLIENT_HELLO) return Alert.unexpectedMessage;
    return COMPLETE;
  }

  /** The whole message without its header is bytes[start, end). */
  #readMessage(bytes: Uint8Array, start: number, end: number): number {
    this.serverName = '';
    this.offersProtocols = false;
    this.offersHttp11 = false;
    this.offersTls12 = false;
    this.offersTls13 = false;
    this.suites.clear();
    this.groups.clear();
    this.signatures.clear();
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    const version = this.#number(2);
    this.#at += 32;
    const sessionId = this.#vector(1, end);
    const suites = this.#readNumbers(this.suites, end);
    const compressions = this.#vector(1, end);
    if (version < 0 || sessionId < 0 || suites < 0 || compressions < 0 || this.#at > end) return Alert.decodeError;
    if (version < 0x0300) return Alert.protocolVersion;
    this.offersTls12 = version >= TLS_1_2;
    // Without any extensions: TLS 1.2 or before.
    if (this.#at === end) return COMPLETE;
    if (this.#vectorEnd(2, end) !== end) return Alert.decodeError;
    return this.#readExtensions(end);
  }

  #readExtensions(end: number): number {
    let seen = 0;
    while (this.#at < end) {
      const type = this.#number(2);
      const next = this.#vectorEnd(2, end);
      if (type < 0 || next < 0) return Alert.decodeError;
      const bit =
        type === EXTENSION_SERVER_NAME ? 1 : type === EXTENSION_ALPN ? 2 : type === EXTENSION_VERSIONS ? 4 : 0;
      // No extension may come twice (RFC 8446 section 4.2).
      if ((seen & bit) !== 0) return Alert.illegalParameter;
      seen |= bit;
      let verdict: number = COMPLETE;
      // OpenSSL judges these two, and the numbers in them.
      if (type === EXTENSION_GROUPS) this.#readNumbers(this.groups, next);
      else if (type === EXTENSION_SIGNATURES) this.#readNumbers(this.signatures, next);
      else if (bit === 1) verdict = this.#readServerName(next);
      else if (bit === 2) verdict = this.#readProtocols(next);
      else if (bit === 4) verdict = this.#readVersions(next);
      if (verdict !== COMPLETE) return verdict;
      this.#at = next;
    }
    return COMPLETE;
  }

  /** A list with one name of type 0: others were never defined, and OpenSSL does not take them. */
  #readServerName(end: number): number {
    if (this.#vectorEnd(2, end) !== end) return Alert.decodeError;
    const type = this.#number(1);
    const nameEnd = this.#vectorEnd(2, end);
    if (type !== 0 || nameEnd !== end || this.#at === nameEnd) return Alert.decodeError;
    let last = nameEnd;
    if (this.#bytes[last - 1] === 0x2e) last--;
    if (last === this.#at || last - this.#at > MAX_NAME) return Alert.illegalParameter;
    let name = '';
    for (let i = this.#at; i < last; i++) {
      const code = nameCharacter(this.#bytes[i]!);
      if (code === 0) return Alert.illegalParameter;
      name += String.fromCharCode(code);
    }
    this.serverName = name;
    return COMPLETE;
  }

  #readProtocols(end: number): number {
    if (this.#vectorEnd(2, end) !== end || this.#at === end) return Alert.decodeError;
    this.offersProtocols = true;
    while (this.#at < end) {
      const next = this.#vectorEnd(1, end);
      if (next < 0 || next === this.#at) return Alert.decodeError;
      if (isHttp11(this.#bytes, this.#at, next)) this.offersHttp11 = true;
      this.#at = next;
    }
    return COMPLETE;
  }

  #readVersions(end: number): number {
    if (this.#vectorEnd(1, end) !== end || this.#at === end || (end - this.#at) % 2 !== 0) return Alert.decodeError;
    this.offersTls12 = false;
    while (this.#at < end) {
      const version = this.#number(2);
      if (version === TLS_1_2) this.offersTls12 = true;
      else if (version === TLS_1_3) this.offersTls13 = true;
    }
    return COMPLETE;
  }

  /** Passes over a vector of numbers, which `list` has then; -1 when it does not fit. */
  #readNumbers(list: NumberList, end: number): number {
    const next = this.#vectorEnd(2, end);
    if (next < 0) return next;
    list.set(this.#bytes, this.#at, next);
    this.#at = next;
    return next;
  }

  /** An integer of `size` bytes; -1 when it is cut off. */
  #number(size: number): number {
    if (this.#at + size > this.#end) {
      this.#at = this.#end;
      return -1;
    }
    let value = 0;
    for (let i = 0; i < size; i++) value = (value << 8) | this.#bytes[this.#at++]!;
    return value;
  }

  /** Reads the length of a vector and returns where it ends; -1 when that is behind `end`. */
  #vectorEnd(size: number, end: number): number {
    const length = this.#number(size);
    return length < 0 || this.#at + length > end ? -1 : this.#at + length;
  }

  /** Passes over a vector; -1 when it does not fit. */
  #vector(size: number, end: number): number {
    const next = this.#vectorEnd(size, end);
    if (next >= 0) this.#at = next;
    return next;
  }
}

/** Letters in lower case, digits, `-`, `.` and the `_` of service names; 0 for what is in no host name. */
function nameCharacter(code: number): number {
  if (code >= 0x41 && code <= 0x5a) return code | 0x20;
  const taken = (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39);
  return taken || code === 0x2d || code === 0x2e || code === 0x5f ? code : 0;
}

function isHttp11(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== HTTP_1_1.length) return false;
  for (let i = 0; i < HTTP_1_1.length; i++) if (bytes[start + i] !== HTTP_1_1[i]) return false;
  return true;
}
