import type { Endpoint, Reactor } from '@evenkeel/proxy/reactor/reactor.ts';
import type { Journal } from '../journal.ts';
import { ClientConnection } from './client-connection.ts';
import type { HttpLedger } from './ledger.ts';
import type { ClientPlan, RequestPlan } from './plan.ts';

export interface ClientSetting {
  readonly reactor: Reactor;
  readonly plan: ClientPlan;
  readonly remote: Endpoint;
  readonly ledger: HttpLedger;
  readonly journal: Journal;
  readonly strict: boolean;
  /** Whether something is between client and origin that has to speak for itself. */
  readonly proxied: boolean;
}

/** How soon a client connects again, in milliseconds. */
const RECONNECT = 10;

/** Connections in a row that may come to nothing before a request is given up. */
const MAX_FRUITLESS = 3;

/**
 * A client that sends its requests in order, over as many connections as it takes: a request that a closing connection
 * left unanswered is sent again on the next one, if the connection's end was announced.
 */
export class SimulatedClient {
  readonly setting: ClientSetting;
  /** What has not been sent, in order. */
  readonly #waiting: RequestPlan[];
  #fruitless = 0;
  #faultSpent = false;
  #done = false;

  constructor(setting: ClientSetting) {
    this.setting = setting;
    this.#waiting = [...setting.plan.requests];
  }

  /** Every request has ended and the last connection is gone. */
  get done(): boolean {
    return this.#done;
  }

  start(): void {
    this.setting.reactor.setTimer(this.setting.plan.startsAfter, () => this.#connect());
  }

  /** The request to send next on a connection, or undefined. */
  takeNext(): RequestPlan | undefined {
    return this.#waiting.shift();
  }

  /** What is to be sent behind a request that said close, or null. */
  takeGhost(): RequestPlan | null {
    return this.#waiting[0]?.ghost ? (this.#waiting.shift() as RequestPlan) : null;
  }

  get hasNext(): boolean {
    return this.#waiting.length > 0;
  }

  /** The fault that applies to this request, once. */
  takeFault(request: RequestPlan): ClientPlan['fault'] {
    const { fault, requests } = this.setting.plan;
    if (fault === null || this.#faultSpent || requests[fault.request] !== request) return null;
    this.#faultSpent = true;
    return fault;
  }

  /**
   * A connection is gone, with what it left unanswered, in order. `lost`: why the first of it will never be answered;
   * null when all of it may be sent again.
   */
  onGone(unanswered: readonly RequestPlan[], answered: number, lost: string | null): void {
    this.#fruitless = answered > 0 ? 0 : this.#fruitless + 1;
    // A ghost was meant for that connection only.
    const again = unanswered.filter((request) => !request.ghost);
    const reason = lost ?? (this.#fruitless >= MAX_FRUITLESS ? 'no connection comes to anything' : null);
    if (reason !== null) {
      const first = again.shift() ?? (lost === null ? this.#waiting.shift() : undefined);
      if (first !== undefined) this.setting.ledger.ended(first, { kind: 'lost', why: reason });
      this.#fruitless = 0;
    }
    this.#waiting.unshift(...again);
    while (this.#waiting[0]?.ghost) this.#waiting.shift();
    if (this.#waiting.length === 0) this.#done = true;
    else this.setting.reactor.setTimer(RECONNECT, () => this.#connect());
  }

  #connect(): void {
    new ClientConnection(this).open();
  }
}
