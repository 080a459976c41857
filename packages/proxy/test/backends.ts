import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { locate } from '@evenkeel/testbed/requirements.ts';
import { readReference } from '../src/http1/fuzzing/reference-reader.ts';
import { freePort, httpOrigin, type Origin, tcpOrigin } from './exchange.ts';

/** What a backend tells of each request in its answer: a line of `seen|…|end`, the fields in this order. */
export const TOLD = [
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-host',
  'x-forwarded-lbip',
  'x-forwarded-client-port',
  'forwarded',
] as const;

/** A request as a backend has seen it. */
export interface Seen {
  readonly method: string;
  readonly uri: string;
  readonly host: string;
  readonly fields: Readonly<Record<(typeof TOLD)[number], string>>;
}

/** All that backends tell in what a client received. */
export function seenIn(text: string): Seen[] {
  return [...text.matchAll(/seen\|([^\n]*)\|end\n/g)].map(([, line = '']) => {
    const [method = '', uri = '', host = '', ...values] = line.split('|');
    const fields = Object.fromEntries(TOLD.map((name, i) => [name, values[i] ?? ''])) as Seen['fields'];
    return { method, uri, host, fields };
  });
}

export const BACKENDS: Readonly<Record<string, () => Promise<Origin>>> = {
  Node: () =>
    httpOrigin((request, response) => {
      const value = (name: string): string => [request.headers[name] ?? ''].flat().join(', ');
      request.resume().on('end', () => {
        response.end(`${['seen', request.method, request.url, ...['host', ...TOLD].map(value), 'end'].join('|')}\n`);
      });
    }),

  'the reference reader': () =>
    tcpOrigin((socket) => {
      let bytes: Buffer = Buffer.alloc(0);
      socket.on('data', (more: Buffer) => {
        bytes = Buffer.concat([bytes, more]);
        const { messages, end } = readReference(bytes, Number.POSITIVE_INFINITY);
        if (end !== 'whole') return;
        bytes = Buffer.alloc(0);
        for (const { method, target, fields } of messages) {
          const value = (name: string): string =>
            fields.flatMap(([its, text]) => (its.toLowerCase() === name ? [text] : [])).join(', ');
          const body = `${['seen', method, target, ...['host', ...TOLD].map(value), 'end'].join('|')}\n`;
          socket.write(
            `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${method === 'HEAD' ? '' : body}`,
            'latin1',
          );
        }
      });
      socket.on('end', () => socket.end());
    }),

  nginx: nginxBackend,
  'http.server of Python': pythonBackend,
};

async function nginxBackend(): Promise<Origin> {
  const folder = await mkdtemp(join(tmpdir(), 'evenkeel-nginx-'));
  const port = await freePort();
  const fields = TOLD.map((name) => `$http_${name.replaceAll('-', '_')}`).join('|');
  await writeFile(
    join(folder, 'nginx.conf'),
    `daemon off; pid ${folder}/pid; error_log stderr crit; master_process off;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  server { listen 127.0.0.1:${port}; location / { return 200 "seen|$request_method|$request_uri|$http_host|${fields}|end\\n"; } }
}
`,
  );
  const child = spawn(locate('nginx') ?? 'nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: 'ignore',
  });
  await listening(child, port);
  return {
    port,
    close: async () => {
      await ended(child);
      await rm(folder, { recursive: true });
    },
  };
}

const PYTHON = `
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
told = sys.argv[1].split(',')
class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True
    def answer(self):
        self.rfile.read(int(self.headers.get('content-length') or 0))
        values = [', '.join(self.headers.get_all(name) or []) for name in ['host'] + told]
        body = ('|'.join(['seen', self.command, self.path] + values + ['end']) + '\\n').encode('latin-1')
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(body)
    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = answer
    def log_message(self, *arguments):
        pass
server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
server.daemon_threads = True
print(server.server_port, flush=True)
server.serve_forever()
`;

async function pythonBackend(): Promise<Origin> {
  const child = spawn(locate('python3') ?? 'python3', ['-c', PYTHON, TOLD.join(',')], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { port: Number(line), close: () => ended(child) };
}

/** Waits until somebody takes connections on the port, or the process is gone. */
async function listening(child: ChildProcess, port: number): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the backend ended with ${child.exitCode}`);
    const socket = connect({ port, host: '127.0.0.1' });
    const up = await new Promise<boolean>((resolve) => {
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    });
    socket.destroy();
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function ended(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
