import { DatapathUnavailable, lastError } from './libbpf.ts';
import { libc } from './libc.ts';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2_000_000;
const NETLINK_ROUTE = 0;
const MSG_DONTWAIT = 0x40;
const EAGAIN = 11;

/** NLM_F_REQUEST of linux/netlink.h. */
const ASKS_FOR_ONE = 0x1;
/** With NLM_F_DUMP. */
const ASKS_FOR_ALL = ASKS_FOR_ONE | 0x300;
/** NLM_F_DUMP_INTR: something has changed meanwhile, and may be missing. */
const DUMP_INTERRUPTED = 0x10;
const EINTR = 4;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const HEADER_BYTES = 16;
/** Sequence numbers have 32 bits. */
const LAST_SEQUENCE = 0xffff_ffff;
const ATTRIBUTE_BYTES = 4;
/** Of an attribute's type: its upper bits say how it is coded. */
const TYPE_MASK = 0x3fff;
/** As much as the kernel puts into one piece of an answer. */
const PIECE_BYTES = 32_768;

/** A socket on which the kernel speaks of devices, addresses, routes and neighbours (rtnetlink(7)); it never waits. */
export class NetlinkSocket {
  #descriptor: number;
  readonly #c = libc();
  /** Of the last question: answers have that of theirs, what is told unasked has 0. */
  #sequence = 0;

  /** `groups`: what it tells of unasked. Throws DatapathUnavailable where there is no such socket. */
  constructor(groups = 0) {
    this.#descriptor = this.#c.socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    const address = Buffer.alloc(12);
    address.writeUInt16LE(AF_NETLINK, 0);
    address.writeUInt32LE(groups, 8);
    if (this.#descriptor < 0 || this.#c.bind(this.#descriptor, address, address.length) < 0) {
      const code = lastError();
      this.close();
      throw new DatapathUnavailable(`the kernel does not tell of the network (error ${code})`);
    }
  }

  /** Bytes read; null: there is nothing; negative: some message did not fit the socket's memory, or it is closed. */
  receive(into: Buffer): number | null {
    if (this.#descriptor < 0) return -1;
    const bytes = this.#c.recv(this.#descriptor, into, into.length, MSG_DONTWAIT);
    return bytes < 0 && lastError() === EAGAIN ? null : bytes;
  }

  /**
   * All that there is of a kind (RTM_GET…): what each message says behind its header. `body`: that of the request. Throws
   * what the kernel says against it, and where something has changed meanwhile.
   */
  dump(type: number, body: Uint8Array): Buffer[] {
    this.#send(type, ASKS_FOR_ALL, body);
    const messages: Buffer[] = [];
    // Each piece is ready when the one before has been read.
    for (;;) {
      for (const { kind, flags, body: said } of this.#nextPiece()) {
        if ((flags & DUMP_INTERRUPTED) !== 0) throw refused(EINTR);
        const code = kind === NLMSG_ERROR || kind === NLMSG_DONE ? -said.readInt32LE(0) : 0;
        if (kind === NLMSG_ERROR || code > 0) throw refused(code);
        if (kind === NLMSG_DONE) return messages;
        messages.push(said);
      }
    }
  }

  /** The one thing that is asked for: what the message says behind its header, or the error (errno) that there is in its place. */
  ask(type: number, body: Uint8Array): Buffer | number {
    this.#send(type, ASKS_FOR_ONE, body);
    for (;;) {
      const [message] = this.#nextPiece();
      if (message !== undefined) return message.kind === NLMSG_ERROR ? -message.body.readInt32LE(0) : message.body;
    }
  }

  /** What the next piece has of the answer to the last question: there may be one before it that was not read then. */
  #nextPiece(): Message[] {
    const piece = Buffer.alloc(PIECE_BYTES);
    const bytes = this.receive(piece);
    if (bytes === null || bytes <= 0) throw refused(bytes === null ? EAGAIN : lastError());
    return [...split(piece.subarray(0, bytes))].filter(({ sequence }) => sequence === this.#sequence);
  }

  #send(type: number, flags: number, body: Uint8Array): void {
    const request = Buffer.alloc(HEADER_BYTES + body.length);
    request.writeUInt32LE(request.length, 0);
    request.writeUInt16LE(type, 4);
    request.writeUInt16LE(flags, 6);
    this.#sequence = (this.#sequence % LAST_SEQUENCE) + 1;
    request.writeUInt32LE(this.#sequence, 8);
    request.set(body, HEADER_BYTES);
    if (this.#c.send(this.#descriptor, request, request.length, 0) < 0) throw refused(lastError());
  }

  close(): void {
    if (this.#descriptor >= 0) this.#c.close(this.#descriptor);
    this.#descriptor = -1;
  }
}

/** An attribute as it is sent, to the next multiple of 4 bytes. */
export function attribute(type: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc(ATTRIBUTE_BYTES + aligned(value.length));
  bytes.writeUInt16LE(ATTRIBUTE_BYTES + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.set(value, ATTRIBUTE_BYTES);
  return bytes;
}

/** The attributes that begin at `from`, by type; of one that comes more than once, the last. */
export function attributesOf(bytes: Buffer, from = 0): Map<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  for (let at = from; at + ATTRIBUTE_BYTES <= bytes.length; ) {
    const length = bytes.readUInt16LE(at);
    if (length < ATTRIBUTE_BYTES) break;
    attributes.set(bytes.readUInt16LE(at + 2) & TYPE_MASK, bytes.subarray(at + ATTRIBUTE_BYTES, at + length));
    at += aligned(length);
  }
  return attributes;
}

/** Of an attribute that is text: it ends with a zero byte. */
export function textOf(attribute: Buffer | undefined): string {
  return attribute === undefined ? '' : attribute.toString('latin1').replace(/\0.*$/s, '');
}

interface Message {
  readonly kind: number;
  readonly flags: number;
  readonly sequence: number;
  readonly body: Buffer;
}

function* split(bytes: Buffer): Generator<Message> {
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    if (length < HEADER_BYTES) return;
    const body = bytes.subarray(at + HEADER_BYTES, at + length);
    const [kind, flags] = [bytes.readUInt16LE(at + 4), bytes.readUInt16LE(at + 6)];
    yield { kind, flags, sequence: bytes.readUInt32LE(at + 8), body };
    at += aligned(length);
  }
}

/** Messages and attributes begin at multiples of 4 bytes. */
function aligned(length: number): number {
  return (length + 3) & ~3;
}

function refused(code: number): Error {
  return new Error(`the kernel does not say what there is of the network (error ${code})`);
}
