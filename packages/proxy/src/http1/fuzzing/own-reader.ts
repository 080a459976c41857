import { PLAIN_HTTP } from '@evenkeel/model/plan/http.ts';
import { ForwardedLines } from '../../source-address/forwarded-lines.ts';
import { Body } from '../body.ts';
import { HeadError } from '../head-error.ts';
import { RequestHead } from '../request-head.ts';
import { HeadRewriter } from '../rewrite.ts';
import type { Message, Reading } from './message.ts';
import { BEGIN, MessageMemory } from './message-memory.ts';

/** A message as it was taken, and as it goes on to a target: rewritten head and body, framing included. */
export interface OwnMessage extends Message {
  readonly forwarded: Uint8Array;
}

export interface OwnReading extends Reading {
  readonly messages: readonly OwnMessage[];
  readonly error: HeadError;
}

const ENDS = { remoteAddress: '192.0.2.7', remotePort: 40_123, localAddress: '127.77.0.1', localPort: 8080 };

/** A client without trust of a listener that tells of its address alone. */
export const CLIENT = {
  ...ENDS,
  lines: new ForwardedLines(
    { ...PLAIN_HTTP.forwarding, scheme: 'http', tellsMore: false, tellsHost: false },
    { ...ENDS, senderAddress: ENDS.remoteAddress, senderPort: ENDS.remotePort, isTrusted: false },
  ),
};

/** Reads a stream of requests with the proxy's parsers, as a session does, up to one that ends the connection. */
export class OwnReader {
  readonly #place = new MessageMemory();
  readonly #memory = this.#place.memory;
  readonly #head = new RequestHead();
  readonly #body = new Body();
  readonly #rewriter = new HeadRewriter(this.#place.arena, this.#place.date);

  /** The verdict on the head alone. */
  headError(bytes: Uint8Array): HeadError {
    const end = this.#place.put(bytes, BEGIN);
    return this.#head.parse(this.#memory, BEGIN, end);
  }

  /** `pieceOf` says how long the next piece of a body is that arrives at once, > 0. */
  read(bytes: Uint8Array, pieceOf: () => number = () => Number.POSITIVE_INFINITY): OwnReading {
    const memory = this.#memory;
    const messages: OwnMessage[] = [];
    for (let at = 0; ; ) {
      if (bytes[at] === 13 && bytes[at + 1] === 10) at += 2;
      if (at === bytes.length) return { messages, end: 'whole', error: HeadError.none };
      // Every message begins at another distance from a word of memory.
      const start = BEGIN + (at & 3);
      const end = this.#place.put(bytes.subarray(at), start);
      const head = this.#head;
      const error = head.parse(memory, start, end);
      if (error === HeadError.incomplete) return { messages, end: 'incomplete', error };
      if (error !== HeadError.none) return { messages, end: 'refused', error };
      const body = this.#body;
      if (head.chunked) body.startChunked();
      else if (head.contentLength > 0) body.startLength(head.contentLength);
      else body.startNone();
      let data = '';
      let bodyEnd = head.end;
      while (bodyEnd < end && !body.done && !body.failed) {
        const to = Math.min(end, bodyEnd + pieceOf());
        if (head.chunked) {
          const from = bodyEnd;
          bodyEnd = body.chunks.next(memory, from, to);
          data += memory.toString('latin1', body.chunks.dataStart, body.chunks.dataEnd);
          body.takeChunkState();
        } else {
          const from = bodyEnd;
          bodyEnd = body.consume(memory, from, to);
          data += memory.toString('latin1', from, bodyEnd);
        }
      }
      if (body.failed) return { messages, end: 'refused', error: HeadError.chunk };
      if (!body.done) return { messages, end: 'incomplete', error: HeadError.incomplete };
      const target = Buffer.from(bytes).toString('latin1', at + head.targetStart - start, at + head.targetEnd - start);
      messages.push(this.#message(target, data, bodyEnd));
      if (!head.keepAlive) return { messages, end: 'whole', error: HeadError.none };
      at += bodyEnd - start;
    }
  }

  /** `target` as it was received: the parser makes a path of an authority that has none. */
  #message(target: string, body: string, bodyEnd: number): OwnMessage {
    const memory = this.#memory;
    const head = this.#head;
    const { fields } = head;
    const text = (from: number, to: number): string => memory.toString('latin1', from, to);
    const message = {
      method: text(head.methodStart, head.methodEnd),
      target,
      minor: head.minor,
      fields: Array.from({ length: fields.count }, (_, i): [string, string] => [
        text(fields.nameStart(i), fields.nameEnd(i)),
        text(fields.valueStart(i), fields.valueEnd(i)),
      ]),
      body,
    };
    const forwardedStart = this.#rewriter.request(head, CLIENT);
    return { ...message, forwarded: Uint8Array.from(memory.subarray(forwardedStart, bodyEnd)) };
  }
}
