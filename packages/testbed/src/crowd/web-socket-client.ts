import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { frame, Opcode } from '../websocket/frame.ts';
import type { Tally } from './tally.ts';

export interface WebSocketClientOptions {
  readonly host: string;
  readonly port: number;
  /** Milliseconds between an echo and the next message, on average. */
  readonly think: number;
}

const PATIENCE = 10_000;
/** Between two attempts, in milliseconds. */
const AGAIN = 200;

/** Holds one WebSocket open to an origin that sends every message back, and checks each byte of what comes. */
export class WebSocketClient {
  readonly #options: WebSocketClientOptions;
  readonly #tally: () => Tally;
  #socket: Socket | null = null;
  #stopped = false;
  #sent = 0;

  constructor(options: WebSocketClientOptions, tally: () => Tally) {
    this.#options = options;
    this.#tally = tally;
  }

  async run(): Promise<void> {
    await sleep(Math.random() * this.#options.think);
    while (!this.#stopped) {
      await this.#session();
      if (!this.#stopped) await sleep(AGAIN);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#socket?.destroy();
  }

  /** One tunnel, from its handshake to its end. */
  async #session(): Promise<void> {
    const { host, port, think } = this.#options;
    const socket = connect({ host, port, noDelay: true });
    this.#socket = socket;
    const stream = new Incoming(socket);
    const key = randomBytes(16).toString('base64');
    socket.write(
      `GET /echo HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    );
    const head = await stream.until('\r\n\r\n');
    if (this.#stopped) return;
    if (head === null || !head.startsWith('HTTP/1.1 101 ')) {
      this.#tally().failed(head === null ? 'no handshake' : head.slice(0, 12));
      socket.destroy();
      return;
    }
    while (!this.#stopped) {
      const text = `message ${this.#sent++}`;
      const began = performance.now();
      socket.write(frame({ opcode: Opcode.text, payload: text, mask: randomBytes(4) }));
      const echo = await stream.take(text.length + 2);
      if (this.#stopped) break;
      if (echo === null) {
        this.#tally().closed++;
        break;
      }
      if (echo.slice(2) === text) this.#tally().answered(performance.now() - began);
      else this.#tally().failed('another echo than the message');
      await sleep(think * (0.5 + Math.random()));
    }
    socket.destroy();
  }
}

/** What a socket brings, asked for piece by piece; null when it ends or takes too long. */
class Incoming {
  #held = '';
  #ended = false;
  #wake: (() => void) | null = null;

  constructor(socket: Socket) {
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.#held += text;
      this.#wake?.();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#ended = true;
      this.#wake?.();
    });
  }

  until(end: string): Promise<string | null> {
    return this.#when(() => (this.#held.includes(end) ? this.#held.indexOf(end) + end.length : -1));
  }

  take(length: number): Promise<string | null> {
    return this.#when(() => (this.#held.length >= length ? length : -1));
  }

  async #when(length: () => number): Promise<string | null> {
    const deadline = performance.now() + PATIENCE;
    while (length() < 0) {
      const left = deadline - performance.now();
      if (this.#ended || left <= 0) return null;
      const timer = new AbortController();
      await Promise.race([
        new Promise<void>((resolve) => {
          this.#wake = resolve;
        }),
        sleep(left, undefined, { signal: timer.signal }).catch(() => undefined),
      ]);
      timer.abort();
    }
    const taken = this.#held.slice(0, length());
    this.#held = this.#held.slice(taken.length);
    return taken;
  }
}
