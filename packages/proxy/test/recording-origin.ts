import type { Message } from '../src/http1/fuzzing/message.ts';
import { readReference } from '../src/http1/fuzzing/reference-reader.ts';
import { type Origin, tcpOrigin } from './exchange.ts';

export interface RecordingOrigin extends Origin {
  /** Whole requests, in the order in which they became whole. */
  readonly seen: Message[];
  /** What came that was no request, as text. */
  readonly faults: string[];
  /** Bytes of requests that are not whole. */
  readonly begun: () => number;
}

/** An origin that notes what it is sent, byte for byte, and answers each whole request with 200 and "ok". */
export async function recordingOrigin(): Promise<RecordingOrigin> {
  const seen: Message[] = [];
  const faults: string[] = [];
  const waiting = new Map<object, Buffer>();
  const origin = await tcpOrigin((socket) => {
    let bytes: Buffer = Buffer.alloc(0);
    let answered = 0;
    socket.on('data', (more: Buffer) => {
      bytes = Buffer.concat([bytes, more]);
      const { messages, end } = readReference(bytes, Number.POSITIVE_INFINITY);
      if (end === 'refused') faults.push(bytes.toString('latin1'));
      for (const message of messages.slice(answered)) {
        seen.push(message);
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${message.method === 'HEAD' ? '' : 'ok'}`);
      }
      answered = messages.length;
      waiting.set(socket, bytes);
      if (end === 'whole') {
        bytes = Buffer.alloc(0);
        answered = 0;
        waiting.delete(socket);
      }
    });
    socket.on('end', () => socket.end());
    socket.on('close', () => waiting.delete(socket));
  });
  return { ...origin, seen, faults, begun: () => waiting.size };
}
