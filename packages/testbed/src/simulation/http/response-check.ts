import { constants, gunzipSync } from 'node:zlib';
import type { Journal } from '../journal.ts';
import { PatternCheck } from '../pattern.ts';
import type { Outcome } from './ledger.ts';
import { declaredFraming, type Framing, fieldOf, hasConnectionOption, type MessageHead } from './message-reader.ts';
import { bodyLength, hasBody, type RequestPlan } from './plan.ts';
import { responseBodyKey } from './wire.ts';

/** Statuses that something between client and origin may answer with by itself. */
const REFUSALS: readonly number[] = [400, 405, 408, 413, 414, 417, 431, 500, 501, 502, 503, 504, 505];

/** One final response as its client gets it, compared with what its origin was planned to say. */
export class ResponseCheck {
  readonly framing: Framing;
  /** The connection ends with this response. */
  readonly closes: boolean;
  readonly #request: RequestPlan;
  readonly #journal: Journal;
  readonly #status: number;
  readonly #byOrigin: boolean;
  readonly #body: PatternCheck;
  /** What has come of a body in gzip; null: it comes as it is. */
  #compressed: Uint8Array[] | null = null;

  constructor(request: RequestPlan, interim: readonly number[], head: MessageHead, journal: Journal, proxied: boolean) {
    this.#request = request;
    this.#journal = journal;
    this.#status = statusOf(head);
    this.#body = new PatternCheck(responseBodyKey(request.id));
    const coding = fieldOf(head, 'content-encoding');
    if (coding !== null) {
      this.#compressed = [];
      if (coding !== 'gzip') journal.violate(`${request.id} got a body in ${coding}`);
    }
    const id = fieldOf(head, 'x-request-id');
    // An answer of the proxy's own may name the request as well.
    this.#byOrigin = fieldOf(head, 'x-origin') !== null;
    // A head that tells nothing can be passed on before the body turns out to be none.
    const mayMisbehave = request.response.fault?.kind === 'garbage';
    if (this.#byOrigin) this.#checkOriginHead(head, id);
    else if (!this.#refuses && !mayMisbehave) journal.violate(`${request.id} got ${this.#status} from nobody`);
    // 1xx responses are passed on, but not to a client that does not know them (RFC 9110 section 15.2).
    const due = this.#byOrigin && request.version === '1.1' ? request.response.interim : [];
    if (this.#byOrigin && interim.join() !== due.join()) {
      journal.violate(`${request.id} got [${interim}] in front of its response, not [${due}]`);
    }
    const declared = declaredFraming(head);
    if (proxied && request.version === '1.0' && declared?.kind === 'chunked') {
      journal.violate(`${request.id}, of HTTP/1.0, got a chunked response`);
    }
    const bodiless = request.method === 'HEAD' || this.#status === 204 || this.#status === 304;
    if (this.#status === 204 && declared !== null) journal.violate(`the 204 for ${request.id} declares a body`);
    // Who refuses without having read the whole head does not know that it is a HEAD.
    const blind = !this.#byOrigin && bodiless && hasConnectionOption(head, 'close');
    if (blind) this.framing = { kind: 'close' };
    else this.framing = bodiless ? { kind: 'none' } : (declared ?? { kind: 'close' });
    this.closes = this.#decideClose(head);
  }

  onBody(bytes: Uint8Array): void {
    if (this.#compressed === null) this.#body.add(bytes);
    else this.#compressed.push(bytes.slice());
  }

  /** The response says that it is whole. */
  complete(): Outcome {
    if (!this.#byOrigin) {
      const { id, method } = this.#request;
      if (!this.#refuses && method !== 'HEAD') this.#journal.violate(`${id} got a whole ${this.#status} from nobody`);
      return { kind: 'refused', status: this.#status };
    }
    const planned = this.#request.response;
    this.#decompress(true);
    const fault = this.#body.fault(hasBody(this.#request) ? bodyLength(planned.body) : 0);
    if (fault !== null) this.#journal.violate(`response body of ${this.#request.id} at its client: ${fault}`);
    return { kind: 'answered' };
  }

  get #refuses(): boolean {
    return REFUSALS.includes(this.#status);
  }

  /** The connection is gone before the response was whole. */
  breakOff(): void {
    this.#decompress(false);
    const fault = this.#byOrigin ? this.#body.fault(this.#body.length) : null;
    if (fault !== null) this.#journal.violate(`beginning of the response body of ${this.#request.id}: ${fault}`);
  }

  /** `whole`: there must be an end to it. */
  #decompress(whole: boolean): void {
    const compressed = Buffer.concat(this.#compressed ?? []);
    this.#compressed = null;
    if (compressed.length === 0) return;
    const finishFlush = whole ? constants.Z_FINISH : constants.Z_SYNC_FLUSH;
    try {
      this.#body.add(gunzipSync(compressed, { finishFlush }));
    } catch (error) {
      this.#journal.violate(
        `the gzip of ${this.#request.id} is broken: ${error instanceof Error ? error.message : ''}`,
      );
    }
  }

  #checkOriginHead(head: MessageHead, id: string | null): void {
    const { id: asked, response } = this.#request;
    if (id !== asked) this.#journal.violate(`the response to ${id} came to the client that had asked ${asked}`);
    if (this.#status !== response.status) this.#journal.violate(`${asked} got ${this.#status}, not ${response.status}`);
    const seen = Number(fieldOf(head, 'x-body-seen'));
    if (!response.early && seen !== bodyLength(this.#request.body)) {
      this.#journal.violate(`the origin of ${asked} had seen ${seen} bytes of its body when it answered`);
    }
    for (const [name, value] of response.headers) {
      if (fieldOf(head, name.toLowerCase()) !== value)
        this.#journal.violate(`${name} of the response to ${asked} is lost`);
    }
  }

  /** Whether the response gives a reason to end the connection of a client that wants to keep it. */
  get endsForNothing(): boolean {
    const { version, connection, response } = this.#request;
    if (!this.closes || !this.#byOrigin || version === '1.0' || connection === 'close' || response.early) return false;
    return this.framing.kind !== 'close' && !isAmbiguous(this.#request);
  }

  #decideClose(head: MessageHead): boolean {
    if (this.framing.kind === 'close' || hasConnectionOption(head, 'close')) return true;
    const asksToKeep = this.#request.connection === 'keep-alive';
    if (this.#request.version === '1.0') return !(asksToKeep && hasConnectionOption(head, 'keep-alive'));
    return this.#request.connection === 'close';
  }
}

/** Throws nothing: a status line that is none reads as 0, which no plan has. */
export function statusOf(head: MessageHead): number {
  const match = /^HTTP\/1\.1 ([1-5]\d\d) [\t\x20-\x7e]*$/.exec(head.startLine);
  return match === null ? 0 : Number(match[1]);
}

/** Some servers take the body of GET and HEAD for the next request: the connection is closed behind it. */
function isAmbiguous({ method, body, upgrade }: RequestPlan): boolean {
  const isEmpty = body.framing === 'none' || (body.framing === 'length' && body.length === 0);
  return !isEmpty && (method === 'GET' || method === 'HEAD' || upgrade);
}
