import type { Arena, StaticRange } from '../reactor/arena.ts';
import { connectionNames } from './connection-options.ts';
import { Field } from './field-names.ts';
import type { FieldTable } from './fields.ts';
import { equalsIgnoringCase } from './fields.ts';
import { HeadEdit } from './head-edit.ts';
import { InsertBlock } from './insert-block.ts';
import type { RequestHead } from './request-head.ts';
import type { ResponseHead } from './response-head.ts';

const ONE = 49;

/** What a rewritten request tells its target about the client. */
export interface ClientAddress {
  /** Address of the client, as text. */
  readonly remoteAddress: string;
  /** Address and port that the client asked. */
  readonly localAddress: string;
  readonly localPort: number;
}

/** Makes the heads that go on out of the heads that came, where they lie. */
export class HeadRewriter {
  readonly #memory: Uint8Array;
  readonly #edit = new HeadEdit();
  readonly #insert: InsertBlock;
  readonly #forwardedFor: StaticRange;
  readonly #connectionClose: StaticRange;
  readonly #connectionKeepAlive: StaticRange;
  readonly #listSeparator: StaticRange;
  readonly #lineEnd: StaticRange;

  constructor(arena: Arena) {
    const constant = (text: string): StaticRange => arena.intern(Buffer.from(text, 'latin1'));
    this.#memory = arena.memory;
    this.#insert = new InsertBlock(arena);
    this.#forwardedFor = constant('X-Forwarded-For: ');
    this.#connectionClose = constant('Connection: close\r\n');
    this.#connectionKeepAlive = constant('Connection: keep-alive\r\n');
    this.#listSeparator = constant(', ');
    this.#lineEnd = constant('\r\n');
  }

  /**
   * The request for the target: HTTP/1.1 in origin-form, hop-by-hop fields gone (RFC 9110 section 7.6.1), the client's
   * address appended to X-Forwarded-For (SRC-02). Returns the new start; `movedBy` tells where spans have gone.
   */
  request(head: RequestHead, client: ClientAddress): number {
    const memory = this.#memory;
    const edit = this.#edit;
    const insert = this.#insert;
    edit.clear();
    insert.clear();
    insert.constant(this.#forwardedFor);
    if (head.forwardedFor >= 0) this.#collectForwardedFor(head.fields);
    insert.text(client.remoteAddress);
    insert.constant(this.#lineEnd);
    if (head.host < 0) {
      const address = client.localAddress;
      insert.text(`Host: ${address.includes(':') ? `[${address}]` : address}:${client.localPort}\r\n`);
    }
    const fields = head.fields;
    for (let i = 0; i < fields.count; i++) {
      const code = fields.code(i);
      if (code === Field.other ? head.connectionNamesFields : endsAtThisHop(code)) {
        if (this.#requestKeeps(head, i, code)) continue;
        edit.remove(fields.nameStart(i), fields.lineEnd(i));
      }
    }
    if (head.minor === 0) memory[head.lineEnd - 3] = ONE;
    let lineStart = head.methodStart;
    if (head.pathStart > head.targetStart) {
      // Absolute-form: the method moves up to the path, over scheme and authority.
      const methodLength = head.targetStart - head.methodStart;
      lineStart = head.pathStart - methodLength;
      memory.copyWithin(lineStart, head.methodStart, head.targetStart);
      head.methodEnd += lineStart - head.methodStart;
      head.methodStart = lineStart;
      head.targetStart = head.pathStart;
    }
    return edit.apply(memory, lineStart, head.lineEnd, head.end, insert.start, insert.end);
  }

  /**
   * The response for the client. `keepAlive` says whether the client's connection stays; `clientMinor` is its version;
   * `dropFraming` takes Transfer-Encoding and Trailer out. Returns the new start.
   */
  response(head: ResponseHead, keepAlive: boolean, clientMinor: number, dropFraming: boolean): number {
    const memory = this.#memory;
    const edit = this.#edit;
    const insert = this.#insert;
    edit.clear();
    insert.clear();
    let saysKeepAlive = false;
    const fields = head.fields;
    for (let i = 0; i < fields.count; i++) {
      const code = fields.code(i);
      if (code === Field.other && !head.connectionNamesFields) continue;
      let drop: boolean;
      switch (code) {
        case Field.connection:
          // `keep-alive` alone is as true of the client's connection: it stays, and nothing has to be moved.
          saysKeepAlive = keepAlive && !saysKeepAlive && this.#saysOnlyKeepAlive(fields, i);
          drop = !saysKeepAlive;
          break;
        case Field.keepAlive:
        case Field.proxyConnection:
        case Field.upgrade:
          drop = true;
          break;
        case Field.transferEncoding:
        case Field.trailer:
          drop = dropFraming;
          break;
        case Field.other:
          drop = this.#isNamedByConnection(fields, i);
          break;
        default:
          drop = false;
      }
      if (drop) edit.remove(fields.nameStart(i), fields.lineEnd(i));
    }
    if (!keepAlive) insert.constant(this.#connectionClose);
    else if (clientMinor === 0 && !saysKeepAlive) insert.constant(this.#connectionKeepAlive);
    if (head.minor === 0) memory[head.start + 7] = ONE;
    return edit.apply(memory, head.start, head.lineEnd, head.end, insert.start, insert.end);
  }

  /** How far the byte that was at `offset` of the last head has moved; only for bytes that were kept. */
  movedBy(offset: number): number {
    return this.#edit.movedBy(offset);
  }

  /** Whether a hop-by-hop field may stay all the same. */
  #requestKeeps(head: RequestHead, index: number, code: number): boolean {
    const fields = head.fields;
    switch (code) {
      case Field.connection:
        return head.minor === 1 && this.#saysOnlyKeepAlive(fields, index);
      case Field.expect:
        return head.minor === 1;
      case Field.other:
        return !this.#isNamedByConnection(fields, index);
      default:
        return false;
    }
  }

  #saysOnlyKeepAlive(fields: FieldTable, index: number): boolean {
    return equalsIgnoringCase(this.#memory, fields.valueStart(index), fields.valueEnd(index), 'keep-alive');
  }

  #isNamedByConnection(fields: FieldTable, index: number): boolean {
    for (let i = 0; i < fields.count; i++) {
      if (fields.code(i) !== Field.connection) continue;
      const named = connectionNames(
        this.#memory,
        fields.valueStart(i),
        fields.valueEnd(i),
        fields.nameStart(index),
        fields.nameEnd(index),
      );
      if (named) return true;
    }
    return false;
  }

  /** Several fields are one list in their order (RFC 9110 section 5.3). */
  #collectForwardedFor(fields: FieldTable): void {
    for (let i = 0; i < fields.count; i++) {
      if (fields.code(i) !== Field.forwardedFor || fields.valueEnd(i) === fields.valueStart(i)) continue;
      this.#insert.span(fields.valueStart(i), fields.valueEnd(i));
      this.#insert.constant(this.#listSeparator);
    }
  }
}

/** Fields of a request that are for the proxy alone, or that it writes anew. */
function endsAtThisHop(code: number): boolean {
  switch (code) {
    case Field.connection:
    case Field.keepAlive:
    case Field.proxyConnection:
    case Field.te:
    case Field.upgrade:
    case Field.http2Settings:
    case Field.expect:
    case Field.forwardedFor:
      return true;
    default:
      return false;
  }
}
