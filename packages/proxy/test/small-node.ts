import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { EngineCounters } from '../src/telemetry/counters.ts';
import { statusesIn } from './front.ts';

const PROGRAM = join(import.meta.dirname, 'small-node.fixture.ts');

/** How long a worker may take until it is out of something, or is no more, in milliseconds. */
const LONGEST = 30_000;

export interface SmallNodeOptions {
  readonly reactor: string;
  /** Of the listener, and of the target on 127.0.0.1. */
  readonly port: number;
  readonly origin: number;
  /** Descriptors of the process; as many as it may have when not said. */
  readonly descriptors?: number;
  /** Megabytes for old objects, of each thread. */
  readonly heap?: number;
  /** Of the worker. */
  readonly buffers?: number;
}

/** An engine with one worker in a process of its own, with little of something. */
export class SmallNode implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #gone: Promise<never>;

  private constructor(child: ChildProcess) {
    this.#process = child;
    this.#gone = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`the node has ended with ${code ?? signal}`);
    });
    // Whoever waits for an answer hears of it.
    this.#gone.catch(() => undefined);
  }

  static async start({ reactor, port, origin, descriptors, heap, buffers }: SmallNodeOptions): Promise<SmallNode> {
    const limit = descriptors === undefined ? 'ulimit -n $(ulimit -Hn)' : `ulimit -n ${descriptors}`;
    const flags = heap === undefined ? [] : [`--max-old-space-size=${heap}`];
    const what = [reactor, port, origin, buffers ?? ''].map(String);
    const args = ['-c', `${limit} && exec "$0" "$@"`, process.execPath, ...flags, PROGRAM, ...what];
    const child = spawn('/bin/sh', args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    await once(child, 'message');
    return new SmallNode(child);
  }

  get pid(): number {
    return this.#process.pid!;
  }

  async counters(): Promise<EngineCounters> {
    return (await this.#ask('counters')) as EngineCounters;
  }

  /** What has been added to the access log since this was last asked, as text. */
  async log(): Promise<string> {
    return (await this.#ask('log')) as string;
  }

  async #ask(question: 'counters' | 'log'): Promise<unknown> {
    const answer = once(this.#process, 'message');
    this.#process.send(question);
    const [said] = await Promise.race([answer, this.#gone]);
    return said;
  }

  /** Waits until the worker says that it is out of these; it tells how it is a few times a second. */
  async isOutOf(resources: readonly string[]): Promise<void> {
    const deadline = performance.now() + LONGEST;
    for (;;) {
      const { overload } = (await this.counters()).workers[0]!;
      if (overload.join() === resources.join()) return;
      if (performance.now() > deadline) throw new Error(`the worker is out of [${overload}], not of [${resources}]`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exit = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exit;
  }
}

export interface TestClient {
  readonly socket: Socket;
  received(): string;
  /** Resolves when so many answers have come, or the connection is closed. */
  answered(count: number): Promise<void>;
}

export class Clients {
  readonly #port: number;
  readonly #sockets: Socket[] = [];

  constructor(port: number) {
    this.#port = port;
  }

  /** A client that has sent `bytes`. */
  async open(bytes: string): Promise<TestClient> {
    const socket = connect({ port: this.#port, host: '127.0.0.1' });
    this.#sockets.push(socket);
    let text = '';
    let closed = false;
    socket.setEncoding('latin1').on('data', (piece: string) => {
      text += piece;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      closed = true;
    });
    await once(socket, 'connect');
    socket.write(bytes);
    const answered = async (count: number): Promise<void> => {
      while (statusesIn(text).length < count && !closed) await new Promise((resolve) => setTimeout(resolve, 2));
    };
    return { socket, received: () => text, answered };
  }

  /** What a client that asks now is answered; 0: nothing. */
  async ask(bytes: string): Promise<number> {
    const client = await this.open(bytes);
    await client.answered(1);
    client.socket.destroy();
    return statusesIn(client.received())[0] ?? 0;
  }

  close(): void {
    for (const socket of this.#sockets.splice(0)) socket.destroy();
  }
}
