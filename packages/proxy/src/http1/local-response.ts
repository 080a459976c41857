import type { Arena, StaticRange } from '../reactor/arena.ts';
import { REASON_PHRASES } from './reason-phrases.ts';

/** Statuses that the proxy answers with by itself. */
const STATUSES = [400, 404, 405, 408, 413, 414, 417, 429, 431, 500, 501, 502, 503, 504, 505] as const;

/** Statuses that a second from now may be another one. */
const RETRIED: ReadonlySet<number> = new Set([429, 503]);
const RETRY_AFTER = 1;

const WITHOUT_TLS = '400 Bad Request\nThis port speaks HTTPS, and the request came as plain HTTP.\n';

/** Ready-made answers of the proxy itself, laid down once in the arena, so that even a worker without buffers can answer. */
export class LocalResponses {
  /** For who speaks HTTP without TLS to a listener of https. */
  readonly withoutTls: StaticRange;
  readonly #ranges = new Map<number, StaticRange>();

  constructor(arena: Arena) {
    for (const status of STATUSES) {
      for (const keepAlive of [false, true]) {
        for (const withBody of [false, true]) {
          const bytes = Buffer.from(compose(status, keepAlive, withBody), 'latin1');
          this.#ranges.set(keyOf(status, keepAlive, withBody), arena.intern(bytes));
        }
      }
    }
    const head = headOfLocal(400, 'text/plain', WITHOUT_TLS.length, false);
    this.withoutTls = arena.intern(Buffer.from(head + WITHOUT_TLS, 'latin1'));
  }

  /** Length of the body is the same in both forms, as an answer to HEAD tells the length of the one to GET. */
  get(status: number, keepAlive: boolean, withBody: boolean): StaticRange {
    const range = this.#ranges.get(keyOf(status, keepAlive, withBody));
    if (range === undefined) throw new Error(`no local response for status ${status}`);
    return range;
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

/** The head of an answer that the proxy gives by itself; `length` of its body in bytes. */
export function headOfLocal(status: number, contentType: string, length: number, keepAlive: boolean): string {
  const allow = status === 405 ? 'Allow: GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH\r\n' : '';
  const later = RETRIED.has(status) ? `Retry-After: ${RETRY_AFTER}\r\n` : '';
  return (
    `HTTP/1.1 ${status} ${REASON_PHRASES[status]}\r\nServer: evenkeel\r\nContent-Type: ${contentType}\r\n` +
    `Content-Length: ${length}\r\n${allow}${later}Connection: ${keepAlive ? 'keep-alive' : 'close'}\r\n\r\n`
  );
}
