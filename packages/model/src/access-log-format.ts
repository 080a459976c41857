/**
 * Formats of access logs: `json`, the name of a format below, or a template of text with variables, each `$name` or
 * `${name}`; `$$` is a dollar sign. What there is no value for is written as `-`.
 */

/** What templates may name, and what it stands for. Times are in seconds with three decimals. */
export const LOG_VARIABLES = {
  time_iso8601: 'when it ended, UTC, as 2026-01-31T23:59:59.999Z',
  time_local: 'the same as 31/Jan/2026:23:59:59 +0000',
  msec: 'the same in Unix seconds with three decimals',
  load_balancer: 'identifier of the load balancer',
  listener: 'identifier of the listener',
  scheme: 'http, https, tcp, tls, udp or tcp-udp',
  protocol_type: 'the same',
  server_addr: 'address that the client asked',
  server_port: 'port that the client asked',
  remote_addr: "the client's address",
  remote_port: "the client's port",
  sender: 'address:port of the trusted proxy that named the client',
  ssl_protocol: 'version of TLS with the client',
  ssl_cipher: 'cipher of TLS with the client',
  ssl_server_name: 'name that the ClientHello asked for',
  ssl_handshake_time: 'how long the handshake took; of the first request of a connection alone it was part',
  ssl_error: 'why the handshake failed',
  tcpinfo_rtt: 'smoothed round-trip time to the client, in microseconds',
  connection: 'number of the client’s connection',
  connection_requests: 'which request of its connection it is',
  upstream_addr: 'address:port of the last target that was tried',
  service: 'identifier of its backend service',
  proxy_host: 'the same',
  request_time: 'first byte in to last byte out; of a connection, accepted to ended',
  upstream_connect_time: 'until the connection to the target was up',
  upstream_header_time: 'until the head of its response was there',
  upstream_response_time: 'until its response was there whole',
  status: 'sent to the client',
  upstream_status: 'sent by the target',
  request_length: 'bytes from the client',
  bytes_sent: 'bytes to the client',
  rule: 'name of the rule that applied',
  request: 'method, target and version, as `GET /a HTTP/1.1`',
  request_method: 'the method',
  request_uri: 'path and query',
  uri: 'the path',
  args: 'the query',
  host: 'the Host header',
  http_host: 'the same',
  http_user_agent: 'the User-Agent header',
  http_referer: 'the Referer header',
  server_protocol: 'HTTP/1.0 or HTTP/1.1',
  request_id: 'identifier of the request',
  desync: 'why some server could understand the request in another way',
  reason: 'who ended it, in which phase',
} as const;
export type LogVariable = keyof typeof LOG_VARIABLES;

const COMMON = '$remote_addr - - [$time_local] "$request" $status $bytes_sent';

/** Templates with names of their own. */
export const NAMED_LOG_FORMATS = {
  /** The Common Log Format. */
  common: COMMON,
  /** What most programs that read logs of web servers expect. */
  combined: `${COMMON} "$http_referer" "$http_user_agent"`,
  /** As other clouds write their logs of requests; there is no network identifier, so that field is `-`. */
  'clb-layer7':
    '[$request_id] [$time_local] [$protocol_type] [$server_addr:$server_port] [$listener] [$remote_addr:$remote_port] ' +
    '[$status] [$upstream_addr] [$upstream_status] [$proxy_host] [$request] [$request_length] [$bytes_sent] ' +
    '[$http_host] [$http_user_agent] [$http_referer] [$request_time] [$upstream_response_time] ' +
    '[$upstream_connect_time] [$upstream_header_time] [$tcpinfo_rtt] [$connection] [$connection_requests] ' +
    '[$ssl_handshake_time] [$ssl_cipher] [$ssl_protocol] [-] [$request_method] [$uri] [$server_protocol]',
} as const;

/** The format that lines have in the first place: one JSON object each. */
export const JSON_LOG_FORMAT = 'json';

export const LOG_FORMAT_NAMES: readonly string[] = [JSON_LOG_FORMAT, ...Object.keys(NAMED_LOG_FORMATS)];

/** Characters of a template. */
export const LOG_FORMAT_LENGTH = 2_048;

/** A piece of a template: text as it is, or a variable. */
export type LogFormatPart = { readonly text: string } | { readonly variable: LogVariable };

/** Why a format cannot be used. */
export interface LogFormatFault {
  readonly reason: string;
  readonly allowed: readonly string[];
}

/** The parts of a format, or what is wrong with it; null for `json`, which has none. */
export function parseLogFormat(format: string): readonly LogFormatPart[] | LogFormatFault | null {
  if (format === JSON_LOG_FORMAT) return null;
  if (Object.hasOwn(NAMED_LOG_FORMATS, format)) {
    return parseTemplate(NAMED_LOG_FORMATS[format as keyof typeof NAMED_LOG_FORMATS]);
  }
  if (!format.includes('$')) {
    return { reason: 'is neither the name of a format nor a template with a variable', allowed: LOG_FORMAT_NAMES };
  }
  if (format.length > LOG_FORMAT_LENGTH) {
    return { reason: `is longer than ${LOG_FORMAT_LENGTH} characters`, allowed: LOG_FORMAT_NAMES };
  }
  return parseTemplate(format);
}

export function isLogFormatFault(parsed: ReturnType<typeof parseLogFormat>): parsed is LogFormatFault {
  return parsed !== null && 'reason' in parsed;
}

function parseTemplate(template: string): readonly LogFormatPart[] | LogFormatFault {
  if (/[^\t -~]/.test(template)) return fault('has a character that is not printable ASCII');
  const parts: LogFormatPart[] = [];
  const add = (text: string): void => {
    if (text !== '') parts.push({ text });
  };
  let from = 0;
  for (const found of template.matchAll(/\$(?:(\$)|\{([^}]*)\}|([a-zA-Z0-9_]+))?/g)) {
    add(template.slice(from, found.index));
    from = found.index + found[0].length;
    const name = found[2] ?? found[3];
    if (found[1] !== undefined) add('$');
    else if (name === undefined) return fault('has a $ without the name of a variable; write $$ for a dollar sign');
    else if (!Object.hasOwn(LOG_VARIABLES, name)) return fault(`has the unknown variable $${name}`);
    else parts.push({ variable: name as LogVariable });
  }
  add(template.slice(from));
  return parts;
}

function fault(reason: string): LogFormatFault {
  return { reason, allowed: Object.keys(LOG_VARIABLES) };
}
