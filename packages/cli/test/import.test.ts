import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadBalancerDocument } from '@evenkeel/model/resources/document.ts';
import { locate, requires } from '@evenkeel/testbed/requirements.ts';
import { Installation } from './installation.ts';

/**
 * The same requests go to HAProxy or nginx and to what the import has made of its configuration: whoever answers, and
 * with what, has to be the same.
 */
let evenkeel: Installation;
const origins: Server[] = [];
const directory = mkdtempSync(join(tmpdir(), 'evenkeel-import-'));

before(async () => {
  evenkeel = await Installation.start();
});
after(async () => {
  await evenkeel?.[Symbol.asyncDispose]();
  for (const server of origins) server.close().closeAllConnections();
  rmSync(directory, { recursive: true });
});

interface Asked {
  readonly host: string;
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const HAPROXY = {
  requests: [
    { host: 'www.example.com', path: '/' },
    { host: 'api.example.com', path: '/v1/x?y=1' },
    { host: 'API.example.com', path: '/' },
    { host: 'shop.example.com', path: '/api/cart' },
    { host: 'www.example.com', path: '/api/cart' },
    { host: 'www.example.com', path: '/admin/users' },
    { host: 'www.example.com', path: '/ADMIN' },
    { host: 'www.example.com', path: '/logo.png' },
    { host: 'www.example.com', path: '/old/page' },
    { host: 'www.example.com', path: '/secret' },
    { host: 'www.example.com', path: '/secret', headers: { 'X-Key': 'open' } },
    { host: 'a.blog.example.com', path: '/x' },
    { host: 'www.example.com', path: '/upload', method: 'POST' },
    { host: 'www.example.com', path: '/', headers: { Cookie: 'beta=1' } },
    { host: 'www.example.com', path: '/?beta=1' },
  ] satisfies Asked[],
  configuration: (address: string, port: number, [web, api, files]: readonly number[]) => `
global
  maxconn 100
defaults
  mode http
  option forwardfor
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  timeout http-request 10s
frontend www
  bind ${address}:${port}
  acl is_api path_beg /api/
  acl is_shop hdr(host) -i shop.example.com
  acl is_admin path_beg -i /admin
  acl local src 127.0.0.0/8
  http-request deny deny_status 403 if is_admin local
  http-request deny if is_admin !local
  http-request redirect location https://new.example.com/ code 301 if { path_beg /old/ }
  http-request return status 418 content-type "text/plain" string "no" if { path /secret } !{ hdr(X-Key) -m found }
  http-request set-header X-Client %[src]
  http-request set-header X-Forwarded-Port %[dst_port]
  http-response set-header X-Served yes
  use_backend api if is_api is_shop or { hdr(host) -i api.example.com }
  use_backend files if { path_end .png .css } || { hdr_end(host) -i .blog.example.com }
  use_backend files if { req.cook(beta) 1 } or { url_param(beta) 1 }
  use_backend api if METH_POST
  default_backend web
backend web
  server web1 127.0.0.1:${web}
backend api
  balance leastconn
  http-request set-path /fixed
  server api1 127.0.0.1:${api} check inter 1s
backend files
  server files1 127.0.0.1:${files}
`,
};

const NGINX = {
  requests: [
    { host: 'shop.example.com', path: '/' },
    { host: 'shop.example.com', path: '/healthz' },
    { host: 'shop.example.com', path: '/healthz/more' },
    { host: 'shop.example.com', path: '/api/users?x=1' },
    { host: 'shop.example.com', path: '/api' },
    { host: 'shop.example.com', path: '/images/a.png' },
    { host: 'shop.example.com', path: '/final/a.png' },
    { host: 'shop.example.com', path: '/images/a.txt' },
    { host: 'shop.example.com', path: '/A.CSS' },
    { host: 'shop.example.com', path: '/old' },
    { host: 'shop.example.com', path: '/admin/x' },
    { host: 'shop.example.com', path: '/inner/x' },
    { host: 'a.shop.example.com', path: '/' },
    { host: 'b.a.example.org', path: '/x' },
    { host: 'example.org', path: '/x' },
    { host: 'example.net', path: '/x?y=2' },
    { host: 'moved.example.com', path: '/x' },
  ] satisfies Asked[],
  configuration: (address: string, port: number, [web, api, files]: readonly number[]) => `
daemon off;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log;
events { }
http {
  access_log off;
  client_body_temp_path ${directory};
  proxy_temp_path ${directory};
  fastcgi_temp_path ${directory};
  uwsgi_temp_path ${directory};
  scgi_temp_path ${directory};
  proxy_set_header Host $host;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  upstream api { least_conn; server 127.0.0.1:${api} weight=2; keepalive 8; }
  server { listen ${address}:${port} default_server; server_name _; return 301 http://shop.example.com$request_uri; }
  server {
    listen ${address}:${port};
    server_name shop.example.com *.shop.example.com;
    location / { proxy_pass http://127.0.0.1:${web}; }
    location = /healthz { return 200 "fine"; }
    location /api/ { proxy_pass http://api/v1/; proxy_set_header Host $host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Client $remote_addr; }
    location ~* \\.(png|css)$ { proxy_pass http://127.0.0.1:${files}; add_header X-Cached yes; }
    location ^~ /final/ { proxy_pass http://127.0.0.1:${api}; }
    location /old { return 302 /new; }
    location /admin/ { allow 10.0.0.0/8; deny all; proxy_pass http://127.0.0.1:${web}; }
    location /inner/ { allow 127.0.0.0/8; deny all; proxy_pass http://127.0.0.1:${web}; }
  }
  server {
    listen ${address}:${port};
    server_name .example.org;
    location / { proxy_set_header Host inner.example.org; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_pass http://127.0.0.1:${api}; }
  }
  server { listen ${address}:${port}; server_name moved.example.com; return 308 https://new.example.com/place?from=1; }
}
`,
};

test('what is made of a configuration of HAProxy answers as HAProxy does', { skip: requires('haproxy') }, async () => {
  await compare('haproxy', HAPROXY, (file) => ['-db', '-f', file]);
});

test('what is made of a configuration of nginx answers as nginx does', { skip: requires('nginx') }, async () => {
  await compare('nginx', NGINX, (file) => ['-p', directory, '-c', file]);
});

async function compare(
  program: 'haproxy' | 'nginx',
  { configuration, requests }: typeof HAPROXY,
  flags: (file: string) => string[],
) {
  const ports = await Promise.all(['web', 'api', 'files'].map(origin));
  const address = '127.0.0.1';
  const port = await freePort(address);
  const file = join(directory, `${program}.conf`);
  writeFileSync(file, configuration(address, port, ports));
  const peer = spawn(locate(program) ?? program, flags(file), { stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    await listening(peer, address, port);
    const vip = await imported(program, file);
    for (const asked of requests) {
      const [theirs, ours] = [await ask(address, port, asked), await ask(vip, port, asked)];
      assert.deepEqual(ours, theirs, `${asked.method ?? 'GET'} ${asked.host}${asked.path} ${JSON.stringify(asked)}`);
    }
  } finally {
    peer.kill('SIGTERM');
    if (peer.exitCode === null) await once(peer, 'exit');
  }
}

/** Imports and applies the file; resolves with the address of the load balancer. */
async function imported(program: string, file: string): Promise<string> {
  const made = await evenkeel.run(['import', program, file, '--name', program, '--json']);
  assert.equal(made.exitCode, 0, made.err);
  const { loadBalancers } = JSON.parse(made.out) as { loadBalancers: LoadBalancerDocument[] };
  assert.equal(loadBalancers.length, 1);
  const applied = await evenkeel.run(['apply', '-f', '-'], { input: JSON.stringify({ loadBalancers }) });
  assert.equal(applied.exitCode, 0, applied.err);
  const shown = await evenkeel.run(['lb', 'show', loadBalancers[0]!.name, '--json']);
  return (JSON.parse(shown.out) as { vip: string }).vip;
}

interface Answered {
  readonly status: number;
  readonly location: string | undefined;
  readonly added: readonly (string | string[] | undefined)[];
  /** What the origin has seen; null when it was not asked. */
  readonly seen: unknown;
}

function ask(address: string, port: number, { host, path, method = 'GET', headers = {} }: Asked): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: address, port, path, method, headers: { ...headers, Host: host }, agent: false });
    sent.on('error', reject);
    sent.on('response', async (response) => {
      const body = (await response.toArray()).join('');
      const seen = response.headers['x-origin'] === undefined ? null : JSON.parse(body);
      const own = response.headers['x-origin'] === undefined && (response.statusCode ?? 0) < 300 ? body : null;
      const added = [response.headers['x-served'], response.headers['x-cached'], own ?? undefined];
      resolve({ status: response.statusCode ?? 0, location: absolute(response.headers.location, host), added, seen });
    });
    sent.end();
  });
}

/** nginx and HAProxy answer with whole addresses where we answer with paths, or the other way round. */
function absolute(location: string | undefined, host: string): string | undefined {
  if (location === undefined) return undefined;
  const url = new URL(location, `http://${host}`);
  return `${url.protocol}//${url.hostname}${url.pathname}${url.search}`;
}

/** An origin that tells its name and what it has got. */
async function origin(name: string): Promise<number> {
  const server = createServer(({ url, method, headers }, response) => {
    response.setHeader('X-Origin', name);
    response.end(JSON.stringify({ name, url, method, ...told(headers) }));
  }).listen(0, '127.0.0.1');
  origins.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function told(headers: IncomingHttpHeaders) {
  return {
    host: headers.host,
    client: headers['x-client'],
    for: headers['x-forwarded-for'],
    port: headers['x-forwarded-port'],
  };
}

async function freePort(address: string): Promise<number> {
  const server = createServer().listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listening(peer: ChildProcess, host: string, port: number): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    assert.equal(peer.exitCode, null, 'the peer has ended');
    const socket = connect({ host, port });
    const connected = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (connected) return;
    await sleep(20);
  }
  assert.fail('the peer does not listen');
}
