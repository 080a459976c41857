import type { PlannedAction } from '@evenkeel/model/plan/rules.ts';
import type { InsertBlock } from '../../http1/insert-block.ts';
import type { RequestHead } from '../../http1/request-head.ts';
import type { HostName } from '../request/host-name.ts';

type PlannedRedirect = Extract<PlannedAction, { readonly type: 'redirect' }>;

/** What of a request a redirect keeps. */
export interface RedirectedRequest {
  readonly memory: Uint8Array;
  readonly head: RequestHead;
  readonly host: HostName;
  readonly pathEnd: number;
  readonly scheme: 'http' | 'https';
  readonly localAddress: string;
  readonly localPort: number;
}

const DEFAULT_PORT = { http: 80, https: 443 } as const;

const SLASH = 47;

/**
 * Where a client is sent instead: an absolute URI, so that no path of a request can pass for a host. Parts that
 * the rule does not name are those of the request. A port that the client has not written is the protocol's own, of
 * whichever protocol the redirect is to.
 */
export class Redirect {
  readonly #planned: PlannedRedirect;
  readonly #path: string | null;
  readonly #query: string | null;

  constructor(planned: PlannedRedirect) {
    this.#planned = planned;
    this.#path =
      planned.path === null ? null : escaped(planned.path.startsWith('/') ? planned.path : `/${planned.path}`);
    this.#query = planned.query === null ? null : escaped(planned.query);
  }

  get status(): number {
    return this.#planned.status;
  }

  /** Writes the URI; false: there is no room for it. `slash`: the request's path, with a slash at its end. */
  write(out: InsertBlock, request: RedirectedRequest, slash: boolean): boolean {
    const { memory, head, host, pathEnd } = request;
    const most = head.targetEnd - head.pathStart + (host.fieldEnd - host.start) + 4_096;
    if (out.room < most) return false;
    const scheme = this.#planned.protocol ?? request.scheme;
    out.text(`${scheme}://`);
    this.#writeAuthority(out, request, scheme);
    if (this.#path !== null) out.text(this.#path);
    else if (memory[head.pathStart] === SLASH) out.span(head.pathStart, pathEnd);
    if (slash) out.text('/');
    if (this.#query === null) out.span(pathEnd, head.targetEnd);
    else if (this.#query !== '') out.text(`?${this.#query}`);
    return true;
  }

  #writeAuthority(
    out: InsertBlock,
    { host, localAddress, localPort }: RedirectedRequest,
    scheme: 'http' | 'https',
  ): void {
    const planned = this.#planned;
    const unknown = host.end === host.start;
    if (planned.host !== null) out.text(escaped(planned.host));
    else if (unknown) out.text(localAddress.includes(':') ? `[${localAddress}]` : localAddress);
    else out.span(host.start, host.end);
    if (planned.port !== null) {
      if (planned.port !== 0 && planned.port !== DEFAULT_PORT[scheme]) out.text(`:${planned.port}`);
      return;
    }
    if (unknown) {
      if (planned.protocol === null && localPort !== DEFAULT_PORT[scheme]) out.text(`:${localPort}`);
      return;
    }
    // With its colon; an empty port says nothing.
    if (host.fieldEnd > host.portStart) out.span(host.portStart - 1, host.fieldEnd);
  }
}

/** The path with a slash at its end, for a client that has left it away. */
export const SLASH_REDIRECT = new Redirect({
  type: 'redirect',
  status: 301,
  protocol: null,
  host: null,
  port: null,
  path: null,
  query: null,
});

/** Text of a plan as it may stand in a URI in a field value. */
function escaped(text: string): string {
  return text.replace(/[^!-~]/gu, (character) => encodeURIComponent(character));
}
