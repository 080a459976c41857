import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { closePayload, frame, Opcode } from './frame.ts';
import { checkClose, FrameReader, ProtocolError } from './frame-reader.ts';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** What one connection has brought. */
export interface SeenConnection {
  /** The request that it began with, up to the empty line. */
  readonly head: string;
  /** Everything behind it. */
  readonly bytes: () => Buffer;
}

export interface EchoOrigin {
  readonly port: number;
  /** In the order in which they asked. */
  readonly connections: readonly SeenConnection[];
  close(): Promise<void>;
}

/**
 * A WebSocket server (RFC 6455) that sends every message back, answers pings, and closes by the book on the first thing
 * that is wrong. It listens on a free port of 127.0.0.1. What it answers hangs on the bytes alone, not on how they are
 * cut into pieces.
 */
export async function echoOrigin(): Promise<EchoOrigin> {
  const connections: SeenConnection[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    socket.unref();
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    serve(socket, connections);
  });
  server.unref().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serve(socket: Socket, connections: SeenConnection[]): void {
  let head: Buffer | null = Buffer.alloc(0);
  const pieces: Buffer[] = [];
  const reader = new FrameReader();
  let over = false;
  const take = (bytes: Buffer): void => {
    pieces.push(bytes);
    if (!over) over = answer(socket, reader, bytes);
  };
  socket.on('data', (bytes: Buffer) => {
    if (head === null) {
      take(bytes);
      return;
    }
    head = Buffer.concat([head, bytes]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    const text = head.toString('latin1', 0, end);
    const rest = head.subarray(end + 4);
    head = null;
    connections.push({ head: text, bytes: () => Buffer.concat(pieces) });
    over = !accept(socket, text);
    if (rest.length > 0) take(rest);
  });
}

/** The opening handshake (RFC 6455 section 4.2.2). Returns whether it was one. */
function accept(socket: Socket, head: string): boolean {
  const key = /\r\nSec-WebSocket-Key:[ \t]*([^\r\n]*?)[ \t]*(?:\r\n|$)/i.exec(head)?.[1];
  const wanted = /\r\nUpgrade:[ \t]*websocket[ \t]*(?:\r\n|$)/i.test(head);
  if (key === undefined || !wanted || !/\r\nConnection:[^\r\n]*\bupgrade\b/i.test(head)) {
    socket.end('HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    return false;
  }
  const proof = createHash('sha1').update(`${key}${GUID}`).digest('base64');
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${proof}\r\n\r\n`,
  );
  return true;
}

/** Answers what has become whole; returns whether the connection is over. */
function answer(socket: Socket, reader: FrameReader, bytes: Buffer): boolean {
  try {
    for (const { opcode, payload } of reader.add(bytes)) {
      if (opcode === Opcode.close) {
        checkClose(payload);
        socket.end(frame({ opcode, payload: payload.subarray(0, 2), mask: null }));
        return true;
      }
      if (opcode !== Opcode.pong) {
        socket.write(frame({ opcode: opcode === Opcode.ping ? Opcode.pong : opcode, payload, mask: null }));
      }
    }
    return false;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    socket.end(frame({ opcode: Opcode.close, payload: closePayload(error.code), mask: null }));
    return true;
  }
}
