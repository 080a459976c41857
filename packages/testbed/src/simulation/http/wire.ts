import { pattern } from '../pattern.ts';
import { type BodyPlan, bodyLength, hasBody, type RequestPlan } from './plan.ts';

/** The authority that every request names. */
export const HOST = 'shop.example';

/** The target as an origin is to get it. */
export function requestTarget(request: RequestPlan): string {
  return `/${request.id}?for=${request.id}`;
}

/** The target as the client writes it. */
export function writtenTarget(request: RequestPlan): string {
  return `${request.absoluteForm ? `http://${HOST}` : ''}${requestTarget(request)}`;
}

/** Keys of the patterns that bodies are made of. */
export function requestBodyKey(id: string): string {
  return `to-origin ${id}`;
}

export function responseBodyKey(id: string): string {
  return `to-client ${id}`;
}

export function requestHead(request: RequestPlan): Uint8Array {
  const requestLine = `${request.method} ${writtenTarget(request)} HTTP/${request.version}`;
  const lines = [...(request.emptyLine ? [''] : []), requestLine, `Host: ${HOST}`];
  lines.push(`X-Request-Id: ${request.id}`);
  const options = request.hopHeader ? ['X-Hop'] : [];
  if (request.connection !== null) options.push(request.connection);
  if (request.upgrade) options.push('Upgrade');
  if (options.length > 0) lines.push(`Connection: ${options.join(', ')}`);
  if (request.hopHeader) lines.push('X-Hop: for the next hop only');
  if (request.upgrade) lines.push('Upgrade: websocket');
  if (request.forwardedFor !== null) lines.push(`X-Forwarded-For: ${request.forwardedFor}`);
  if (request.expectContinue) lines.push('Expect: 100-continue');
  lines.push(...framingFields(request.body), ...request.headers.map(([name, value]) => `${name}: ${value}`));
  return text(lines);
}

/** `bodySeen`: bytes of the request's body that had been read by then. */
export function responseHead(request: RequestPlan, origin: string, bodySeen: number): Uint8Array {
  const { response } = request;
  const lines = [`HTTP/1.1 ${response.status} ${response.status === 200 ? 'OK' : 'Fine'}`];
  lines.push(`X-Request-Id: ${request.id}`, `X-Origin: ${origin}`, `X-Body-Seen: ${bodySeen}`);
  if (response.ending === 'announced' || response.body.framing === 'close') lines.push('Connection: close');
  // A response to HEAD carries the fields of the body that it does not carry (RFC 9110 section 9.3.2).
  if (response.status !== 204) lines.push(...framingFields(response.body));
  lines.push(...response.headers.map(([name, value]) => `${name}: ${value}`));
  return text(lines);
}

export function interimHead(status: number): Uint8Array {
  return text([`HTTP/1.1 ${status} Wait`, ...(status === 103 ? ['Link: </style.css>; rel=preload'] : [])]);
}

export function requestBody(request: RequestPlan): Uint8Array[] {
  return encodeBody(request.body, requestBodyKey(request.id));
}

export function responseBody(request: RequestPlan): Uint8Array[] {
  return hasBody(request) ? encodeBody(request.response.body, responseBodyKey(request.id)) : [];
}

function framingFields(body: BodyPlan): string[] {
  switch (body.framing) {
    case 'none':
    case 'close':
      return [];
    case 'length':
      return [`Content-Length: ${body.length}`];
    case 'chunked':
      return ['Transfer-Encoding: chunked', ...(body.trailers ? ['Trailer: X-Checked'] : [])];
  }
}

/** The parts of a body as they go over the wire. */
function encodeBody(body: BodyPlan, key: string): Uint8Array[] {
  if (body.framing !== 'chunked') {
    const length = bodyLength(body);
    if (length === 0) return [];
    const bytes = pattern(key, 0, length);
    const half = length >> 1;
    return half === 0 ? [bytes] : [bytes.subarray(0, half), bytes.subarray(half)];
  }
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const size of body.chunks) {
    const extension = body.extensions ? ';part;note="a;b"' : '';
    const hex = body.extensions ? `0${size.toString(16).toUpperCase()}` : size.toString(16);
    parts.push(Buffer.concat([Buffer.from(`${hex}${extension}\r\n`), pattern(key, offset, size), Buffer.from('\r\n')]));
    offset += size;
  }
  parts.push(Buffer.from(`0\r\n${body.trailers ? 'X-Checked: yes\r\n' : ''}\r\n`));
  return parts;
}

function text(lines: readonly string[]): Uint8Array {
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}
