import type { PlannedStickiness } from '@evenkeel/model/plan/stickiness.ts';
import type { Connection, ConnectionHandler, Endpoint } from '@evenkeel/proxy/reactor/reactor.ts';
import type { Random } from '@evenkeel/proxy/reactor/simulated/random.ts';
import type { SimulatedReactor } from '@evenkeel/proxy/reactor/simulated/simulated-reactor.ts';
import type { Journal } from '../journal.ts';
import type { StickyWorld } from './world.ts';

export interface StickyClientOptions {
  readonly reactor: SimulatedReactor;
  readonly random: Random;
  readonly world: StickyWorld;
  readonly journal: Journal;
  readonly stickiness: PlannedStickiness;
  /** One of each worker. */
  readonly fronts: readonly Endpoint[];
}

/** A browser: keeps the cookies that it is given, and sends one request after the other, to one worker or another. */
export class StickyClient implements ConnectionHandler {
  readonly #options: StickyClientOptions;
  readonly #cookies = new Map<string, string>();
  #left: number;
  #connection: Connection | null = null;
  #text = '';
  #sentAt = 0;
  /** Who answered last; null: nobody yet. */
  #belongs: string | null = null;

  constructor(options: StickyClientOptions) {
    this.#options = options;
    this.#left = options.random.between(2, 40);
  }

  get done(): boolean {
    return this.#left === 0 && this.#connection === null;
  }

  start(): void {
    const { reactor, random } = this.#options;
    reactor.setTimer(random.real([0, random.pick([1, 100, 1_500])]), () => this.#next());
  }

  onConnected(): void {
    this.#ask();
  }

  onReceive(connection: Connection, buffer: number, start: number, end: number): void {
    const { reactor, random } = this.#options;
    this.#text += Buffer.from(reactor.arena.memory.slice(start, end)).toString('latin1');
    reactor.arena.release(buffer);
    const head = this.#text.indexOf('\r\n\r\n');
    const length = Number(/\r\nContent-Length: (\d+)/.exec(this.#text)?.[1]);
    if (head < 0 || this.#text.length < head + 4 + length) return;
    this.#take(this.#text.slice(0, head));
    this.#text = '';
    this.#left--;
    if (this.#left > 0 && random.chance(0.6)) reactor.setTimer(random.real([0, 300]), () => this.#ask());
    else connection.close();
  }

  onSent(): void {}

  onEnd(connection: Connection): void {
    connection.close();
  }

  onDeadline(): void {}

  onClosed(): void {
    this.#connection = null;
    this.#text = '';
    if (this.#left > 0) this.start();
  }

  #next(): void {
    const { reactor, random, fronts } = this.#options;
    this.#connection = reactor.connect(random.pick(fronts), this);
  }

  #ask(): void {
    const { reactor } = this.#options;
    const cookies = Array.from(this.#cookies, ([name, value]) => `${name}=${value}`).join('; ');
    const request = `GET / HTTP/1.1\r\nHost: a\r\n${cookies === '' ? '' : `Cookie: ${cookies}\r\n`}\r\n`;
    const buffer = reactor.arena.acquire();
    const start = reactor.arena.base(buffer);
    reactor.arena.memory.set(Buffer.from(request), start);
    this.#sentAt = reactor.network.now;
    // On a connection that has closed meanwhile this does nothing, and `onClosed` begins anew.
    if (this.#connection === null) reactor.arena.release(buffer);
    else this.#connection.send(buffer, start, start + request.length);
  }

  #take(head: string): void {
    const { journal, world, reactor, stickiness } = this.#options;
    const now = reactor.network.now;
    const did = (what: 'keeps' | 'takes', name: string): boolean | null => world.did(what, name, this.#sentAt, now);
    const status = Number(head.split(' ')[1]);
    const by = /\r\nX-Origin: (.+)/.exec(head)?.[1]?.trim() ?? null;
    const mine = this.#belongs;
    if (by === null || status !== 200) {
      journal.count('refused');
      if (status !== 503) journal.violate(`${reactor.label} got ${status}`);
      const served = world.names.some((name) => did('takes', name) === true || (name === mine && did('keeps', name)));
      if (served) journal.violate(`${reactor.label} was refused while there was a target for it`);
      return;
    }
    journal.count(mine === null ? 'new' : mine === by ? 'stayed' : 'moved');
    if (mine !== null && mine !== by && did('keeps', mine) === true) {
      journal.violate(`${reactor.label} belongs to ${mine}, which keeps it, and came to ${by}`);
    }
    if (mine === by ? did('keeps', by) === false : did('takes', by) === false) {
      journal.violate(`${reactor.label} of ${mine} came to ${by}, which does not take it`);
    }
    const lines = [...head.matchAll(/\r\nSet-Cookie: (\w+)=([^;\r]*)(.*)/g)];
    for (const [, name, value] of lines) this.#cookies.set(name!, value!);
    const issued = lines.some(([, name]) => name === 'EK');
    if (stickiness.type !== 'cookie' && issued) journal.violate('a cookie that nobody wants');
    if (stickiness.type === 'cookie' && issued !== (mine !== by)) {
      journal.violate(`${reactor.label} of ${mine} came to ${by} and was ${issued ? '' : 'not '}given a cookie`);
    }
    this.#belongs = by;
  }
}
