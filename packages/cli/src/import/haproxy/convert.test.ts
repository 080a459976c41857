import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Findings } from '../findings.ts';
import { convertHaproxy } from './convert.ts';

function convert(text: string) {
  const findings = new Findings();
  const loadBalancers = convertHaproxy('haproxy.cfg', text, 'web', findings);
  return { loadBalancers, lb: loadBalancers[0]!, findings: findings.list };
}

test('a listener for each port of a frontend, with the rules that hold there', () => {
  const { lb, findings } = convert(`
defaults
  mode http
frontend www
  bind :80
  bind :443 ssl crt /etc/ssl/shop.pem
  redirect scheme https code 301 if !{ ssl_fc }
  default_backend web
backend web
  server a 10.0.0.1:8080
`);
  assert.deepEqual(
    lb.listeners?.map(({ name, protocol, port, ruleGroup }) => [name, protocol, port, ruleGroup]),
    [
      ['www-80', 'http', 80, 'www'],
      ['www-443', 'https', 443, undefined],
    ],
  );
  assert.deepEqual(lb.ruleGroups?.[0]?.rules, [
    { name: 'redirect', redirect: { status: 301, protocol: 'https', port: 0 } },
  ]);
  assert.deepEqual(lb.listeners?.[1]?.defaultCertificates, ['shop']);
  assert.deepEqual(
    findings.map(({ kind, line }) => [kind, line]),
    [['to-do', 6]],
  );
});

test('a backend with all that is said of it', () => {
  const { lb } = convert(`
listen shop
  mode http
  bind :8080
  option forwardfor
  timeout connect 2s
  timeout server 1m
  timeout queue 7s
  retries 3
  balance hdr(X-User)
  option httpchk
  http-check send meth HEAD uri /ping ver HTTP/1.1 hdr Host shop.example.com
  http-check expect rstatus ^[23]
  default-server inter 2s fall 4 rise 2 maxconn 50 check
  server a 10.0.0.1:80 weight 256
  server b 10.0.0.2:80 weight 128 disabled
  server c [2001:db8::1]:80
`);
  const [service] = lb.backendServices ?? [];
  assert.deepEqual(service, {
    name: 'shop',
    protocol: 'http',
    port: 80,
    algorithm: 'hash',
    hash: { key: 'header', name: 'X-User' },
    targetLimits: { maxRequests: 50, queueTimeout: 7 },
    connectTimeout: 2,
    readTimeout: 60,
    retry: { attempts: 4 },
    healthCheck: {
      protocol: 'http',
      method: 'HEAD',
      path: '/ping',
      httpVersion: '1.1',
      host: 'shop.example.com',
      codes: ['2xx', '3xx'],
      interval: 2,
      timeout: 2,
      rise: 2,
      fall: 4,
    },
    targets: [
      { name: 'a', address: '10.0.0.1', port: 80, weight: 100 },
      { name: 'b', address: '10.0.0.2', port: 80, weight: 50, state: 'disabled' },
      { name: 'c', address: '2001:db8::1', port: 80, weight: 0 },
    ],
  });
});

test('backends by the name that TLS asks for', () => {
  const { lb, findings } = convert(`
frontend tls
  mode tcp
  bind :443
  tcp-request inspect-delay 5s
  tcp-request content accept if { req_ssl_hello_type 1 }
  use_backend a if { req_ssl_sni -i a.example.com }
  default_backend b
backend a
  server a 10.0.0.1:443
backend b
  server b 10.0.0.2:443
`);
  assert.deepEqual(lb.listeners?.[0]?.serverNames, [{ name: 'a.example.com', backendService: 'a' }]);
  assert.equal(lb.listeners?.[0]?.backendService, 'b');
  assert.deepEqual(findings, []);
});

test('addresses make load balancers of their own', () => {
  const { loadBalancers, findings } = convert(`
defaults
  mode tcp
listen one
  bind 192.0.2.1:25
  server a 10.0.0.1:25
listen two
  bind 192.0.2.2:25
  server a 10.0.0.1:25
`);
  assert.deepEqual(
    loadBalancers.map(({ name }) => name),
    ['web-192.0.2.1', 'web-192.0.2.2'],
  );
  assert.deepEqual(
    findings.map(({ kind }) => kind),
    ['to-do', 'to-do'],
  );
});

test('what is refused and cannot be said is to be done, not left out in silence', () => {
  const { findings } = convert(`
frontend www
  mode http
  bind :80
  http-request deny if !{ path_beg /public/ }
  http-request auth realm x
  stats enable
  nonsense on
`);
  assert.deepEqual(
    findings.map(({ kind, line, detail }) => [kind, line, detail.split(':')[0]]),
    [
      ['to-do', 5, 'what it refuses is let through'],
      ['left-out', 6, 'does auth, which rules cannot'],
      ['left-out', 7, 'is not needed'],
      ['left-out', 8, 'is not known here'],
    ],
  );
});

test('errors that lead elsewhere do so for every listener of the frontend', () => {
  const { lb, findings } = convert(`
frontend www
  mode http
  bind :80
  errorloc 503 https://status.test/
  errorloc303 504 /late
  errorloc302 200 https://fine.test/
  errorfile 502 /etc/haproxy/502.http
  default_backend web
backend web
  mode http
  server a 10.0.0.1:8080
`);
  assert.deepEqual(lb.listeners?.[0]?.errorPages, [
    { status: 503, location: 'https://status.test/' },
    { status: 504, location: '/late' },
  ]);
  assert.deepEqual(
    findings.map(({ kind, line }) => [kind, line]),
    [
      ['differs', 6],
      ['left-out', 7],
      ['left-out', 8],
    ],
  );
});

test('of errors of one status that lead elsewhere the last counts, by whatever keyword, and defaults come first', () => {
  const { lb } = convert(`
defaults
  mode http
  errorloc303 503 /of-defaults
frontend www
  bind :80
  errorloc302 504 /first
  errorloc 503 /own
  errorloc 504 /last
  default_backend web
backend web
  server a 10.0.0.1:8080
`);
  const pages = lb.listeners?.[0]?.errorPages?.map(({ status, location }) => [status, location]);
  assert.deepEqual(
    new Map(pages as [number, string][]),
    new Map([
      [503, '/own'],
      [504, '/last'],
    ]),
  );
});
