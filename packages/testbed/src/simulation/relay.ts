import type {
  Closed,
  Connection,
  ConnectionHandler,
  Endpoint,
  ListeningSocket,
  Reactor,
} from '@evenkeel/proxy/reactor/reactor.ts';

/** What a relay does wrong on purpose, to prove that the checks notice. */
export type Flaw =
  /** Gives what comes from one origin to another client. */
  | 'wrong-client'
  /** Swallows the last bytes before FIN. */
  | 'drops-tail'
  /** Sends a piece twice. */
  | 'doubles'
  /** Sends a piece after the next one. */
  | 'reorders'
  /** Passes a reset on as FIN. */
  | 'reset-as-end'
  /** Closes both ways when one side has ended. */
  | 'no-half-close'
  | 'leaks-buffer'
  | 'leaks-connection'
  | 'leaks-timer'
  | 'double-release'
  /** Looks at a buffer that it has given away. */
  | 'use-after-release'
  /** Never stops reading. */
  | 'no-back-pressure'
  /** Sends everything to the target twice. */
  | 'replays';

export const FLAWS: readonly Flaw[] = [
  'wrong-client',
  'drops-tail',
  'doubles',
  'reorders',
  'reset-as-end',
  'no-half-close',
  'leaks-buffer',
  'leaks-connection',
  'leaks-timer',
  'double-release',
  'use-after-release',
  'no-back-pressure',
  'replays',
];

const HIGH_WATER = 64 * 1024;
const LOW_WATER = 16 * 1024;

/** Passes bytes between clients and one target and knows nothing of what they mean: the smallest thing to test. */
export class Relay {
  readonly reactor: Reactor;
  readonly flaw: Flaw | null;
  readonly target: Endpoint;
  readonly pairs: RelayPair[] = [];
  #socket: ListeningSocket | null = null;
  /** Times the flaw may still show. */
  #chances = 1;

  constructor(reactor: Reactor, target: Endpoint, flaw: Flaw | null) {
    this.reactor = reactor;
    this.target = target;
    this.flaw = flaw;
  }

  listen(front: Endpoint): void {
    this.#socket = this.reactor.listen(
      { ...front, backlog: 128, reusePort: false },
      {
        onListening() {},
        onAccept: (connection) => {
          this.pairs.push(new RelayPair(this, connection));
        },
        onFailed: (_socket, error) => {
          throw new Error(error.message);
        },
      },
    );
  }

  stop(): void {
    this.#socket?.close();
    for (const pair of this.pairs) pair.abort();
  }

  /** Whether to do wrong now, in this way. */
  errs(flaw: Flaw): boolean {
    return this.flaw === flaw && this.#chances-- > 0;
  }
}

class RelayPair implements ConnectionHandler {
  readonly client: Connection;
  readonly target: Connection;
  readonly #relay: Relay;
  #delayed: readonly [number, number, number] | null = null;
  #over = false;

  constructor(relay: Relay, client: Connection) {
    this.#relay = relay;
    this.client = client;
    client.handler = this;
    client.pause();
    this.target = relay.reactor.connect(relay.target, this);
  }

  abort(): void {
    if (this.#relay.flaw === 'leaks-connection') return;
    this.client.abort();
    this.target.abort();
  }

  onConnected(): void {
    this.client.resume();
  }

  onReceive(from: Connection, buffer: number, start: number, end: number): void {
    const to = this.#receiver(from);
    if (this.#errs(to, from, buffer, start, end)) return;
    to.send(buffer, start, end);
    const delayed = this.#delayed;
    this.#delayed = null;
    if (delayed !== null) to.send(...delayed);
    if (to.unsent > HIGH_WATER && this.#relay.flaw !== 'no-back-pressure') from.pause();
  }

  onSent(to: Connection): void {
    if (to.unsent <= LOW_WATER) this.#other(to).resume();
  }

  onEnd(from: Connection): void {
    if (this.#relay.flaw === 'no-half-close') {
      this.client.close();
      this.target.close();
    } else {
      this.#other(from).end();
    }
  }

  onDeadline(): void {}

  onClosed(connection: Connection, reason: Closed): void {
    const { arena } = this.#relay.reactor;
    if (this.#delayed !== null) arena.release(this.#delayed[0]);
    this.#delayed = null;
    if (this.#over) return;
    this.#over = true;
    const finished = reason === 1;
    if (finished || this.#relay.flaw === 'reset-as-end') this.#other(connection).close();
    else if (this.#relay.flaw !== 'leaks-connection') this.#other(connection).abort();
  }

  #other(connection: Connection): Connection {
    return connection === this.client ? this.target : this.client;
  }

  #receiver(from: Connection): Connection {
    const { pairs } = this.#relay;
    const wrong = from === this.target ? pairs.find((pair) => pair !== this && !pair.#over) : undefined;
    return wrong !== undefined && this.#relay.errs('wrong-client') ? wrong.client : this.#other(from);
  }

  /** Does wrong with a piece; true when that is all that happens to it. */
  #errs(to: Connection, from: Connection, buffer: number, start: number, end: number): boolean {
    const { reactor } = this.#relay;
    const { arena } = reactor;
    const relay = this.#relay;
    if (relay.errs('leaks-buffer')) arena.retain(buffer);
    if (relay.errs('leaks-timer')) reactor.setTimer(3_600_000, () => {});
    if (relay.errs('double-release')) {
      arena.release(buffer);
      arena.release(buffer);
      return true;
    }
    if (relay.errs('use-after-release')) {
      arena.release(buffer);
      to.send(buffer, start, end);
      return true;
    }
    if (end - start > 1 && relay.errs('drops-tail')) {
      to.send(buffer, start, end - 1);
      return true;
    }
    if (relay.errs('doubles') || (to === this.target && relay.errs('replays'))) {
      arena.retain(buffer);
      to.send(buffer, start, end);
    }
    if (from === this.target && this.#delayed === null && relay.errs('reorders')) {
      this.#delayed = [buffer, start, end];
      return true;
    }
    return false;
  }
}
