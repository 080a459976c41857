import type { PlannedErrorPage, PlannedHttp } from '@evenkeel/model/plan/http.ts';
import { type DateLine, UNDATED } from './date-line.ts';
import { BLOCK_SIZE, type InsertBlock } from './insert-block.ts';
import { editedHead } from './listener-headers.ts';
import { headOfLocal, localBody } from './local-response.ts';

/** The status of an answer that sends the client elsewhere (RFC 9110 §15.4.3). */
const FOUND = 302;

/** Bytes of a block that a head leaves to the lines that are added for one answer: identifier, transport security. */
const FOR_LINES = 1_024;

/** A listener's own page for one status of the proxy's answers. */
export interface ErrorPage {
  /** Of the answer: that of the page, or of a redirect. */
  readonly status: number;
  readonly body: Uint8Array;
  writeHead(out: InsertBlock, date: DateLine, keepAlive: boolean): void;
}

/** By what a plan says of a listener, so that pages are encoded once. */
const pages = new WeakMap<PlannedHttp, Map<number, ErrorPage>>();

/** The page that takes the place of the proxy's own answer with this status; null when there is none. */
export function errorPageOf(http: PlannedHttp | null, status: number): ErrorPage | null {
  if (http === null || (http.errorPages.length === 0 && http.responseHeaders === undefined)) return null;
  let ofListener = pages.get(http);
  if (ofListener === undefined) {
    ofListener = new Map(http.errorPages.map((page) => [page.status, encode(page, http)]));
    pages.set(http, ofListener);
  }
  let page = ofListener.get(status);
  if (page === undefined && http.responseHeaders !== undefined) {
    page = encode(plain(status), http);
    ofListener.set(status, page);
  }
  return page ?? null;
}

const plainPages = new Map<number, ErrorPage>();

/** The proxy's own answer with this status, for those who add to its head. */
export function plainPage(status: number): ErrorPage {
  let page = plainPages.get(status);
  if (page === undefined) {
    page = encode(plain(status), null);
    plainPages.set(status, page);
  }
  return page;
}

function plain(status: number): PlannedErrorPage {
  return { status, contentType: 'text/plain', body: localBody(status) };
}

/**
 * `http`: of the listener whose page it is; null: of all. Where what the listener changes makes a head that no block
 * holds, it is the plain page.
 */
function encode({ status, contentType, body, location }: PlannedErrorPage, http: PlannedHttp | null): ErrorPage {
  const bytes = new TextEncoder().encode(body);
  const shown = location === undefined ? status : FOUND;
  const headOf = (keepAlive: boolean): Uint8Array => {
    const head = editedHead(http, headOfLocal(shown, contentType, bytes.length, keepAlive));
    const redirect = location === undefined ? '' : `Location: ${location}\r\n`;
    return Buffer.from(`${head.slice(0, -2)}${redirect}\r\n`, 'latin1');
  };
  const kept = headOf(true);
  const closed = headOf(false);
  // The same in both, as only the last line is another one.
  const dateAt = Buffer.from(kept).indexOf(UNDATED);
  if (Math.max(kept.length, closed.length) > BLOCK_SIZE - FOR_LINES) return plainPage(status);
  return {
    status: shown,
    body: bytes,
    writeHead(out, date, keepAlive) {
      out.clear();
      out.bytes(keepAlive ? kept : closed);
      if (dateAt >= 0) date.stamp(out.start + dateAt);
    },
  };
}
