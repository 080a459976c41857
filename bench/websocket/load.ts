import { NO_BUFFER } from '@evenkeel/proxy/reactor/arena.ts';
import { createReactor } from '@evenkeel/proxy/reactor/choose.ts';
import type { Connection, ConnectionHandler } from '@evenkeel/proxy/reactor/reactor.ts';
import type { LoadResult } from '../load/wrk.ts';
import { quantile } from '../statistics.ts';
import { ANSWER, handshake, QUESTION } from './messages.ts';

/**
 * Load of WebSocket messages:
 *
 *   node bench/websocket/load.ts <address> <port> <connections> <seconds>
 *
 * Each connection sends its next message when the last one is answered. Writes one line, `result` and a `LoadResult`.
 */
const [address, port, connections, seconds] = process.argv.slice(2) as [string, string, string, string];
const { reactor } = createReactor('auto');
const { arena } = reactor;
const hello = arena.intern(Buffer.from(handshake(`${address}:${port}`)));
const question = arena.intern(QUESTION);
const END = 0x0d0a0d0a;
/** Every so many messages, the latency of one is noted. */
const SAMPLE = 16;

let messages = 0;
let errors = 0;
let bytes = 0;
let switched = 0;
let begun = 0;
const latencies: number[] = [];

class Client implements ConnectionHandler {
  #switched = false;
  #last = 0;
  #missing = 0;
  #sentAt = 0;

  onConnected(connection: Connection): void {
    connection.send(NO_BUFFER, hello.start, hello.end);
  }

  onReceive(connection: Connection, buffer: number, start: number, end: number): void {
    let at = start;
    while (!this.#switched && at < end) {
      this.#last = (this.#last << 8) | arena.memory[at++]!;
      if (this.#last !== END) continue;
      this.#switched = true;
      if (++switched === Number(connections)) begin();
      this.#ask(connection);
    }
    arena.release(buffer);
    if (at === end) return;
    this.#missing -= end - at;
    if (this.#missing > 0) return;
    messages++;
    bytes += ANSWER.length;
    if (messages % SAMPLE === 0) latencies.push(reactor.now - this.#sentAt);
    this.#ask(connection);
  }

  onEnd(connection: Connection): void {
    errors++;
    connection.close();
  }

  onSent(): void {}
  onDeadline(): void {}

  onClosed(): void {
    errors++;
  }

  #ask(connection: Connection): void {
    this.#missing = ANSWER.length;
    this.#sentAt = reactor.now;
    connection.send(NO_BUFFER, question.start, question.end);
  }
}

/** All connections are there: what counts begins. */
function begin(): void {
  messages = 0;
  bytes = 0;
  latencies.length = 0;
  begun = reactor.now;
  reactor.setTimer(Number(seconds) * 1000, finish);
}

function finish(): void {
  const result: LoadResult = {
    requests: messages,
    bytes,
    seconds: (reactor.now - begun) / 1000,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    errors,
  };
  console.log(`result ${JSON.stringify(result)}`);
  process.exit(0);
}

for (let i = 0; i < Number(connections); i++) reactor.connect({ address, port: Number(port) }, new Client());
reactor.setTimer(10_000, () => {
  if (switched < Number(connections)) throw new Error(`only ${switched} of ${connections} connections have switched`);
});
if (reactor.name === 'uring') for (;;) reactor.turn(Number.POSITIVE_INFINITY);
