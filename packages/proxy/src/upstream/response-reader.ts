import { Body, BodyKind } from '../http1/body.ts';
import { Field } from '../http1/field-names.ts';
import { HeadError } from '../http1/head-error.ts';
import { keepAliveTimeout } from '../http1/keep-alive-field.ts';
import { hasLineEnd, MAX_HEAD, PartialHead } from '../http1/partial-head.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { type Arena, HEADROOM, NO_BUFFER, RECEIVE_SIZE } from '../reactor/arena.ts';
import { Closed, type Connection, type ConnectionHandler } from '../reactor/reactor.ts';
import { TargetCell } from '../telemetry/cells.ts';
import type { Exchange, UpstreamLoss } from './exchange.ts';
import type { Target } from './target.ts';

const KEEP_ALIVE_BIT = 1 << Field.keepAlive;

/** What a connection to a target is at. */
export const ConnectionState = { connecting: 0, idle: 1, head: 2, body: 3, gone: 4 } as const;
export type ConnectionState = (typeof ConnectionState)[keyof typeof ConnectionState];

/** The connection that responses are read from. */
export interface ResponseSource extends ConnectionHandler {
  state: ConnectionState;
  /** Who the response is for; null: nobody, any more. */
  readonly exchange: Exchange | null;
  readonly target: Target;
  readonly connection: Connection;
  /** The target has answered with this final status, or with 101. */
  answered(status: number): void;
  /** More of the response has come. */
  progressed(): void;
  /** The response is complete. `reusable`: the connection can carry another request. */
  finish(reusable: boolean): void;
  /** There will be no more of the response. */
  lose(cause: UpstreamLoss['cause'], reason: Closed): void;
  /** The target has sent what nobody asked for. */
  discard(): void;
}

/**
 * Reads the responses that come on one connection, one after the other, and hands them on: heads whole, however they
 * come, bodies as they come, with their framing or without it.
 */
export class ResponseReader {
  readonly #arena: Arena;
  readonly #head: ResponseHead;
  readonly #source: ResponseSource;
  readonly #body = new Body();
  /** Of a head that comes in pieces; null: none has yet. */
  #partial: PartialHead | null = null;
  /** The connection can carry another request behind this response. */
  #keepAlive = false;
  /** The chunked framing of the response is taken off. */
  #plain = false;

  /** `head` is the worker's parser. */
  constructor(arena: Arena, head: ResponseHead, source: ResponseSource) {
    this.#arena = arena;
    this.#head = head;
    this.#source = source;
  }

  /** The body of the response has no other end than the connection's. */
  get endsWithConnection(): boolean {
    return this.#body.kind === BodyKind.untilClose;
  }

  /** Forgets what has come of a head. */
  clear(): void {
    this.#partial?.clear();
  }

  /** More of a response's head, with what is behind it; one count of the buffer comes with it, as in all that follow. */
  receiveHead(buffer: number, start: number, end: number): void {
    const arena = this.#arena;
    const partial = this.#partial;
    if (partial?.waiting !== true) {
      this.#parseHead(buffer, start, end);
      return;
    }
    const joined = hasLineEnd(arena.memory, start, end) && partial.join(arena, start, end);
    if (!joined) {
      const kept = partial.extend(arena.memory, start, end);
      arena.release(buffer);
      if (!kept) this.#source.lose('invalid', Closed.local);
      return;
    }
    const { buffer: whole, start: from, end: to, rest } = partial;
    const tail = rest < end;
    if (!tail) arena.release(buffer);
    this.#parseHead(whole, from, to);
    if (tail) this.#receiveRest(buffer, rest, end);
  }

  /** What came behind a head that was joined from pieces, or copied with the bytes behind it. */
  #receiveRest(buffer: number, start: number, end: number): void {
    const source = this.#source;
    const { connection, target, state } = source;
    if (state === ConnectionState.body) this.receiveBody(buffer, start, end);
    else if (state === ConnectionState.head && this.#partial?.waiting !== true) this.#parseHead(buffer, start, end);
    else if (connection.handler !== source) {
      // The head was a 101: its taker counts these bytes, which are counted here already.
      target.cells[TargetCell.bytesReceived]! -= end - start;
      connection.handler.onReceive(connection, buffer, start, end);
    } else {
      this.#arena.release(buffer);
      if (state === ConnectionState.idle) source.discard();
      else source.lose('invalid', Closed.local);
    }
  }

  #parseHead(buffer: number, start: number, end: number): void {
    const arena = this.#arena;
    const head = this.#head;
    const source = this.#source;
    const { target } = source;
    let at = start;
    for (;;) {
      const error = head.parse(arena.memory, at, Math.min(end, at + MAX_HEAD), target.headSlot);
      if (error === HeadError.incomplete && end - at < MAX_HEAD) {
        (this.#partial ??= new PartialHead()).keep(arena.memory, at, end);
        arena.release(buffer);
        return;
      }
      if (error !== HeadError.none) {
        arena.release(buffer);
        source.lose('invalid', Closed.local);
        return;
      }
      if (head.status >= 200 || head.status === 101) {
        target.headSlot = head.slot;
        break;
      }
      const { exchange } = source;
      if (exchange === null) {
        arena.release(buffer);
        return;
      }
      arena.retain(buffer);
      at = head.end;
      exchange.onInterimResponse(head, buffer);
      if (at === end || source.state !== ConnectionState.head) {
        arena.release(buffer);
        return;
      }
    }
    if (at > start) this.#beginApart(buffer, at, end);
    else this.#beginBody(buffer, end);
  }

  /** Bytes in front of this head are on their way out: the head is changed in a buffer of its own. */
  #beginApart(buffer: number, start: number, end: number): void {
    const arena = this.#arena;
    const fresh = arena.acquire();
    if (fresh === NO_BUFFER) {
      arena.release(buffer);
      this.#source.lose('exhausted', Closed.exhausted);
      return;
    }
    const to = arena.base(fresh) + HEADROOM;
    const copied = Math.min(end - start, RECEIVE_SIZE);
    const rest = start + copied;
    arena.memory.copyWithin(to, start, rest);
    if (rest === end) arena.release(buffer);
    this.#head.parse(arena.memory, to, to + copied);
    this.#beginBody(fresh, to + copied);
    if (rest < end) this.#receiveRest(buffer, rest, end);
  }

  #beginBody(buffer: number, end: number): void {
    const source = this.#source;
    const { exchange } = source;
    const head = this.#head;
    const body = this.#body;
    if (exchange === null) {
      this.#arena.release(buffer);
      return;
    }
    const { status } = head;
    source.answered(status);
    if (status === 101) {
      this.#switch(exchange, buffer, end);
      return;
    }
    if (exchange.expectsNoBody || status === 204 || status === 304) body.startNone();
    else if (head.chunked) body.startChunked();
    else if (head.contentLength >= 0) body.startLength(head.contentLength);
    else body.startUntilClose();
    source.state = ConnectionState.body;
    this.#keepAlive = head.keepAlive && !this.endsWithConnection;
    if ((head.fields.known & KEEP_ALIVE_BIT) !== 0) this.#readKeepAlive(head);
    source.progressed();
    this.#plain = body.kind === BodyKind.chunked && exchange.wantsPlainBody(head);
    if (this.#plain) {
      const headEnd = head.end;
      if (headEnd < end) this.#arena.retain(buffer);
      exchange.onResponseHead(head, buffer, headEnd, false);
      if (headEnd < end) this.receiveBody(buffer, headEnd, end);
      return;
    }
    const bodyEnd = body.consume(this.#arena.memory, head.end, end);
    if (body.failed) {
      this.#arena.release(buffer);
      source.lose('invalid', Closed.local);
      return;
    }
    exchange.onResponseHead(head, buffer, bodyEnd, this.endsWithConnection);
    if (body.done && source.exchange === exchange) source.finish(this.#keepAlive && bodyEnd === end);
  }

  /** Many servers say how long they wait; it is not standard, but where it is said it is true. */
  #readKeepAlive({ fields }: ResponseHead): void {
    const index = fields.indexOf(Field.keepAlive);
    const seconds = keepAliveTimeout(this.#arena.memory, fields.valueStart(index), fields.valueEnd(index));
    if (seconds >= 0) this.#source.target.idleLimit.told(seconds * 1_000);
  }

  #switch(exchange: Exchange, buffer: number, end: number): void {
    if (exchange.onSwitch(this.#head, buffer, end)) {
      this.#source.target.cells[TargetCell.responses + 1]!++;
      return;
    }
    this.#arena.release(buffer);
    this.#source.lose('invalid', Closed.local);
  }

  /** More of a response's body. */
  receiveBody(buffer: number, start: number, end: number): void {
    const source = this.#source;
    const { exchange } = source;
    const body = this.#body;
    if (exchange === null || body.done) {
      this.#arena.release(buffer);
      source.discard();
      return;
    }
    source.progressed();
    let bodyEnd: number;
    if (this.#plain) {
      bodyEnd = this.#passPlain(exchange, buffer, start, end);
    } else {
      bodyEnd = body.consume(this.#arena.memory, start, end);
      if (!body.failed) exchange.onResponseBody(buffer, start, bodyEnd);
      else this.#arena.release(buffer);
    }
    if (source.exchange !== exchange) return;
    if (body.failed) source.lose('invalid', Closed.local);
    else if (body.done) source.finish(this.#keepAlive && bodyEnd === end);
  }

  /** Hands on the data of the chunks without their framing. */
  #passPlain(exchange: Exchange, buffer: number, start: number, end: number): number {
    const { chunks } = this.#body;
    let at = start;
    while (at < end && !chunks.done && !chunks.failed && this.#source.exchange === exchange) {
      at = chunks.next(this.#arena.memory, at, end);
      if (chunks.dataEnd > chunks.dataStart) {
        this.#arena.retain(buffer);
        exchange.onResponseBody(buffer, chunks.dataStart, chunks.dataEnd);
      }
    }
    this.#body.takeChunkState();
    this.#arena.release(buffer);
    return at;
  }
}
