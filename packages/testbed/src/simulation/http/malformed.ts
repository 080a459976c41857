import type { MalformedRequest } from './plan.ts';

/** What no origin may take for a whole request, and how it is to be refused. */
export function malformedRequests(id: string): readonly MalformedRequest[] {
  const head = (name: string, lines: readonly string[], refusals: readonly number[] = [400]): MalformedRequest => ({
    name,
    bytes: `${lines.join('\r\n')}\r\n\r\n`,
    goodHead: false,
    refusals,
  });
  const chunked = (name: string, body: string): MalformedRequest => ({
    name,
    bytes: `POST /${id}?for=${id} HTTP/1.1\r\nHost: shop.example\r\nX-Request-Id: ${id}\r\nTransfer-Encoding: chunked\r\n\r\n${body}`,
    goodHead: true,
    refusals: [400],
  });
  const host = 'Host: shop.example';
  return [
    head('two lengths', ['POST / HTTP/1.1', host, 'Content-Length: 3', 'Content-Length: 4']),
    head('length and coding', ['POST / HTTP/1.1', host, 'Content-Length: 3', 'Transfer-Encoding: chunked']),
    head('negative length', ['POST / HTTP/1.1', host, 'Content-Length: -3']),
    head('length with sign', ['POST / HTTP/1.1', host, 'Content-Length: +3']),
    head('unknown coding', ['POST / HTTP/1.1', host, 'Transfer-Encoding: xchunked'], [400, 501]),
    head('chunked not last', ['POST / HTTP/1.1', host, 'Transfer-Encoding: chunked, gzip'], [400, 501]),
    head('no host', ['GET / HTTP/1.1', 'X-Other: 1']),
    head('two hosts', ['GET / HTTP/1.1', host, 'Host: other.example']),
    head('space before colon', ['GET / HTTP/1.1', host, 'X-Other : 1']),
    head('folded line', ['GET / HTTP/1.1', host, 'X-Other: 1', ' and 2']),
    head('NUL in a value', ['GET / HTTP/1.1', host, 'X-Other: 1\0']),
    head('bare CR', ['GET / HTTP/1.1', host, 'X-Other: 1\rX-Hidden: 2']),
    head('unknown version', ['GET / HTTP/3.0', host], [400, 505]),
    head('no version', ['GET /', host], [400, 505]),
    head('no target', ['GET HTTP/1.1', host], [400, 505]),
    head('tunnel', ['CONNECT shop.example:443 HTTP/1.1', host], [400, 405, 501]),
    head('endless head', ['GET / HTTP/1.1', host, `X-Large: ${'x'.repeat(80_000)}`], [431]),
    { name: 'bare LF', bytes: 'GET / HTTP/1.1\nHost: shop.example\n\n', goodHead: false, refusals: [400] },
    chunked('chunk size that is none', '5\r\nhello\r\nzz\r\n'),
    chunked('chunk longer than its size', '3\r\nhello\r\n0\r\n\r\n'),
    chunked('chunk line with bare LF', '5\nhello\r\n0\r\n\r\n'),
    chunked('endless chunk size', `${'f'.repeat(40)}\r\n`),
  ];
}
