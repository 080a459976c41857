import type { Closed, Connection, ConnectionHandler, Endpoint } from '@evenkeel/proxy/reactor/reactor.ts';
import type { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import type { SimulatedReactor } from '@evenkeel/proxy/reactor/simulated/simulated-reactor.ts';

/** What a mirror may do with a copy; most of it is of no use to anybody, and none of it may be noticed. */
const HABITS = ['answer', 'answer', 'answer', 'flood', 'close', 'reset', 'garbage', 'silence', 'deaf'] as const;
type Habit = (typeof HABITS)[number];

const ANSWERS: Readonly<Record<Exclude<Habit, 'deaf' | 'silence' | 'close' | 'reset'>, string>> = {
  answer: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  flood: `HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n${'x'.repeat(10_000)}`,
  garbage: 'SSH-2.0-OpenSSH_9.2\r\n',
};

/** A server for copies of requests that reads what it gets and behaves as it likes. */
export function listenAsMirror(reactor: SimulatedReactor, endpoint: Endpoint, random: Random): void {
  reactor.listen(
    { ...endpoint, backlog: 128, reusePort: false },
    {
      onListening() {},
      onFailed(_socket, error) {
        throw new Error(`the mirror cannot listen: ${error.message}`);
      },
      onAccept(connection) {
        connection.handler = new MirrorConnection(reactor, connection, random);
      },
    },
  );
}

class MirrorConnection implements ConnectionHandler {
  readonly #reactor: SimulatedReactor;
  readonly #random: Random;

  constructor(reactor: SimulatedReactor, connection: Connection, random: Random) {
    this.#reactor = reactor;
    this.#random = random;
    if (random.chance(0.1)) connection.pause();
  }

  onConnected(): void {}

  onReceive(connection: Connection, buffer: number): void {
    this.#reactor.arena.release(buffer);
    const habit = this.#random.pick(HABITS);
    switch (habit) {
      case 'silence':
        return;
      case 'deaf':
        connection.pause();
        return;
      case 'close':
        connection.close();
        return;
      case 'reset':
        connection.abort();
        return;
      default:
        this.#send(connection, ANSWERS[habit]);
    }
  }

  onSent(): void {}

  onEnd(connection: Connection): void {
    connection.close();
  }

  onDeadline(): void {}

  onClosed(_connection: Connection, _reason: Closed): void {}

  #send(connection: Connection, text: string): void {
    const { arena } = this.#reactor;
    const buffer = arena.acquire();
    if (buffer < 0) return;
    const base = arena.base(buffer);
    arena.memory.set(Buffer.from(text), base);
    connection.send(buffer, base, base + text.length);
  }
}
