import type { Arena, StaticRange } from '../reactor/arena.ts';
import { type ForwardedLines, hostOf } from '../source-address/forwarded-lines.ts';
import { FORWARDED_BITS } from '../source-address/forwarding-settings.ts';
import { ConnectionOption, connectionNames } from './connection-options.ts';
import type { DateLine } from './date-line.ts';
import type { FieldChanges } from './field-changes.ts';
import { Field } from './field-names.ts';
import type { FieldTable } from './fields.ts';
import { HeadEdit } from './head-edit.ts';
import { InsertBlock } from './insert-block.ts';
import type { RequestHead } from './request-head.ts';
import type { ResponseHead } from './response-head.ts';

const ONE = 49;

const CONNECTION_BIT = 1 << Field.connection;
const HOST_BIT = 1 << Field.host;
const UPGRADE_BIT = 1 << Field.upgrade;
const REQUEST_ID_BIT = 1 << Field.requestId;
const DATE_BIT = 1 << Field.date;
const EXPECT_BIT = 1 << Field.expect;
const FRAMING_BITS = (1 << Field.transferEncoding) | (1 << Field.trailer);

/** Fields that are between two neighbours only (RFC 9110 section 7.6.1). */
const HOP_BITS = CONNECTION_BIT | (1 << Field.keepAlive) | (1 << Field.proxyConnection) | UPGRADE_BIT;

/** What of a request ends here or is written anew. Expect is for a target only if the client can take its answer. */
const REQUEST_DROPS = HOP_BITS | EXPECT_BIT | (1 << Field.te) | (1 << Field.http2Settings) | (1 << Field.lookalike);

const RESPONSE_DROPS = HOP_BITS;

/** Fields that `Connection` may name: those that nothing depends on. */
const NAMEABLE_BITS =
  (1 << Field.other) |
  (1 << Field.userAgent) |
  (1 << Field.referer) |
  (1 << Field.requestId) |
  (1 << Field.cookie) |
  (1 << Field.setCookie) |
  DATE_BIT;

/** Whom a request is from. */
export interface RequestClient {
  /** What its target is told of the client. */
  readonly lines: ForwardedLines;
  /** Address and port that the client asked. */
  readonly localAddress: string;
  readonly localPort: number;
}

/** Makes the heads that go on out of the heads that came, where they lie. */
export class HeadRewriter {
  readonly #memory: Uint8Array;
  readonly #edit = new HeadEdit();
  readonly #insert: InsertBlock;
  readonly #date: DateLine;
  readonly #connectionClose: StaticRange;
  readonly #connectionKeepAlive: StaticRange;
  readonly #connectionUpgrade: StaticRange;

  constructor(arena: Arena, date: DateLine) {
    const constant = (text: string): StaticRange => arena.intern(Buffer.from(text, 'latin1'));
    this.#memory = arena.memory;
    this.#date = date;
    this.#insert = new InsertBlock(arena);
    this.#connectionClose = constant('Connection: close\r\n');
    this.#connectionKeepAlive = constant('Connection: keep-alive\r\n');
    this.#connectionUpgrade = constant('Connection: Upgrade\r\n');
  }

  /**
   * The request for the target: HTTP/1.1 in origin-form, hop-by-hop fields gone (RFC 9110 section 7.6.1), the fields that
   * tell of the client added, and what rules change; `idLine` takes the place of the client's
   * identifier of the request. Returns the new start; `movedBy` tells where spans
   * have gone.
   */
  request(
    head: RequestHead,
    client: RequestClient,
    changes: FieldChanges | null = null,
    idLine: string | null = null,
  ): number {
    const memory = this.#memory;
    const edit = this.#edit;
    const insert = this.#insert;
    edit.clear();
    insert.clear();
    const { lines } = client;
    let drops = REQUEST_DROPS | FORWARDED_BITS;
    if (lines.isConstant) insert.segment(lines.block);
    else drops = REQUEST_DROPS | lines.compose(insert, head);
    if (changes !== null) {
      insert.span(changes.linesStart, changes.linesEnd);
      if (changes.replacesHost) drops |= HOST_BIT;
    }
    if (head.host < 0 && changes?.replacesHost !== true) insert.text(`Host: ${hostOf(client)}\r\n`);
    if (head.upgrade >= 0) insert.constant(this.#connectionUpgrade);
    if (idLine !== null) {
      insert.text(idLine);
      drops |= REQUEST_ID_BIT;
    }
    // `Connection: keep-alive` alone is as true of the target's connection: it stays, and nothing has to be moved.
    const onlyKeepAlive = head.minor === 1 && head.connectionOptions === ConnectionOption.keepAlive;
    if (onlyKeepAlive) drops &= ~CONNECTION_BIT;
    if (head.upgrade >= 0) drops &= ~UPGRADE_BIT;
    const dropped = head.fields.known & drops;
    const names = (head.connectionOptions & ConnectionOption.names) !== 0;
    if (dropped !== 0 || names || changes !== null) {
      const bits = head.minor === 1 ? dropped & ~EXPECT_BIT : dropped;
      const removed = this.#removeFields(head.fields, bits, names, changes);
      if ((removed & NAMEABLE_BITS) !== 0) forgetRemoved(head, removed);
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
   * `dropFraming` takes Transfer-Encoding and Trailer out; `line` is one more field line, or null; `changes` is what rules
   * change. One that is not dated is dated now (RFC 9110 section 6.6.1), unless it is an interim one. Returns the new start.
   */
  response(
    head: ResponseHead,
    keepAlive: boolean,
    clientMinor: number,
    dropFraming: boolean,
    line: string | null = null,
    changes: FieldChanges | null = null,
  ): number {
    const memory = this.#memory;
    const edit = this.#edit;
    const insert = this.#insert;
    edit.clear();
    insert.clear();
    const onlyKeepAlive = keepAlive && head.connectionOptions === ConnectionOption.keepAlive;
    let drops = dropFraming ? RESPONSE_DROPS | FRAMING_BITS : RESPONSE_DROPS;
    if (onlyKeepAlive) drops &= ~CONNECTION_BIT;
    const dropped = head.fields.known & drops;
    const names = (head.connectionOptions & ConnectionOption.names) !== 0;
    let { known } = head.fields;
    if (dropped !== 0 || names || changes !== null) known &= ~this.#removeFields(head.fields, dropped, names, changes);
    if ((known & DATE_BIT) === 0 && head.status >= 200 && changes?.namesDate !== true) insert.constant(this.#date.now);
    if (changes !== null) insert.span(changes.linesStart, changes.linesEnd);
    if (!keepAlive) insert.constant(this.#connectionClose);
    else if (clientMinor === 0 && !onlyKeepAlive) insert.constant(this.#connectionKeepAlive);
    if (line !== null) insert.text(line);
    if (head.minor === 0) memory[head.start + 7] = ONE;
    return edit.apply(memory, head.start, head.lineEnd, head.end, insert.start, insert.end);
  }

  /** A 101 (Switching Protocols) for the client, who has asked for the protocol that it names; `line` as above. */
  switching(head: ResponseHead, line: string | null): number {
    this.#edit.clear();
    this.#insert.clear();
    this.#insert.constant(this.#connectionUpgrade);
    if (line !== null) this.#insert.text(line);
    const names = (head.connectionOptions & ConnectionOption.names) !== 0;
    this.#removeFields(head.fields, head.fields.known & HOP_BITS & ~UPGRADE_BIT, names, null);
    return this.#edit.apply(this.#memory, head.start, head.lineEnd, head.end, this.#insert.start, this.#insert.end);
  }

  /** How far the byte that was at `offset` of the last head has moved; only for bytes that were kept. */
  movedBy(offset: number): number {
    return this.#edit.movedBy(offset);
  }

  /**
   * Takes out the fields whose code has a bit in `dropped`, if `named` those that `Connection` names, and those that
   * `changes` removes. Returns the bits of the codes that are gone. Fields that a message cannot do without are never taken by name.
   */
  #removeFields(fields: FieldTable, dropped: number, named: boolean, changes: FieldChanges | null): number {
    const nameable = named ? NAMEABLE_BITS : 0;
    let removed = 0;
    for (let i = 0; i < fields.count; i++) {
      const bit = 1 << fields.code(i);
      const drop =
        (dropped & bit) !== 0 ||
        ((nameable & bit) !== 0 && this.#isNamedByConnection(fields, i)) ||
        (changes?.removes(this.#memory, fields, i) ?? false);
      if (!drop) continue;
      removed |= bit;
      this.#edit.remove(fields.nameStart(i), fields.lineEnd(i));
    }
    return removed;
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
}

/** The log has no words of a field that is gone. */
function forgetRemoved(head: RequestHead, removed: number): void {
  if ((removed & (1 << Field.userAgent)) !== 0) head.userAgent = -1;
  if ((removed & (1 << Field.referer)) !== 0) head.referer = -1;
  if ((removed & (1 << Field.requestId)) !== 0) head.requestId = -1;
}
