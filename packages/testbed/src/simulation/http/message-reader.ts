/** A message that is not HTTP/1.1 as RFC 9112 has it. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

export interface MessageHead {
  readonly startLine: string;
  /** Names in lower case, in order. */
  readonly fields: readonly (readonly [string, string])[];
}

export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'close' };

export interface MessageHandler {
  /** A head is complete; says how the body behind it ends. */
  onHead(head: MessageHead): Framing;
  onBody(bytes: Uint8Array): void;
  /** The message is complete. False stops reading: the rest is kept until `resume`. */
  onComplete(trailers: readonly (readonly [string, string])[]): boolean;
}

type State = 'start' | 'fields' | 'length' | 'close' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailers';

const MAX_LINE = 256 * 1024;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * A strict reader of HTTP/1.1 messages in their simplest form, written apart from the proxy's parser so that the two can
 * disagree. Slow and plain on purpose.
 */
export class MessageReader {
  readonly #handler: MessageHandler;
  #state: State = 'start';
  #line = '';
  #startLine = '';
  #fields: (readonly [string, string])[] = [];
  #left = 0;
  #stopped = false;
  #kept: Uint8Array[] = [];

  constructor(handler: MessageHandler) {
    this.#handler = handler;
  }

  /** Whether a message has begun and not ended. */
  get insideMessage(): boolean {
    return this.#state !== 'start' || this.#line !== '';
  }

  /** Whether bytes have come that could not be read yet. */
  get hasKept(): boolean {
    return this.#kept.length > 0;
  }

  add(bytes: Uint8Array): void {
    if (this.#stopped) {
      this.#kept.push(bytes.slice());
      return;
    }
    for (let at = 0; at < bytes.length; ) {
      at = this.#step(bytes, at);
      if (this.#stopped && at < bytes.length) {
        this.#kept.push(bytes.slice(at));
        return;
      }
    }
  }

  resume(): void {
    this.#stopped = false;
    for (const bytes of this.#kept.splice(0)) this.add(bytes);
  }

  /** The sender has ended. False when that was in the middle of a message. */
  end(): boolean {
    if (this.#state === 'close') {
      this.#complete();
      return true;
    }
    return !this.insideMessage && !this.hasKept;
  }

  #step(bytes: Uint8Array, at: number): number {
    switch (this.#state) {
      case 'length':
      case 'chunk-data':
        return this.#readCounted(bytes, at);
      case 'close':
        this.#handler.onBody(bytes.subarray(at));
        return bytes.length;
      default:
        return this.#readLine(bytes, at);
    }
  }

  #readCounted(bytes: Uint8Array, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.#handler.onBody(bytes.subarray(at, end));
    this.#left -= end - at;
    if (this.#left > 0) return end;
    if (this.#state === 'chunk-data') this.#state = 'chunk-end';
    else this.#complete();
    return end;
  }

  #readLine(bytes: Uint8Array, at: number): number {
    const found = bytes.indexOf(10, at);
    const end = found < 0 ? bytes.length : found + 1;
    this.#line += Buffer.from(bytes.buffer, bytes.byteOffset + at, end - at).toString('latin1');
    if (this.#line.length > MAX_LINE) throw new MalformedMessage('a line without end');
    if (found < 0) return end;
    const line = this.#line;
    this.#line = '';
    if (!line.endsWith('\r\n')) throw new MalformedMessage(`a line ends with a bare LF: ${quote(line)}`);
    this.#takeLine(line.slice(0, -2));
    return end;
  }

  #takeLine(line: string): void {
    if (/[\0\r]/.test(line)) throw new MalformedMessage(`a control character in ${quote(line)}`);
    switch (this.#state) {
      case 'start':
        this.#startLine = line;
        this.#fields = [];
        this.#state = 'fields';
        break;
      case 'fields':
        if (line === '') this.#takeHead();
        else this.#fields.push(parseField(line));
        break;
      case 'chunk-size':
        this.#takeChunkSize(line);
        break;
      case 'chunk-end':
        if (line !== '') throw new MalformedMessage(`${quote(line)} behind a chunk`);
        this.#state = 'chunk-size';
        break;
      case 'trailers':
        if (line === '') this.#complete();
        else this.#fields.push(parseField(line));
        break;
      case 'length':
      case 'chunk-data':
      case 'close':
        throw new Error('a body is not read by lines');
    }
  }

  #takeHead(): void {
    const framing = this.#handler.onHead({ startLine: this.#startLine, fields: this.#fields });
    this.#fields = [];
    switch (framing.kind) {
      case 'none':
        this.#complete();
        break;
      case 'length':
        this.#left = framing.length;
        this.#state = 'length';
        if (framing.length === 0) this.#complete();
        break;
      case 'chunked':
        this.#state = 'chunk-size';
        break;
      case 'close':
        this.#state = 'close';
        break;
    }
  }

  #takeChunkSize(line: string): void {
    const match = /^([0-9A-Fa-f]{1,8})(;.*)?$/.exec(line);
    if (match === null) throw new MalformedMessage(`${quote(line)} is no chunk size`);
    this.#left = Number.parseInt(match[1] as string, 16);
    this.#state = this.#left === 0 ? 'trailers' : 'chunk-data';
  }

  #complete(): void {
    const trailers = this.#fields;
    this.#fields = [];
    this.#state = 'start';
    this.#stopped = !this.#handler.onComplete(trailers);
  }
}

function parseField(line: string): readonly [string, string] {
  const colon = line.indexOf(':');
  const name = line.slice(0, colon);
  if (colon < 1 || !TOKEN.test(name)) throw new MalformedMessage(`${quote(line)} is no header field`);
  return [name.toLowerCase(), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')];
}

/** The single value of a field; null when it is absent; throws when it is there twice. */
export function fieldOf(head: MessageHead, name: string): string | null {
  const values = head.fields.filter(([candidate]) => candidate === name);
  if (values.length > 1) throw new MalformedMessage(`${name} is there ${values.length} times`);
  return values[0]?.[1] ?? null;
}

/** How the header says that the body ends; null when it says nothing. Refuses what can be read in two ways. */
export function declaredFraming(head: MessageHead): Framing | null {
  const coding = fieldOf(head, 'transfer-encoding');
  const length = fieldOf(head, 'content-length');
  if (coding !== null) {
    if (length !== null) throw new MalformedMessage('both Transfer-Encoding and Content-Length');
    if (coding.toLowerCase() !== 'chunked') throw new MalformedMessage(`transfer coding ${quote(coding)}`);
    return { kind: 'chunked' };
  }
  if (length === null) return null;
  if (!/^\d+$/.test(length)) throw new MalformedMessage(`Content-Length ${quote(length)}`);
  return { kind: 'length', length: Number(length) };
}

/** Whether `Connection` lists the option. */
export function hasConnectionOption(head: MessageHead, option: string): boolean {
  return head.fields.some(
    ([name, value]) => name === 'connection' && value.split(',').some((item) => item.trim().toLowerCase() === option),
  );
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
