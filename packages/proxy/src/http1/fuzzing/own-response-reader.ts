import { Body } from '../body.ts';
import { HeadError } from '../head-error.ts';
import { ResponseHead } from '../response-head.ts';
import { HeadRewriter } from '../rewrite.ts';
import { BEGIN, MessageMemory } from './message-memory.ts';
import type { ResponseMessage, ResponseReading } from './response-message.ts';

export interface OwnResponse extends ResponseMessage {
  readonly endsWithConnection: boolean;
  /** As it goes on to a client of HTTP/1.1 whose connection stays. */
  readonly forwarded: Uint8Array;
  /** Its head as it goes on to a client of HTTP/1.0 whose connection ends. */
  readonly plainHead: string;
}

export interface OwnResponseReading extends ResponseReading {
  readonly messages: readonly OwnResponse[];
  readonly error: HeadError;
}

/** Reads the response to a GET with the proxy's parsers; the connection ends behind the bytes. */
export class OwnResponseReader {
  readonly #place = new MessageMemory();
  readonly #head = new ResponseHead();
  readonly #body = new Body();
  readonly #rewriter = new HeadRewriter(this.#place.arena, this.#place.date);

  headError(bytes: Uint8Array): HeadError {
    return this.#head.parse(this.#place.memory, BEGIN, this.#place.put(bytes, BEGIN));
  }

  /** `pieceOf` says how long the next piece of a body is that arrives at once, > 0. */
  read(bytes: Uint8Array, pieceOf: () => number = () => Number.POSITIVE_INFINITY): OwnResponseReading {
    const { memory } = this.#place;
    const head = this.#head;
    const messages: OwnResponse[] = [];
    for (let at = 0; at < bytes.length; ) {
      const start = BEGIN + (at & 3);
      const end = this.#place.put(bytes.subarray(at), start);
      const error = head.parse(memory, start, end);
      if (error === HeadError.incomplete) return { messages, end: 'incomplete', error };
      if (error !== HeadError.none || head.status === 101) return { messages, end: 'refused', error };
      const body = this.#body;
      const empty = head.status < 200 || head.status === 204 || head.status === 304;
      if (empty) body.startNone();
      else if (head.chunked) body.startChunked();
      else if (head.contentLength >= 0) body.startLength(head.contentLength);
      else body.startUntilClose();
      const endsWithConnection = !empty && !head.chunked && head.contentLength < 0;
      let data = '';
      let bodyEnd = head.end;
      while (bodyEnd < end && !body.done && !body.failed) {
        const to = Math.min(end, bodyEnd + pieceOf());
        const from = bodyEnd;
        if (!empty && head.chunked) {
          bodyEnd = body.chunks.next(memory, from, to);
          data += memory.toString('latin1', body.chunks.dataStart, body.chunks.dataEnd);
          body.takeChunkState();
        } else {
          bodyEnd = body.consume(memory, from, to);
          data += memory.toString('latin1', from, bodyEnd);
        }
      }
      if (body.failed) return { messages, end: 'refused', error: HeadError.chunk };
      if (!body.done && !endsWithConnection) return { messages, end: 'incomplete', error: HeadError.incomplete };
      messages.push(this.#response(bytes.subarray(at), start, data, bodyEnd, endsWithConnection));
      if (messages.at(-1)!.status >= 200) return { messages, end: 'whole', error: HeadError.none };
      at += bodyEnd - start;
    }
    return { messages, end: 'incomplete', error: HeadError.incomplete };
  }

  #response(bytes: Uint8Array, start: number, body: string, bodyEnd: number, endsWithConnection: boolean): OwnResponse {
    const { memory } = this.#place;
    const head = this.#head;
    const { fields, status, minor } = head;
    const text = (from: number, to: number): string => memory.toString('latin1', from, to);
    const message = {
      status,
      minor,
      fields: Array.from({ length: fields.count }, (_, i): [string, string] => [
        text(fields.nameStart(i), fields.nameEnd(i)),
        text(fields.valueStart(i), fields.valueEnd(i)),
      ]),
      body,
      endsWithConnection,
    };
    const from = this.#rewriter.response(head, !endsWithConnection, 1, false);
    const forwarded = Uint8Array.from(memory.subarray(from, bodyEnd));
    this.#place.put(bytes, start);
    head.parse(memory, start, start + bytes.length);
    const plainFrom = this.#rewriter.response(head, false, 0, head.chunked);
    return { ...message, forwarded, plainHead: text(plainFrom, head.end) };
  }
}
