import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { issue } from '@evenkeel/testbed/certificates/issue.ts';
import { bodyOf } from './exchange.ts';

/** Certificates for tests of TLS, and clients that trust their root. */

export const root = issue({ commonName: 'root', ca: true });
const other = issue({ commonName: 'other', ca: true });
export const server = (name: string, key: 'p256' | 'p384' | 'rsa-2048' = 'p256') =>
  issue({ commonName: name, names: [name], key, issuer: root, use: 'server' });
export const web = server('web.test');
export const client = issue({ commonName: 'alice', issuer: root, use: 'client' });
export const revoked = issue({ commonName: 'mallory', issuer: root, use: 'client' });
export const stranger = issue({ commonName: 'eve', issuer: other, use: 'client' });

/** A handshake that ends well; the socket is open. */
export async function handshake(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'web.test', ca: root.certificate, ...options });
  await once(socket, 'secureConnect');
  return socket;
}

/** Why the server refuses a client: its alert, or how the connection ends. */
export function refusal(port: number, options: ConnectionOptions = {}): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', servername: 'web.test', ca: root.certificate, ...options });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('close', () => resolve('closed'));
    // In TLS 1.3 a client hears of a bad certificate only when it reads.
    socket.on('secureConnect', () => socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
    socket.on('data', () => {
      resolve('accepted');
      socket.destroy();
    });
  });
}

export async function shownName(port: number, servername: string, options: ConnectionOptions = {}): Promise<string> {
  const socket = await handshake(port, { servername, rejectUnauthorized: false, ...options });
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return String(CN);
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export async function send(port: number, options: RequestOptions = {}, body?: Buffer): Promise<Answer> {
  const message = request({ host: '127.0.0.1', port, servername: 'web.test', ca: root.certificate, ...options });
  message.end(body);
  const [response] = (await once(message, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await bodyOf(response) };
}

/** All that comes on a connection until it ends. */
export async function readAll(socket: TLSSocket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}
