import { NO_BUFFER } from '@evenkeel/proxy/reactor/arena.ts';
import { createReactor } from '@evenkeel/proxy/reactor/choose.ts';
import type { Connection, ConnectionHandler } from '@evenkeel/proxy/reactor/reactor.ts';
import { ANSWER, QUESTION, SWITCHING } from './messages.ts';

/**
 * A WebSocket origin that costs as little as it can:
 *
 *   node bench/websocket/origin.ts <address> <port> [<port> ...]
 *
 * switches every connection that asks for it and answers each message with one of the same size.
 */
const [address, ...ports] = process.argv.slice(2) as [string, ...string[]];
const { reactor } = createReactor('auto');
const { arena } = reactor;
const switching = arena.intern(Buffer.from(SWITCHING));
const answer = arena.intern(ANSWER);
const plain = arena.intern(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));

class Client implements ConnectionHandler {
  #switched = false;
  #head = '';
  /** Bytes of a message that is not whole. */
  #begun = 0;

  onReceive(connection: Connection, buffer: number, start: number, end: number): void {
    let at = start;
    while (!this.#switched && at < end) {
      this.#head += String.fromCharCode(arena.memory[at++]!);
      if (this.#head.endsWith('\r\n\r\n')) this.#answerHead(connection);
    }
    arena.release(buffer);
    for (this.#begun += end - at; this.#begun >= QUESTION.length; this.#begun -= QUESTION.length) {
      connection.send(NO_BUFFER, answer.start, answer.end);
    }
  }

  /** Whoever does not ask for WebSocket wants to know whether the origin is there. */
  #answerHead(connection: Connection): void {
    this.#switched = /\r\nupgrade: websocket\r\n/i.test(this.#head);
    this.#head = '';
    const { start, end } = this.#switched ? switching : plain;
    connection.send(NO_BUFFER, start, end);
  }

  onEnd(connection: Connection): void {
    connection.close();
  }

  onConnected(): void {}
  onSent(): void {}
  onDeadline(): void {}
  onClosed(): void {}
}

for (const port of ports) {
  reactor.listen(
    { address, port: Number(port), backlog: 4096, reusePort: false },
    {
      onListening(): void {},
      onAccept(connection: Connection): void {
        connection.handler = new Client();
      },
      onFailed(_socket, error): void {
        throw new Error(`the origin cannot listen: ${JSON.stringify(error)}`);
      },
    },
  );
}
// A signal ends the process in whatever it does: nothing here has to be put in order.
if (reactor.name === 'uring') for (;;) reactor.turn(Number.POSITIVE_INFINITY);
