import { HEADROOM, NO_BUFFER, RECEIVE_SIZE } from '../reactor/arena.ts';
import { HeldBytes } from '../reactor/held-bytes.ts';
import { RangeQueue } from '../reactor/range-queue.ts';
import type { Closed, Connection, ConnectionHandler } from '../reactor/reactor.ts';
import type { Client } from '../source-address/client.ts';
import { EndReason } from '../telemetry/end-reason.ts';
import type { WorkerContext } from '../worker/context.ts';
import type { Listener } from '../worker/listener.ts';
import { Opening } from '../worker/opening.ts';
import { ClientHello, COMPLETE, HelloProgress, INCOMPLETE } from './client-hello.ts';

/** Used for the length of one call. */
const hello = new ClientHello();
/** What was held, in buffers again; empty in between. */
const restored = new RangeQueue();

/** Goes on with the connection, whose handler it sets; `serverName` is empty when the client named none. */
type Begin = (serverName: string) => void;

/**
 * A connection of a `tcp` listener that passes TLS through by server names, until its ClientHello is there. Its bytes
 * wait outside the arena and go on as they came. What is no ClientHello, or names nobody, goes on without a name;
 * silence beyond the listener's header timeout ends the connection.
 */
export class ServerNameWait extends Opening implements ConnectionHandler {
  readonly #connection: Connection;
  readonly #begin: Begin;
  /** What has come of a ClientHello that comes in pieces: MAX_HELLO bytes, a record header, and the last piece at most. */
  readonly #held = new HeldBytes();
  readonly #progress = new HelloProgress();

  constructor(worker: WorkerContext, listener: Listener, connection: Connection, client: Client, begin: Begin) {
    super(worker, listener, client);
    this.#connection = connection;
    this.#begin = begin;
    connection.handler = this;
    connection.setDeadline(this.deadline);
  }

  drain(): void {
    this.#abort(EndReason.proxyAccept);
  }

  cut(): void {
    this.#abort(EndReason.proxyAccept);
  }

  onConnected(): void {}

  onReceive(connection: Connection, buffer: number, start: number, end: number): void {
    const { arena, memory } = this.worker;
    if (this.over) {
      arena.release(buffer);
      return;
    }
    const held = this.#held;
    const before = held.length;
    let verdict: number;
    if (before === 0) verdict = hello.parse(memory, start, end, this.#progress);
    else {
      held.add(memory, start, end);
      verdict = hello.parse(held.bytes, 0, held.length, this.#progress);
    }
    if (verdict === INCOMPLETE) {
      if (before === 0) held.add(memory, start, end);
      arena.release(buffer);
      return;
    }
    if (!this.#restore(before)) {
      arena.release(buffer);
      this.#abort(EndReason.proxyAccept);
      return;
    }
    restored.push(buffer, start, end);
    this.succeed();
    connection.setDeadline(0);
    this.#begin(verdict === COMPLETE ? hello.serverName : '');
    handOn(connection);
  }

  onSent(): void {}

  onEnd(): void {
    this.#abort(EndReason.clientConnect);
  }

  onDeadline(): void {
    this.#abort(EndReason.clientConnect);
  }

  onClosed(_connection: Connection, _reason: Closed): void {
    this.#end(EndReason.clientConnect);
  }

  /** Puts the first `length` bytes that are held into buffers. False: there are none. */
  #restore(length: number): boolean {
    const { arena, memory } = this.worker;
    for (let at = 0; at < length; at += RECEIVE_SIZE) {
      const buffer = arena.acquire();
      if (buffer === NO_BUFFER) {
        restored.truncate(0, arena);
        return false;
      }
      const start = arena.base(buffer) + HEADROOM;
      const bytes = this.#held.bytes.subarray(at, Math.min(length, at + RECEIVE_SIZE));
      memory.set(bytes, start);
      restored.push(buffer, start, start + bytes.length);
    }
    this.#held.clear();
    return true;
  }

  #abort(reason: EndReason): void {
    if (this.over) return;
    this.#end(reason);
    this.#connection.abort();
  }

  #end(reason: EndReason): void {
    this.#held.clear();
    this.fail(reason);
  }
}

/** Gives whoever handles the connection now what came of it before. */
function handOn(connection: Connection): void {
  while (restored.length > 0) {
    const [buffer, start, end] = [restored.buffer(0), restored.start(0), restored.end(0)];
    restored.shift();
    connection.handler.onReceive(connection, buffer, start, end);
  }
}
