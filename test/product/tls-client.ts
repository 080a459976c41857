import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';

/** What a TLS client learns of a listener. */
export interface Handshake {
  /** SHA-256 of the certificate that was shown, in lower case without colons. */
  readonly fingerprint: string;
  readonly protocol: string | null;
  readonly resumed: boolean;
  /** For the next handshake; undefined when the server gave none. */
  readonly session: Buffer | undefined;
}

/** Shakes hands, and hangs up. A client of TLS 1.3 learns of a refusal when it reads, so it asks for a byte. */
export async function shakeHands(options: ConnectionOptions): Promise<Handshake> {
  const socket = await connected(options);
  const { fingerprint256 } = socket.getPeerCertificate();
  const seen = {
    fingerprint: String(fingerprint256).replaceAll(':', '').toLowerCase(),
    protocol: socket.getProtocol(),
    resumed: socket.isSessionReused(),
  };
  let session: Buffer | undefined;
  socket.on('session', (ticket) => {
    session = ticket;
  });
  socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  socket.resume();
  await once(socket, 'close');
  return { ...seen, session };
}

/** Resolves when the handshake is over; rejects with what the other side said against it. */
export async function connected(options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect(options);
  await once(socket, 'secureConnect');
  return socket;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** One request over a connection of its own, or over `socket`. */
export async function get(options: ConnectionOptions & { readonly socket?: TLSSocket }): Promise<Answer> {
  const { socket, ...rest } = options;
  const sent = request({
    ...rest,
    path: '/',
    headers: { host: rest.servername ?? 'x' },
    agent: false,
    ...(socket && { createConnection: () => socket }),
  }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let body = '';
  for await (const piece of response.setEncoding('utf8')) body += piece;
  return { status: response.statusCode ?? 0, headers: response.headers, body };
}
