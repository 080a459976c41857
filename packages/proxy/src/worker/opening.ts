import { Limit } from '../limits/limit.ts';
import type { AwaitedHead } from '../overload/waiting-heads.ts';
import type { Client } from '../source-address/client.ts';
import { ListenerCell } from '../telemetry/cells.ts';
import { ConnectionRecord } from '../telemetry/connection-record.ts';
import type { EndReason } from '../telemetry/end-reason.ts';
import type { WorkerContext } from './context.ts';
import type { Listener, Session } from './listener.ts';

/**
 * A client connection of which something has to be known before its session begins: it has the listener's header
 * timeout for that, counts as active meanwhile, and is counted and logged here when it ends before.
 */
export abstract class Opening implements Session, AwaitedHead {
  previous: Session | null = null;
  next: Session | null = null;
  beforeInWait: AwaitedHead | null = null;
  afterInWait: AwaitedHead | null = null;
  inWait = false;
  protected readonly worker: WorkerContext;
  protected readonly listener: Listener;
  protected readonly client: Client;
  /** The session has begun, or there will be none. */
  protected over = false;
  readonly #startedAt: number;

  /** `client`: whom the log names when there is no session. */
  constructor(worker: WorkerContext, listener: Listener, client: Client) {
    this.worker = worker;
    this.listener = listener;
    this.client = client;
    this.#startedAt = worker.reactor.now;
    listener.cells[ListenerCell.activeConnections]!++;
    listener.addSession(this);
    worker.overload.waiting.add(this);
  }

  abstract drain(): void;
  abstract cut(): void;

  giveUpWaiting(): void {
    this.listener.cells[ListenerCell.limits + Limit.waitingHeads]!++;
    this.cut();
  }

  /** It uses no target yet. */
  cutFrom(): void {}

  /** Milliseconds that it has taken. */
  protected get lasted(): number {
    return this.worker.reactor.now - this.#startedAt;
  }

  /** When it has to be over, as in `Connection.setDeadline`. */
  protected get deadline(): number {
    return this.#startedAt + this.listener.planned.headerTimeout;
  }

  /** What was to be known is known: whoever goes on counts the connection from here. */
  protected succeed(): void {
    this.over = true;
    this.worker.overload.waiting.remove(this);
    this.listener.cells[ListenerCell.activeConnections]!--;
    this.listener.removeSession(this);
  }

  /** There will be no session; `failure` says why in words, where the reason does not. Once; afterwards it does nothing. */
  protected fail(reason: EndReason, failure = ''): void {
    if (this.over) return;
    this.succeed();
    this.listener.leave();
    const { cells, planned } = this.listener;
    cells[ListenerCell.connections]!++;
    cells[ListenerCell.reasons + reason]!++;
    if (!planned.accessLog) return;
    const record = new ConnectionRecord(this.#startedAt);
    record.reason = reason;
    record.failure = failure;
    this.worker.log.connection(this.listener, this.client, record);
  }
}
