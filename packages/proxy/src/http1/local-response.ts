import type { Arena, StaticRange } from '../reactor/arena.ts';
import { type DateLine, UNDATED } from './date-line.ts';
import { REASON_PHRASES } from './reason-phrases.ts';

/** Statuses that the proxy answers with by itself. */
const STATUSES = [400, 404, 405, 408, 413, 414, 417, 429, 431, 500, 501, 502, 503, 504, 505] as const;

/** Statuses that a second from now may be another one. */
const RETRIED: ReadonlySet<number> = new Set([429, 503]);
const RETRY_AFTER = 1;

const WITHOUT_TLS = '400 Bad Request\nThis port speaks HTTPS, and the request came as plain HTTP.\n';

interface LocalResponse extends StaticRange {
  /** Offset of its `Date`. */
  readonly dateAt: number;
}

/**
 * Ready-made answers of the proxy itself, laid down once in the arena, so that even a worker without buffers can answer.
 * Their `Date` is written where they lie. What a client has not taken of its answer by then goes out with the later one,
 * and where it has taken half of the very digits, with digits of both times.
 */
export class LocalResponses {
  /** For who speaks HTTP without TLS to a listener of https. */
  readonly withoutTls = (): StaticRange => this.#dated(this.#withoutTls);
  readonly #ranges = new Map<number, LocalResponse>();
  readonly #withoutTls: LocalResponse;
  readonly #date: DateLine;

  constructor(arena: Arena, date: DateLine) {
    this.#date = date;
    const intern = (text: string): LocalResponse => {
      return { ...arena.intern(Buffer.from(text, 'latin1')), dateAt: text.indexOf(UNDATED) };
    };
    for (const status of STATUSES) {
      for (const keepAlive of [false, true]) {
        for (const withBody of [false, true]) {
          this.#ranges.set(keyOf(status, keepAlive, withBody), intern(compose(status, keepAlive, withBody)));
        }
      }
    }
    const head = headOfLocal(400, 'text/plain', WITHOUT_TLS.length, false);
    this.#withoutTls = intern(head + WITHOUT_TLS);
  }

  /** Length of the body is the same in both forms, as an answer to HEAD tells the length of the one to GET. */
  get(status: number, keepAlive: boolean, withBody: boolean): StaticRange {
    const range = this.#ranges.get(keyOf(status, keepAlive, withBody));
    if (range === undefined) throw new Error(`no local response for status ${status}`);
    return this.#dated(range);
  }

  #dated(response: LocalResponse): StaticRange {
    this.#date.stamp(response.start + response.dateAt);
    return response;
  }
}

function keyOf(status: number, keepAlive: boolean, withBody: boolean): number {
  return status * 4 + (keepAlive ? 2 : 0) + (withBody ? 1 : 0);
}

function compose(status: number, keepAlive: boolean, withBody: boolean): string {
  const body = localBody(status);
  return headOfLocal(status, 'text/plain', body.length, keepAlive) + (withBody ? body : '');
}

/** What an answer that the proxy gives by itself says to people. */
export function localBody(status: number): string {
  return `${status} ${REASON_PHRASES[status]}\n`;
}

/** The head of an answer that the proxy gives by itself, still undated; `length` of its body in bytes. */
export function headOfLocal(status: number, contentType: string, length: number, keepAlive: boolean): string {
  const allow = status === 405 ? 'Allow: GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH\r\n' : '';
  const later = RETRIED.has(status) ? `Retry-After: ${RETRY_AFTER}\r\n` : '';
  return (
    `HTTP/1.1 ${status} ${REASON_PHRASES[status]}\r\n${UNDATED}Server: evenkeel\r\nContent-Type: ${contentType}\r\n` +
    `Content-Length: ${length}\r\n${allow}${later}Connection: ${keepAlive ? 'keep-alive' : 'close'}\r\n\r\n`
  );
}
