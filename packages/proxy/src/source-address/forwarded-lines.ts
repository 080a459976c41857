import { Field } from '../http1/field-names.ts';
import type { FieldTable } from '../http1/fields.ts';
import type { InsertBlock } from '../http1/insert-block.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { type AsciiSegment, asciiSegment, NO_TEXT } from '../telemetry/ascii-segment.ts';
import { endsBetweenElements } from './forwarded-list.ts';
import { FORWARDED_BITS, type ForwardingSettings } from './forwarding-settings.ts';

const FORWARDED_FOR_BIT = 1 << Field.forwardedFor;
const HOST_BIT = 1 << Field.forwardedHost;
const STANDARD_BIT = 1 << Field.forwarded;

/** Whom the lines are about. */
export interface ForwardedClient {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly senderAddress: string;
  readonly senderPort: number;
  readonly isTrusted: boolean;
  /** Address and port that the client asked for. */
  readonly localAddress: string;
  readonly localPort: number;
}

interface Line {
  /** Bit of the field's code. */
  readonly bit: number;
  readonly text: string;
}

/**
 * The fields that tell a target of one client, made once and written into each of its requests. Of a client without
 * trust, what it sent under these names is gone. What a trusted proxy sent stays, a list with this proxy's element
 * behind it; only what it has left out is added.
 */
export class ForwardedLines {
  /** The lines that every request of a client without trust gets. */
  readonly block: AsciiSegment;
  /** `block` is all that there is to say, whatever the request is. */
  readonly isConstant: boolean;
  /** Most bytes by which a request grows, one of the longest `Host` apart. */
  readonly growth: number;
  /** How often the request's Host is told. */
  readonly hosts: number;
  readonly #settings: ForwardingSettings;
  readonly #client: ForwardedClient;
  readonly #lines: readonly Line[];
  /** `Forwarded` up to the host. */
  readonly #element: AsciiSegment;
  readonly #host: string;

  constructor(settings: ForwardingSettings, client: ForwardedClient) {
    const { remoteAddress, senderAddress, senderPort, isTrusted } = client;
    this.#settings = settings;
    this.#client = client;
    // Usually there is one line: this is done for every connection.
    this.#lines = settings.tellsMore ? ownLines(settings, client) : NO_LINES;
    this.#element = settings.standard ? asciiSegment(element(settings, client, senderAddress, senderPort)) : NO_TEXT;
    this.#host = settings.tellsHost ? hostOf(client) : '';
    const first = settings.clientAddress === 'off' ? '' : `X-Forwarded-For: ${remoteAddress}\r\n`;
    this.block = asciiSegment(this.#lines.reduce((block, { text }) => block + text, first));
    this.isConstant = !isTrusted && !settings.tellsHost;
    this.hosts = (settings.host ? 1 : 0) + (settings.standard ? 1 : 0);
    this.growth = this.block.length + this.#element.length + senderAddress.length + ROOM_FOR_NAMES;
  }

  /** Adds the lines for a request; returns the bits of the fields that do not go on. Only if not `isConstant`. */
  compose(insert: InsertBlock, head: RequestHead): number {
    return this.#client.isTrusted ? this.#extend(insert, head) : this.#replace(insert, head);
  }

  #replace(insert: InsertBlock, head: RequestHead): number {
    insert.segment(this.block);
    if (this.#settings.host) this.#tellHost(insert, head);
    if (this.#settings.standard) {
      insert.segment(FORWARDED);
      this.#endElement(insert, head);
    }
    return FORWARDED_BITS;
  }

  #extend(insert: InsertBlock, head: RequestHead): number {
    const { clientAddress, host, standard } = this.#settings;
    const { fields } = head;
    let dropped = 0;
    if (clientAddress === 'replace') {
      dropped |= FORWARDED_FOR_BIT;
      insert.text(`X-Forwarded-For: ${this.#client.remoteAddress}\r\n`);
    } else if (clientAddress === 'append') {
      dropped |= FORWARDED_FOR_BIT;
      insert.segment(FORWARDED_FOR);
      collect(insert, fields, Field.forwardedFor);
      insert.text(this.#client.senderAddress);
      insert.segment(LINE_END);
    }
    for (const { bit, text } of this.#lines) if ((fields.known & bit) === 0) insert.text(text);
    if (host && (fields.known & HOST_BIT) === 0) this.#tellHost(insert, head);
    if (standard) {
      dropped |= STANDARD_BIT;
      insert.segment(FORWARDED);
      const start = insert.end;
      collect(insert, fields, Field.forwarded);
      // An open quote would swallow the element that comes behind it.
      if (!endsBetweenElements(insert.memory, start, insert.end)) insert.end = start;
      this.#endElement(insert, head);
    }
    return dropped;
  }

  #tellHost(insert: InsertBlock, head: RequestHead): void {
    insert.segment(FORWARDED_HOST);
    this.#addHost(insert, head);
    insert.segment(LINE_END);
  }

  #endElement(insert: InsertBlock, head: RequestHead): void {
    insert.segment(this.#element);
    this.#addHost(insert, head);
    insert.segment(QUOTE_AND_END);
  }

  /** As the client has said it: the grammar of Host has neither quotes nor backslashes. */
  #addHost(insert: InsertBlock, head: RequestHead): void {
    if (head.host < 0) insert.text(this.#host);
    else insert.span(head.fields.valueStart(head.host), head.fields.valueEnd(head.host));
  }
}

/** What a request without Host (HTTP/1.0) is taken to ask for. */
export function hostOf({ localAddress, localPort }: Pick<ForwardedClient, 'localAddress' | 'localPort'>): string {
  return `${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`;
}

/** Lines that say the same in each request, and of which one is enough. */
function ownLines(settings: ForwardingSettings, client: ForwardedClient): Line[] {
  const lines: Line[] = [];
  const add = (code: number, name: string, value: string | number): void => {
    lines.push({ bit: 1 << code, text: `${name}: ${value}\r\n` });
  };
  if (settings.protocol) add(Field.forwardedProto, 'X-Forwarded-Proto', settings.scheme);
  if (settings.port) add(Field.forwardedPort, 'X-Forwarded-Port', client.localPort);
  if (settings.loadBalancerAddress) add(Field.forwardedBalancer, 'X-Forwarded-LBIP', client.localAddress);
  if (settings.clientPort && client.remotePort !== 0) {
    add(Field.forwardedClientPort, 'X-Forwarded-Client-Port', client.remotePort);
  }
  return lines;
}

/** An element of `Forwarded` (RFC 7239 section 4) up to the value of its host, which comes last. */
function element(settings: ForwardingSettings, client: ForwardedClient, address: string, port: number): string {
  const by = settings.loadBalancerAddress ? `by=${node(client.localAddress, 0)};` : '';
  return `${by}for=${node(address, settings.clientPort ? port : 0)};proto=${settings.scheme};host="`;
}

/** RFC 7239 section 6: IPv6 in brackets; brackets and colons are no token and need quotes. */
function node(address: string, port: number): string {
  const bracketed = address.includes(':') ? `[${address}]` : address;
  const whole = port === 0 ? bracketed : `${bracketed}:${port}`;
  return whole.includes(':') ? `"${whole}"` : whole;
}

/** Adds the values of all fields with a code, each with a comma behind it: several are one list (RFC 9110 section 5.3). */
function collect(insert: InsertBlock, fields: FieldTable, code: number): void {
  if ((fields.known & (1 << code)) === 0) return;
  for (let i = 0; i < fields.count; i++) {
    if (fields.code(i) !== code || fields.valueEnd(i) === fields.valueStart(i)) continue;
    insert.span(fields.valueStart(i), fields.valueEnd(i));
    insert.segment(LIST_SEPARATOR);
  }
}

const NO_LINES: readonly Line[] = [];
const FORWARDED = asciiSegment('Forwarded: ');
const FORWARDED_FOR = asciiSegment('X-Forwarded-For: ');
const FORWARDED_HOST = asciiSegment('X-Forwarded-Host: ');
const LIST_SEPARATOR = asciiSegment(', ');
const LINE_END = asciiSegment('\r\n');
const QUOTE_AND_END = asciiSegment('"\r\n');

/** Names and line ends of the fields that are composed with each request. */
const ROOM_FOR_NAMES = 128;
