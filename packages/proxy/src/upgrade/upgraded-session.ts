import { PLAIN_HTTP } from '@evenkeel/model/plan/http.ts';
import type { InputQueue } from '../http1/input-queue.ts';
import type { Connection } from '../reactor/reactor.ts';
import type { Movable } from '../rebalance/rebalancer.ts';
import type { Client } from '../source-address/client.ts';
import { ListenerCell } from '../telemetry/cells.ts';
import { countDuration } from '../telemetry/duration.ts';
import { EndReason } from '../telemetry/end-reason.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import { countRelayed } from '../tunnel/count-relayed.ts';
import { Relay, type RelayOwner } from '../tunnel/relay.ts';
import type { Target } from '../upstream/target.ts';
import type { WorkerContext } from '../worker/context.ts';
import type { Listener, Session } from '../worker/listener.ts';
import { KeptWords } from './kept-words.ts';

/**
 * A client connection after a 101 (Switching Protocols) that it had asked for: whatever passes now is none of the
 * proxy's business. It counts as one request until it ends, and is logged then; its duration in the metrics is the time
 * to the switch, since hours of an open connection would say nothing of how fast requests are answered.
 */
export class UpgradedSession implements Session, RelayOwner, Movable {
  previous: Session | null = null;
  next: Session | null = null;
  readonly #worker: WorkerContext;
  readonly #listener: Listener;
  readonly #client: Connection;
  readonly #upstream: Connection;
  readonly #target: Target;
  readonly #record: RequestRecord;
  readonly #ends: Client;
  readonly #words: KeptWords;
  #relay: Relay | null = null;
  readonly movableSince: number;

  /**
   * `target`: where the request counts as under way. `record`: of the request; its spans lie in a buffer that may be
   * given back now.
   */
  constructor(
    worker: WorkerContext,
    listener: Listener,
    client: Connection,
    ends: Client,
    upstream: Connection,
    target: Target,
    record: RequestRecord,
  ) {
    this.#worker = worker;
    this.#listener = listener;
    this.#client = client;
    this.#upstream = upstream;
    this.#target = target;
    this.#record = record;
    this.#ends = ends;
    this.#words = new KeptWords(record, worker.memory);
    this.movableSince = worker.reactor.now;
    target.movables.add(this);
    const { cells } = listener;
    cells[ListenerCell.bytesReceived]! += record.bytesReceived;
    cells[ListenerCell.bytesSent]! += record.bytesSent;
    cells[ListenerCell.responses + 1]!++;
    countDuration(cells, worker.reactor.now - record.startedAt);
  }

  /** Takes the place of the client's HTTP session. `input`: what came behind the request; `ended`: and then the end. */
  begin(input: InputQueue, ended: boolean): void {
    const client = this.#client;
    const relay = new Relay(this.#worker, client, this.#upstream, this);
    this.#relay = relay;
    while (!input.empty) {
      const { buffer, start, end } = input;
      input.shift();
      relay.onReceive(client, buffer, start, end);
    }
    if (ended) relay.onEnd(client);
  }

  /** It goes on until it ends by itself or is cut. */
  drain(): void {}

  cut(): void {
    this.#relay?.cut(EndReason.proxyTunnel);
  }

  move(): void {
    this.#relay?.close(EndReason.proxyRebalance);
  }

  cutFrom(target: Target): void {
    if (this.#target === target) this.cut();
  }

  get idleTimeout(): number {
    return (this.#listener.planned.http ?? PLAIN_HTTP).upgradeIdleTimeout;
  }

  onRelayed(fromClient: boolean, bytes: number): void {
    const record = this.#record;
    if (fromClient) record.bytesReceived += bytes;
    else record.bytesSent += bytes;
    countRelayed(this.#listener.cells, this.#target.cells, fromClient, bytes);
  }

  onRelayOver(reason: EndReason): void {
    const worker = this.#worker;
    const listener = this.#listener;
    const { cells } = listener;
    cells[ListenerCell.activeRequests]!--;
    cells[ListenerCell.activeConnections]!--;
    listener.leave();
    cells[ListenerCell.reasons + reason]!++;
    this.#target.movables.delete(this);
    this.#target.closeConnection();
    this.#target.finish();
    this.#record.reason = reason;
    if (listener.planned.accessLog) {
      this.#words.layDown(this.#record, worker.memory, worker.scratch.start);
      worker.log.request(listener, this.#ends, this.#record);
    }
    listener.removeSession(this);
  }
}
