import type { LogVariable } from '@evenkeel/model/access-log-format.ts';

/** A line of the access log, as it comes from the workers. */
export type LogRecord = Readonly<Record<string, unknown>>;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** What each variable stands for in a line; the empty string: there is no such thing. */
export const LOG_VALUES: Readonly<Record<LogVariable, (line: LogRecord) => string>> = {
  time_iso8601: field('time'),
  time_local: (line) => localTime(text(line['time'])),
  msec: (line) => seconds(Date.parse(text(line['time']))),
  load_balancer: field('load_balancer'),
  listener: field('listener'),
  scheme: field('scheme'),
  protocol_type: field('scheme'),
  server_addr: field('vip'),
  server_port: field('vport'),
  remote_addr: field('client_ip'),
  remote_port: field('client_port'),
  sender: field('sender'),
  ssl_protocol: field('ssl_protocol'),
  ssl_cipher: field('ssl_cipher'),
  ssl_server_name: field('server_name'),
  ssl_handshake_time: time('ssl_handshake_ms'),
  ssl_error: field('ssl_error'),
  tcpinfo_rtt: field('rtt_us'),
  connection: field('connection'),
  connection_requests: field('connection_requests'),
  upstream_addr: field('target'),
  service: field('service'),
  proxy_host: field('service'),
  request_time: (line) => seconds(line['request_ms'] ?? line['connection_ms']),
  upstream_connect_time: time('connect_ms'),
  upstream_header_time: time('response_ms'),
  upstream_response_time: time('exchange_ms'),
  status: (line) => nonZero(line['status']),
  upstream_status: (line) => nonZero(line['target_status']),
  request_length: (line) => text(line['request_length'] ?? line['bytes_received']),
  bytes_sent: field('bytes_sent'),
  rule: field('rule'),
  request: (line) =>
    [line['method'], line['uri'], line['protocol']]
      .map(text)
      .filter((word) => word !== '')
      .join(' '),
  request_method: field('method'),
  request_uri: field('uri'),
  uri: (line) => text(line['uri']).split('?', 1)[0]!,
  args: (line) => text(line['uri']).split(/\?(.*)/s, 2)[1] ?? '',
  host: field('host'),
  http_host: field('host'),
  http_user_agent: field('user_agent'),
  http_referer: field('referer'),
  server_protocol: field('protocol'),
  request_id: field('request_id'),
  desync: field('desync'),
  reason: field('reason'),
};

function field(name: string): (line: LogRecord) => string {
  return (line) => text(line[name]);
}

function time(name: string): (line: LogRecord) => string {
  return (line) => seconds(line[name]);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

/** Milliseconds as seconds. */
function seconds(value: unknown): string {
  return typeof value === 'number' && Number.isFinite(value) ? (value / 1_000).toFixed(3) : '';
}

function nonZero(value: unknown): string {
  return value === 0 ? '' : text(value);
}

/** As the Common Log Format has it; a log of several nodes is in one zone, UTC. */
function localTime(time: string): string {
  const month = MONTHS[Number(time.slice(5, 7)) - 1];
  return month === undefined ? '' : `${time.slice(8, 10)}/${month}/${time.slice(0, 4)}:${time.slice(11, 19)} +0000`;
}
