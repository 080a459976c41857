import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttp2, createSecureServer, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { issue } from '@evenkeel/testbed/certificates/issue.ts';

/** Targets of tests of probes: servers on ports of their own, until `closeTargets`. */

export const authority = issue({ commonName: 'authority', ca: true });
const identity = issue({ commonName: 'target', names: ['app.example.com'], issuer: authority });
/** What they show over TLS: for app.example.com, by `authority`. */
export const pems = { cert: identity.certificate, key: identity.key };

const ends: (() => void)[] = [];
/** Ends all of them. */
export function closeTargets(): void {
  for (const end of ends.splice(0)) end();
}

export async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  server
    .on('tlsClientError', () => undefined)
    .on('sessionError', () => undefined)
    .on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

export const saying = (answer: string | Buffer) =>
  listening(createServer((socket) => socket.once('data', () => socket.end(answer))));
export const silent = () => listening(createServer((socket) => socket.resume()));

/** What a health service answers: a message with the serving status, or none, and a gRPC status. */
function healthService(stream: ServerHttp2Stream, serving: number | null, status: string, asked: string[]): void {
  const body: Buffer[] = [];
  stream.on('error', () => undefined);
  stream.on('data', (bytes: Buffer) => body.push(bytes));
  stream.on('end', () => {
    asked.push(Buffer.concat(body).subarray(7).toString());
    const head = { ':status': 200, 'content-type': 'application/grpc' };
    if (serving === null) {
      stream.respond({ ...head, 'grpc-status': status }, { endStream: true });
      return;
    }
    stream.respond(head, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status }));
    stream.end(Buffer.from([0, 0, 0, 0, 2, 8, serving]));
  });
}

export async function grpc(serving: number | null, status = '0', secure = false) {
  const asked: string[] = [];
  const server = secure ? createSecureServer(pems) : createHttp2();
  server.on('stream', (stream: ServerHttp2Stream) => healthService(stream, serving, status, asked));
  return { port: await listening(server as unknown as Server), asked };
}

export async function udp(answer: (message: Buffer, reply: (bytes: Buffer) => void) => void): Promise<number> {
  const socket: UdpSocket = createSocket('udp4');
  socket.on('message', (message, { port }) => answer(message, (bytes) => socket.send(bytes, port, '127.0.0.1')));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  ends.push(() => socket.close());
  return socket.address().port;
}
