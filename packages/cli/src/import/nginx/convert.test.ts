import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Findings } from '../findings.ts';
import { convertNginx } from './convert.ts';

function convert(text: string) {
  const findings = new Findings();
  const loadBalancers = convertNginx('nginx.conf', text, 'web', findings);
  return { loadBalancers, lb: loadBalancers[0]!, findings: findings.list };
}

test('an upstream is a backend service', () => {
  const { lb, findings } = convert(`
upstream app {
  ip_hash;
  keepalive 16;
  server 10.0.0.1:8080 weight=200 max_fails=3 fail_timeout=30s max_conns=40;
  server 10.0.0.2 down;
  server web.internal:80;
}
server { location / { proxy_pass http://app; proxy_connect_timeout 3; proxy_set_header Host $http_host; } }
`);
  assert.deepEqual(lb.backendServices, [
    {
      name: 'app',
      protocol: 'http',
      port: 8080,
      algorithm: 'source-ip',
      targetLimits: { maxRequests: 40 },
      outlierDetection: { consecutiveErrors: 3, baseEjection: 30 },
      targets: [
        { address: '10.0.0.1', port: 8080, weight: 100 },
        { address: '10.0.0.2', port: 80, weight: 1, state: 'disabled' },
      ],
      connectTimeout: 3,
      healthCheck: { enabled: false },
    },
  ]);
  assert.deepEqual(
    findings.map(({ kind, line }) => [kind, line]),
    [['to-do', 7]],
  );
});

test('certificates by name, that of the default server for all others', () => {
  const { lb } = convert(`
server { listen 443 ssl; server_name a.example.com; ssl_certificate a.pem; ssl_certificate_key a.key; return 404; }
server {
  listen 443 ssl default_server; server_name b.example.com;
  ssl_certificate /etc/letsencrypt/live/b.example.com/fullchain.pem; ssl_certificate_key b.key; return 404;
}
`);
  const [listener] = lb.listeners ?? [];
  assert.deepEqual(listener?.defaultCertificates, ['b.example.com']);
  assert.deepEqual(listener?.certificates, [{ name: 'a.example.com', certificate: 'a' }]);
});

test('streams, also by the name that TLS asks for', () => {
  const { lb } = convert(`
stream {
  map $ssl_preread_server_name $backend { hostnames; a.example.com one; .b.example.com two; default two; }
  upstream one { server 10.0.0.1:443; }
  upstream two { server 10.0.0.2:443; }
  server { listen 443; ssl_preread on; proxy_pass $backend; proxy_timeout 1h; }
  server { listen 53 udp; proxy_pass one; }
}
`);
  assert.deepEqual(lb.listeners, [
    {
      name: 'tcp-443',
      protocol: 'tcp',
      port: 443,
      idleTimeout: 3600,
      serverNames: [
        { name: 'a.example.com', backendService: 'one' },
        { name: 'b.example.com', backendService: 'two' },
        { name: '*.b.example.com', backendService: 'two' },
      ],
      backendService: 'two',
    },
  ]);
});

test('who may enter and what is served from files is told', () => {
  const { findings } = convert(`
server {
  auth_basic closed;
  root /var/www;
  location /app/ { proxy_pass http://127.0.0.1:1; proxy_set_header Host $host; limit_req zone=x; }
  location /other { proxy_pass http://$backend; }
}
`);
  assert.deepEqual(
    findings.map(({ kind, line }) => [kind, line]),
    [
      ['to-do', 3],
      ['differs', 4],
      ['left-out', 5],
      ['to-do', 6],
    ],
  );
});

test('a location that cannot be carried over is closed, and not open to another one', () => {
  const { lb, findings } = convert(`
server {
  location / { proxy_pass http://127.0.0.1:1; proxy_set_header Host $host; }
  location /admin/ { allow unix:; deny all; proxy_pass http://127.0.0.1:2; proxy_set_header Host $host; }
}
`);
  const rules = lb.ruleGroups?.[0]?.rules ?? [];
  const admin = rules.find(({ match }) => match?.paths?.[0]?.value === '/admin/');
  assert.deepEqual(admin?.respond, { status: 503 });
  assert.deepEqual(
    findings.map(({ kind, line }) => [kind, line]),
    [['to-do', 4]],
  );
});

test('errors that lead to a URL do so here; pages that nginx serves itself are told', () => {
  const { lb, findings } = convert(`
server {
  error_page 502 503 https://status.test/;
  error_page 504 =301 https://late.test/;
  error_page 404 /missing.html;
  error_page 413 https://$host/;
  location / { proxy_pass http://127.0.0.1:1; proxy_set_header Host $host; }
}
`);
  assert.deepEqual(lb.listeners?.[0]?.errorPages, [
    { status: 502, location: 'https://status.test/' },
    { status: 503, location: 'https://status.test/' },
    { status: 504, location: 'https://late.test/' },
  ]);
  assert.deepEqual(
    findings.map(({ kind, line }) => [kind, line]),
    [
      ['differs', 4],
      ['left-out', 5],
      ['left-out', 6],
    ],
  );
});
