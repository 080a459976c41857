import type { Connection, ConnectionHandler, Endpoint } from '@evenkeel/proxy/reactor/reactor.ts';
import type { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import type { SimulatedReactor } from '@evenkeel/proxy/reactor/simulated/simulated-reactor.ts';
import type { Journal } from '../journal.ts';

/** What a client may be answered: served, or turned away at one of the limits. */
const EXPECTED: ReadonlySet<number> = new Set([200, 408, 413, 429, 503]);

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const post = (field: string, body: string) => `POST / HTTP/1.1\r\nHost: a\r\n${field}\r\n\r\n${body}`;

/** What clients say: something whole, twice, half, nothing, too much of it, and the beginning of a body. */
const SAID: readonly string[] = [
  GET,
  GET,
  GET + GET,
  'GET / HT',
  '',
  post('Content-Length: 2000', 'abc'),
  post('Transfer-Encoding: chunked', `3e8\r\n${'a'.repeat(1_000)}\r\n1\r\na\r\n0\r\n\r\n`),
  post('Content-Length: 500', 'abc'),
];

/** Somebody who connects again and again, and asks for something, or too much, or never finishes, or goes. */
export class DemandingClient implements ConnectionHandler {
  readonly #reactor: SimulatedReactor;
  readonly #random: Random;
  readonly #journal: Journal;
  readonly #fronts: readonly Endpoint[];
  #left: number;
  #text = '';

  constructor(reactor: SimulatedReactor, random: Random, journal: Journal, fronts: readonly Endpoint[]) {
    this.#reactor = reactor;
    this.#random = random;
    this.#journal = journal;
    this.#fronts = fronts;
    this.#left = random.between(3, 12);
  }

  get done(): boolean {
    return this.#left === 0;
  }

  start(): void {
    const random = this.#random;
    this.#reactor.setTimer(random.real([0, random.pick([1, 50, 2_000])]), () => {
      this.#reactor.connect(random.pick(this.#fronts), this);
    });
  }

  onConnected(connection: Connection): void {
    const random = this.#random;
    // Some go at any moment, answered or not.
    if (random.chance(0.3)) connection.setDeadline(this.#reactor.now + random.real([1, 3_000]));
    const said = random.pick(SAID);
    if (said !== '') this.#send(connection, said);
  }

  onReceive(_connection: Connection, buffer: number, start: number, end: number): void {
    this.#text += Buffer.from(this.#reactor.arena.memory.slice(start, end)).toString('latin1');
    this.#reactor.arena.release(buffer);
  }

  onSent(): void {}

  onEnd(connection: Connection): void {
    connection.close();
  }

  onDeadline(connection: Connection): void {
    if (this.#random.chance(0.5)) connection.abort();
    else connection.close();
  }

  onClosed(): void {
    for (const [, text] of this.#text.matchAll(/HTTP\/1\.1 (\d{3}) /g)) {
      const status = Number(text);
      this.#journal.count(String(status));
      if (!EXPECTED.has(status)) this.#journal.violate(`${this.#reactor.label} got ${status}`);
    }
    this.#text = '';
    this.#left--;
    if (this.#left > 0) this.start();
  }

  #send(connection: Connection, text: string): void {
    const { arena } = this.#reactor;
    const buffer = arena.acquire();
    const start = arena.base(buffer);
    arena.memory.set(Buffer.from(text), start);
    connection.send(buffer, start, start + text.length);
  }
}
