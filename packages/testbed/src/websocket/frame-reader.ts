import { masked, Opcode } from './frame.ts';

/** What a peer did wrong, and the status code to close with (RFC 6455 section 7.4.1). */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** A whole message, or a control frame. */
export interface Received {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** Reads what a client sends, strictly by RFC 6455 section 5: no extensions, every frame masked. */
export class FrameReader {
  #bytes: Buffer = Buffer.alloc(0);
  /** What has come behind `#bytes`, until there are `#needed` of both. */
  #pieces: Buffer[] = [];
  #there = 0;
  #needed = 0;
  #fragments: Buffer[] = [];
  /** Opcode of the message that is coming in fragments; 0 when there is none. */
  #opcode = 0;
  #decoder = new TextDecoder('utf-8', { fatal: true });

  /** Takes bytes in and returns what has become whole. Throws a `ProtocolError`; nothing may be added afterwards. */
  *add(bytes: Uint8Array): Generator<Received> {
    this.#pieces.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    this.#there += bytes.length;
    if (this.#there < this.#needed) return;
    this.#bytes = Buffer.concat([this.#bytes, ...this.#pieces]);
    this.#pieces = [];
    this.#needed = 0;
    for (;;) {
      const frame = this.#takeFrame();
      if (frame === null) return;
      const received = this.#join(frame);
      if (received !== null) yield received;
    }
  }

  #takeFrame(): (Received & { readonly fin: boolean }) | null {
    const bytes = this.#bytes;
    if (bytes.length < 2) return null;
    const fin = (bytes[0]! & 0x80) !== 0;
    const opcode = bytes[0]! & 0x0f;
    const short = bytes[1]! & 0x7f;
    if ((bytes[0]! & 0x70) !== 0) throw new ProtocolError(1002, 'a reserved bit is set');
    if ((opcode > Opcode.binary && opcode < Opcode.close) || opcode > Opcode.pong) {
      throw new ProtocolError(1002, `opcode ${opcode} means nothing`);
    }
    if ((bytes[1]! & 0x80) === 0) throw new ProtocolError(1002, 'a client masks its frames');
    if (opcode >= Opcode.close && (!fin || short > 125)) {
      throw new ProtocolError(1002, 'control frames are whole and have at most 125 bytes');
    }
    this.#checkOrder(opcode);
    const wide = short === 126 ? 2 : short === 127 ? 8 : 0;
    const start = 2 + wide + 4;
    if (bytes.length < start) return null;
    const length = wide === 0 ? short : wide === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (bytes.length < start + length) {
      // Text that may turn out wrong is looked at as it comes; everything else can wait until its frame is whole.
      if (!this.#checkBegun(opcode, fin, bytes, start)) this.#needed = start + length;
      return null;
    }
    const payload = masked(bytes.subarray(start, start + length), bytes.subarray(start - 4, start));
    this.#bytes = bytes.subarray(start + length);
    this.#there = this.#bytes.length;
    return { fin, opcode, payload };
  }

  #checkOrder(opcode: number): void {
    if (opcode >= Opcode.close) return;
    if (opcode === Opcode.continuation && this.#opcode === 0) throw new ProtocolError(1002, 'nothing to continue');
    if (opcode !== Opcode.continuation && this.#opcode !== 0) throw new ProtocolError(1002, 'a message is not over');
  }

  /** Text that can no longer become right is refused before its frame is whole. Returns whether it was looked at. */
  #checkBegun(opcode: number, fin: boolean, bytes: Buffer, start: number): boolean {
    const text = opcode === Opcode.text || (opcode === Opcode.continuation && this.#opcode === Opcode.text);
    // Only short frames: to look at a large one again with every piece would take for ever.
    if (!text || fin || bytes.length - start > 1_000) return false;
    const so = masked(bytes.subarray(start), bytes.subarray(start - 4, start));
    decode(new TextDecoder('utf-8', { fatal: true }), Buffer.concat([...this.#fragments, so]), true);
    return true;
  }

  #join({ fin, opcode, payload }: Received & { readonly fin: boolean }): Received | null {
    if (opcode >= Opcode.close) return { opcode, payload };
    if (opcode !== Opcode.continuation) {
      this.#opcode = opcode;
      this.#decoder = new TextDecoder('utf-8', { fatal: true });
    }
    if (this.#opcode === Opcode.text) decode(this.#decoder, payload, !fin);
    this.#fragments.push(payload);
    if (!fin) return null;
    const whole = { opcode: this.#opcode, payload: Buffer.concat(this.#fragments) };
    this.#fragments = [];
    this.#opcode = 0;
    return whole;
  }
}

function decode(decoder: TextDecoder, bytes: Uint8Array, stream: boolean): void {
  try {
    decoder.decode(bytes, { stream });
  } catch {
    throw new ProtocolError(1007, 'the text is not UTF-8');
  }
}

/** Whether a close frame's payload is right: none, or a code that may be sent, and a reason in UTF-8. */
export function checkClose(payload: Buffer): void {
  if (payload.length === 0) return;
  if (payload.length === 1) throw new ProtocolError(1002, 'half a status code');
  const code = payload.readUInt16BE(0);
  const known = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1011);
  if (!known && (code < 3000 || code > 4999)) throw new ProtocolError(1002, `status code ${code} may not be sent`);
  decode(new TextDecoder('utf-8', { fatal: true }), payload.subarray(2), false);
}
