import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOG_VARIABLES } from '@evenkeel/model/access-log-format.ts';
import { compileLogFormat, LogFormatter } from './log-format.ts';

const REQUEST = {
  time: '2026-05-01T12:00:00.250Z',
  load_balancer: 'lb-1',
  listener: 'lsn-1',
  scheme: 'https',
  vport: 443,
  vip: '127.1.0.1',
  client_ip: '192.0.2.7',
  client_port: 40_123,
  connection: 17,
  ssl_protocol: 'TLSv1.3',
  ssl_cipher: 'TLS_AES_128_GCM_SHA256',
  ssl_handshake_ms: 1.5,
  rtt_us: 250,
  target: '10.0.0.1:80',
  service: 'svc-1',
  request_ms: 100.375,
  connect_ms: 2.5,
  response_ms: 49,
  exchange_ms: null,
  status: 200,
  target_status: 0,
  request_length: 612,
  bytes_sent: 5_000,
  connection_requests: 2,
  method: 'GET',
  uri: '/a?b="c"&d',
  host: 'shop.example',
  protocol: 'HTTP/1.1',
  user_agent: 'curl/8\\\u00ff\n',
  referer: '',
  request_id: 'r-1',
  reason: 'none',
};

const made = (format: string): string | undefined => compileLogFormat(format)?.(REQUEST);

test('common, combined and the layer-7 format are what programs expect', () => {
  const common = '192.0.2.7 - - [01/May/2026:12:00:00 +0000] "GET /a?b=\\x22c\\x22&d HTTP/1.1" 200 5000';
  assert.equal(made('common'), common);
  assert.equal(made('combined'), `${common} "-" "curl/8\\x5C\\xFF\\x0A"`);
  assert.equal(
    made('clb-layer7'),
    '[r-1] [01/May/2026:12:00:00 +0000] [https] [127.1.0.1:443] [lsn-1] [192.0.2.7:40123] [200] [10.0.0.1:80] [-] ' +
      '[svc-1] [GET /a?b=\\x22c\\x22&d HTTP/1.1] [612] [5000] [shop.example] [curl/8\\x5C\\xFF\\x0A] [-] [0.100] [-] ' +
      '[0.003] [0.049] [250] [17] [2] [0.002] [TLS_AES_128_GCM_SHA256] [TLSv1.3] [-] [GET] [/a] [HTTP/1.1]',
  );
  assert.equal(compileLogFormat('json'), null);
});

test('no client ends a field early, whatever sign the template ends it by', () => {
  const line = { ...REQUEST, user_agent: 'a] [200] b|c', uri: '/a[1]|2', vip: '::1' };
  const written = (format: string) => compileLogFormat(format)?.(line);
  assert.match(written('clb-layer7') ?? '', /\[GET \/a\[1\\x5D\|2 HTTP\/1\.1\].* \[a\\x5D \[200\\x5D b\|c\] /);
  assert.equal(written('$uri|$http_user_agent|$status'), '/a[1]\\x7C2|a] [200] b\\x7Cc|200');
  assert.equal(written('$server_addr:$server_port "$uri" $http_user_agent'), '::1:443 "/a[1]|2" a] [200] b|c');
});

test('every variable has a value or a dash, and none breaks its line', () => {
  for (const name of Object.keys(LOG_VARIABLES)) {
    for (const line of [REQUEST, { time: 'x', listener: '\u0000"\n', uri: 7 }]) {
      const text = compileLogFormat(`<\${${name}}>`)?.(line);
      assert.match(text ?? '', /^<[ !#-~]+>$/, name);
    }
  }
});

test('each line gets the format of its listener, and JSON stays byte for byte', () => {
  const formatter = new LogFormatter();
  const other = JSON.stringify({ ...REQUEST, listener: 'lsn-2' });
  const lines = Buffer.from(`${JSON.stringify(REQUEST)}\n${other}\n`, 'latin1');
  const formatOf = (id: string) => (id === 'lsn-1' ? '$status $$' : null);
  assert.equal(Buffer.from(formatter.format(lines, formatOf)).toString('latin1'), `200 $\n${other}\n`);
  assert.equal(
    formatter.format(lines, () => null),
    lines,
  );
  assert.equal(
    formatter.format(lines, () => 'json'),
    lines,
  );
});

test('a line is bounded, whatever its template asks for', () => {
  const long = { ...REQUEST, uri: 'x'.repeat(4_000) };
  const template = '$uri'.repeat(500);
  const lines = new LogFormatter().format(Buffer.from(`${JSON.stringify(long)}\n`), () => template);
  assert.equal(lines.length, 64 * 1_024);
  assert.equal(lines.at(-1), 10);
});
