import type { PlannedHttp } from '@evenkeel/model/plan/http.ts';
import type { InsertBlock } from './insert-block.ts';
import { headOfLocal, localBody } from './local-response.ts';

/** A listener's own page for one status of the proxy's answers. */
export interface ErrorPage {
  readonly body: Uint8Array;
  writeHead(out: InsertBlock, keepAlive: boolean): void;
}

/** By what a plan says of a listener, so that pages are encoded once. */
const pages = new WeakMap<PlannedHttp, ReadonlyMap<number, ErrorPage>>();

/** The page that takes the place of the proxy's own answer with this status; null when there is none. */
export function errorPageOf(http: PlannedHttp | null, status: number): ErrorPage | null {
  if (http === null || http.errorPages.length === 0) return null;
  let ofListener = pages.get(http);
  if (ofListener === undefined) {
    ofListener = new Map(http.errorPages.map((page) => [page.status, encode(page)]));
    pages.set(http, ofListener);
  }
  return ofListener.get(status) ?? null;
}

const plainPages = new Map<number, ErrorPage>();

/** The proxy's own answer with this status, for those who add to its head. */
export function plainPage(status: number): ErrorPage {
  let page = plainPages.get(status);
  if (page === undefined) {
    page = encode({ status, contentType: 'text/plain', body: localBody(status) });
    plainPages.set(status, page);
  }
  return page;
}

function encode({ status, contentType, body }: PlannedHttp['errorPages'][number]): ErrorPage {
  const bytes = new TextEncoder().encode(body);
  return {
    body: bytes,
    writeHead(out, keepAlive) {
      out.clear();
      out.text(headOfLocal(status, contentType, bytes.length, keepAlive));
    },
  };
}
