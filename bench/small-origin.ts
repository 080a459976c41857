import { NO_BUFFER } from '@evenkeel/proxy/reactor/arena.ts';
import { createReactor } from '@evenkeel/proxy/reactor/choose.ts';
import type { Connection, ConnectionHandler, ListenerHandler } from '@evenkeel/proxy/reactor/reactor.ts';

/**
 * An origin that costs as little as it can, so that the balancer in front is the bottleneck even when load and origin
 * share a core:
 *
 *   node bench/small-origin.ts <address> <body bytes> <port> [<port> ...]
 *
 * answers every request without a body, on kept connections, from memory.
 */
const [address, bytes, ...ports] = process.argv.slice(2) as [string, string, ...string[]];
const { reactor } = createReactor('auto');
const { arena } = reactor;
const { memory } = arena;

const LENGTH = Number(bytes);
const BODY = '0123456789abcdef'.repeat(Math.ceil(LENGTH / 16)).slice(0, LENGTH);
/** CR LF CR LF, as the last four bytes of a request. */
const END = 0x0d0a0d0a;

const response = () =>
  Buffer.from(
    `HTTP/1.1 200 OK\r\nServer: small-origin\r\nDate: ${new Date().toUTCString()}\r\nContent-Type: text/plain\r\n` +
      `Content-Length: ${LENGTH}\r\nConnection: keep-alive\r\n\r\n${BODY}`,
  );
const { start, end } = arena.intern(response());
// Date has one length, so that the response can be exchanged where it lies.
const refresh = (): void => {
  memory.set(response(), start);
  reactor.setTimer(1000 - (Date.now() % 1000), refresh);
};
refresh();

class Client implements ConnectionHandler {
  #last = 0;

  onReceive(connection: Connection, buffer: number, from: number, to: number): void {
    let last = this.#last;
    for (let at = Math.max(from, to - 4); at < to; at++) last = (last << 8) | memory[at]!;
    this.#last = last;
    arena.release(buffer);
    if (last === END) connection.send(NO_BUFFER, start, end);
  }

  onEnd(connection: Connection): void {
    connection.close();
  }

  onConnected(): void {}
  onSent(): void {}
  onDeadline(): void {}
  onClosed(): void {}
}

const listener: ListenerHandler = {
  onListening(): void {},
  onAccept(connection: Connection): void {
    connection.handler = new Client();
  },
  onFailed(_socket, error): void {
    throw new Error(`the origin cannot listen: ${JSON.stringify(error)}`);
  },
};
for (const port of ports) reactor.listen({ address, port: Number(port), backlog: 4096, reusePort: false }, listener);
// A signal ends the process in whatever it does: nothing here has to be put in order.
if (reactor.name === 'uring') for (;;) reactor.turn(Number.POSITIVE_INFINITY);
