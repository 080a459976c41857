/** Frames of RFC 6455 section 5.2, as bytes. */

export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface FrameOptions {
  readonly opcode: number;
  readonly payload?: Uint8Array | string;
  /** The last of its message; true when not said. */
  readonly fin?: boolean;
  /** The three reserved bits, as a number from 0 to 7. */
  readonly reserved?: number;
  /** Four bytes that hide the payload, as those of a client must be; null: none, as those of a server. */
  readonly mask?: Uint8Array | null;
}

const MASK = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);

/** A frame as a client sends it, unless `mask` is null. */
export function frame({ opcode, payload = '', fin = true, reserved = 0, mask = MASK }: FrameOptions): Buffer {
  const bytes = Buffer.from(payload as Uint8Array);
  const head = Buffer.alloc(headLength(bytes.length));
  head[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  if (bytes.length < 126) head[1] = bytes.length;
  else if (bytes.length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(bytes.length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(bytes.length), 2);
  }
  if (mask === null) return Buffer.concat([head, bytes]);
  head[1] |= 0x80;
  return Buffer.concat([head, mask, masked(bytes, mask)]);
}

function headLength(payload: number): number {
  if (payload < 126) return 2;
  return payload < 65_536 ? 4 : 10;
}

/** The payload hidden, or shown again, by its mask. */
export function masked(payload: Uint8Array, mask: Uint8Array): Buffer {
  const out = Buffer.alloc(payload.length);
  for (let i = 0; i < payload.length; i++) out[i] = payload[i]! ^ mask[i & 3]!;
  return out;
}

/** The payload of a close frame: a status code, and why. */
export function closePayload(code: number, why: Uint8Array | string = ''): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, Buffer.from(why as Uint8Array)]);
}
