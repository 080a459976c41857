/** What clients ask and origins answer in one run: data that is drawn before anything happens. */
export interface HttpScenario {
  readonly clients: readonly ClientPlan[];
  readonly origins: readonly OriginPlan[];
  /** Nothing is broken on purpose: every request is to be answered as planned. */
  readonly strict: boolean;
  /** When what stands between is told to stop, in milliseconds; null: when all is over. */
  readonly stopsAfter: number | null;
}

export interface ClientPlan {
  readonly label: string;
  readonly address: string;
  /** Before the first connection, in milliseconds. */
  readonly startsAfter: number;
  readonly requests: readonly RequestPlan[];
  /** Requests that are sent without waiting for an answer. */
  readonly pipeline: number;
  /** Between an answer and the next request, in milliseconds. */
  readonly think: number;
  /** Sends FIN behind its last request and goes on reading. */
  readonly halfCloses: boolean;
  /** Leaves its last connection open and waits for it to be closed. */
  readonly stays: boolean;
  /** Stops reading for this many milliseconds after every receive; 0 reads at once. */
  readonly readPause: number;
  /** Null, or how it misbehaves. */
  readonly fault: ClientFault | null;
}

export interface ClientFault {
  readonly kind: 'abort' | 'end' | 'stall';
  /** The request of which it breaks off the sending (`end`, `stall`) or the receiving (`abort`). */
  readonly request: number;
  /** Bytes of it that are let through first. */
  readonly after: number;
}

export interface RequestPlan {
  /** Unique in the run; it is in the target, a header and the key of the body's bytes. */
  readonly id: string;
  readonly method: Method;
  readonly version: '1.0' | '1.1';
  readonly connection: 'close' | 'keep-alive' | null;
  /** Headers that have to reach the origin as they are. */
  readonly headers: readonly (readonly [string, string])[];
  /** Sends a header that `Connection` names: it must not reach the origin. */
  readonly hopHeader: boolean;
  /** Names scheme and host in the request line, as for a forward proxy (RFC 9112 section 3.2.2). */
  readonly absoluteForm: boolean;
  /** What the request says of where it came from, or null; whoever passes it on adds to it. */
  readonly forwardedFor: string | null;
  /** Asks for another protocol, which nobody has to offer. */
  readonly upgrade: boolean;
  /** An empty line in front of the request (RFC 9112 section 2.2). */
  readonly emptyLine: boolean;
  readonly body: BodyPlan;
  readonly expectContinue: boolean;
  /** Waits before it is sent, in milliseconds. */
  readonly delay: number;
  /** Waits between the parts of a request, in milliseconds. */
  readonly pause: number;
  /** A request sent behind one that said `Connection: close`; nobody may answer or see it. */
  readonly ghost: boolean;
  readonly response: ResponsePlan;
  /** Null, or what is sent instead of a request: it is to be refused with a status of `refusals`, and a close. */
  readonly malformed: MalformedRequest | null;
}

export interface MalformedRequest {
  readonly name: string;
  readonly bytes: string;
  /** The head is good: an origin may get to see it, but never a whole request. */
  readonly goodHead: boolean;
  readonly refusals: readonly number[];
}

export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'] as const;
export type Method = (typeof METHODS)[number];

export type BodyPlan =
  | { readonly framing: 'none' }
  | { readonly framing: 'length'; readonly length: number }
  | { readonly framing: 'close'; readonly length: number }
  | {
      readonly framing: 'chunked';
      readonly chunks: readonly number[];
      readonly extensions: boolean;
      readonly trailers: boolean;
    };

export interface ResponsePlan {
  readonly status: number;
  /** 1xx responses in front. */
  readonly interim: readonly number[];
  readonly body: BodyPlan;
  /** Before the head, in milliseconds. */
  readonly delay: number;
  /** Between the parts of the body, in milliseconds. */
  readonly pause: number;
  /** Answers when it has the head, without waiting for the request's body. */
  readonly early: boolean;
  /** What becomes of the connection: `silent` closes it without having said so. */
  readonly ending: 'keep' | 'announced' | 'silent';
  readonly headers: readonly (readonly [string, string])[];
  readonly fault: OriginFault | null;
}

export interface OriginFault {
  readonly kind: 'reset' | 'end' | 'stall' | 'garbage';
  /** Bytes of the response that are sent first; which garbage it is. */
  readonly after: number;
}

export interface OriginPlan {
  readonly label: string;
  readonly address: string;
  readonly port: number;
  /** Closes a connection on which nothing came for this long, in milliseconds. */
  readonly idleTimeout: number;
  /** Stops reading for this many milliseconds after every receive; 0 reads at once. */
  readonly readPause: number;
}

export function bodyLength(body: BodyPlan): number {
  switch (body.framing) {
    case 'none':
      return 0;
    case 'length':
    case 'close':
      return body.length;
    case 'chunked':
      return body.chunks.reduce((sum, size) => sum + size, 0);
  }
}

/** Whether a request may be carried out twice (RFC 9110 section 9.2.2). */
export function isIdempotent(method: Method): boolean {
  return method !== 'POST';
}

/** Whether a response to this request has a body (RFC 9112 section 6.3). */
export function hasBody(request: RequestPlan): boolean {
  const { status } = request.response;
  return request.method !== 'HEAD' && status !== 204 && status !== 304;
}
