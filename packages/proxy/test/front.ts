import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { PlannedListener, PlannedService } from '@evenkeel/model/plan/objects.ts';
import { createEngine } from '../src/engine/create.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import type { ListenerCounters } from '../src/telemetry/counters.ts';
import { freePort } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

export interface TalkOptions {
  /** Address of the client, of 127.0.0.0/8. */
  readonly from?: string;
  /** What is sent one after the other, instead of all at once. */
  readonly pieces?: readonly (string | Uint8Array)[];
  /** Ends its side behind what it sends. */
  readonly end?: boolean;
}

/** A running engine with one worker, and one listener whose plan a test changes as it likes. */
export class Front {
  readonly engine: ProxyEngine;
  readonly port: number;

  private constructor(engine: ProxyEngine, port: number) {
    this.engine = engine;
    this.port = port;
  }

  static async open(reactor: 'uring' | 'portable'): Promise<Front> {
    return new Front(await createEngine({ workers: 1, reactor }), await freePort());
  }

  /** The listener as it is from now on, for new connections. The log is empty afterwards. */
  async plan(
    targets: readonly number[],
    listener: Partial<PlannedListener> = {},
    service: Partial<PlannedService> = {},
  ): Promise<void> {
    const change = changeOf([serviceOf(targets, service)], [listenerOf(this.port, listener)]);
    assert.deepEqual(await this.engine.apply(change), []);
    while (this.engine.readAccessLog() !== null);
  }

  /** Sends `bytes` on a connection of its own and returns all that comes until the proxy ends it. */
  async talk(bytes: string | Uint8Array, { from, pieces = [bytes], end = false }: TalkOptions = {}): Promise<string> {
    const address = from === undefined ? {} : { localAddress: from };
    const socket = connect({ port: this.port, host: '127.0.0.1', allowHalfOpen: true, ...address });
    const chunks: Buffer[] = [];
    socket.setNoDelay(true).on('data', (chunk: Buffer) => chunks.push(chunk));
    const over = new Promise((resolve) => socket.on('end', resolve).on('close', resolve).on('error', resolve));
    try {
      await once(socket, 'connect');
      for (const piece of pieces) {
        if (!socket.writable) break;
        socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece);
        if (pieces.length > 1) await new Promise((resolve) => setTimeout(resolve, 1));
      }
      if (end) socket.end();
      await over;
      return Buffer.concat(chunks).toString('latin1');
    } finally {
      socket.destroy();
    }
  }

  /** The next lines of the access log: they are written when requests end, a moment after the client has its answer. */
  async lines(count: number): Promise<Record<string, unknown>[]> {
    const lines: Record<string, unknown>[] = [];
    while (lines.length < count) {
      const bytes = this.engine.readAccessLog();
      if (bytes === null) await new Promise((resolve) => setImmediate(resolve));
      else for (const line of Buffer.from(bytes).toString().trimEnd().split('\n')) lines.push(JSON.parse(line));
    }
    return lines;
  }

  get counters(): ListenerCounters {
    const [listener] = this.engine.counters().listeners;
    assert.ok(listener);
    return listener;
  }
}

/** Statuses of the final responses in what a client received. */
export function statusesIn(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)]
    .map(([, status]) => Number(status))
    .filter((status) => status >= 200);
}
