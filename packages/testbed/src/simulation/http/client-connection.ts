import type { Closed, Connection, ConnectionHandler } from '@evenkeel/proxy/reactor/reactor.ts';
import { Script, type Step } from '../script.ts';
import type { SimulatedClient } from './client.ts';
import {
  type Framing,
  MalformedMessage,
  type MessageHandler,
  type MessageHead,
  MessageReader,
} from './message-reader.ts';
import type { ClientFault, RequestPlan } from './plan.ts';
import { ResponseCheck, statusOf } from './response-check.ts';
import { requestBody, requestHead } from './wire.ts';

/** How long a client waits for 100 (Continue) before it sends the body anyway, in milliseconds. */
const CONTINUE_TIMEOUT = 1_000;

/** Longest silence on a connection from which something is expected, in milliseconds. */
const PATIENCE = 300_000;

/** One connection of a client: what is sent on it, what comes back, and what of that was to be expected. */
export class ClientConnection implements ConnectionHandler, MessageHandler {
  readonly #client: SimulatedClient;
  readonly #reader = new MessageReader(this);
  #connection: Connection | null = null;
  #script: Script | null = null;
  /** Sent, at least in part, and not answered. */
  readonly #outstanding: RequestPlan[] = [];
  #response: ResponseCheck | null = null;
  /** 1xx responses other than 100 in front of the response that comes. */
  readonly #interim: number[] = [];
  #answered = 0;
  /** Nothing more is sent: the last request said so. */
  #lastSent = false;
  /** The server has said that the connection ends with a response that is complete now. */
  #announced = false;
  /** Its body waits for 100 (Continue). */
  #awaiting: RequestPlan | null = null;
  #thinking = false;
  #fault: ClientFault | null = null;
  /** Bytes after which a fault breaks off the receiving. */
  #receiveBudget = Infinity;
  /** Why nothing that comes counts any more. */
  #givenUp: string | null = null;
  #closed = false;

  constructor(client: SimulatedClient) {
    this.#client = client;
  }

  open(): void {
    const { reactor, remote } = this.#client.setting;
    const connection = reactor.connect(remote, this);
    this.#connection = connection;
    this.#script = new Script(reactor, connection);
    connection.setDeadline(reactor.now + PATIENCE);
  }

  // ---- sending

  onConnected(): void {
    this.#sendMore();
  }

  #sendMore(): void {
    const { plan, ledger } = this.#client.setting;
    while (!this.#lastSent && this.#outstanding.length < plan.pipeline && this.#client.hasNext && !this.#thinking) {
      const request = this.#client.takeNext() as RequestPlan;
      this.#outstanding.push(request);
      this.#script?.add(() => ledger.sent(request), ...this.#stepsOf(request));
      this.#lastSent = !leavesOpen(request);
      if (this.#lastSent) this.#sendGhosts();
    }
    if (plan.halfCloses && !this.#client.hasNext && !this.#lastSent) {
      this.#lastSent = true;
      this.#script?.add(() => this.#connection?.end());
    }
  }

  /** What is sent behind a request that said close; nobody may take it for a request. */
  #sendGhosts(): void {
    const ghost = this.#client.takeGhost();
    if (ghost === null) return;
    this.#outstanding.push(ghost);
    this.#script?.add(...this.#stepsOf(ghost));
  }

  #stepsOf(request: RequestPlan): Step[] {
    const parts =
      request.malformed === null
        ? [requestHead(request), ...requestBody(request)]
        : [Buffer.from(request.malformed.bytes, 'latin1')];
    const fault = this.#client.takeFault(request);
    if (fault !== null) return this.#brokenOff(Buffer.concat(parts), fault);
    const steps: Step[] = request.delay > 0 ? [request.delay] : [];
    for (const [index, part] of parts.entries()) {
      if (index > 0 && request.pause > 0) steps.push(request.pause);
      steps.push(part);
      if (index === 0 && request.expectContinue) steps.push(() => this.#awaitContinue(request));
    }
    return steps;
  }

  #brokenOff(whole: Uint8Array, fault: ClientFault): Step[] {
    if (fault.kind === 'abort') {
      return [
        whole,
        () => {
          this.#receiveBudget = fault.after;
          this.#fault = fault;
        },
      ];
    }
    const misfortune = () => {
      this.#fault = fault;
      this.#lastSent = true;
      this.#script?.hold();
      if (fault.kind === 'end') this.#connection?.end();
    };
    return [whole.subarray(0, Math.min(fault.after, whole.length - 1)), misfortune];
  }

  #awaitContinue(request: RequestPlan): void {
    this.#awaiting = request;
    this.#script?.hold();
    this.#client.setting.reactor.setTimer(CONTINUE_TIMEOUT, () => this.#continue(request));
  }

  #continue(request: RequestPlan): void {
    if (this.#awaiting !== request) return;
    this.#awaiting = null;
    this.#script?.go();
  }

  // ---- receiving

  onHead(head: MessageHead): Framing {
    const { journal, proxied } = this.#client.setting;
    const status = statusOf(head);
    const request = this.#outstanding[0];
    if (this.#announced)
      throw new MalformedMessage(`${JSON.stringify(head.startLine)} behind the response that ended the connection`);
    if (status === 0) throw new MalformedMessage(`${JSON.stringify(head.startLine)} is no status line`);
    if (request === undefined) throw new MalformedMessage(`a response with status ${status} to nothing`);
    if (status < 200) {
      this.#takeInterim(status, request);
      return { kind: 'none' };
    }
    this.#response = new ResponseCheck(request, this.#interim.splice(0), head, journal, proxied);
    return this.#response.framing;
  }

  onBody(bytes: Uint8Array): void {
    this.#response?.onBody(bytes);
  }

  onComplete(): boolean {
    const response = this.#response;
    if (response === null) return true;
    this.#response = null;
    const { journal, strict, proxied } = this.#client.setting;
    const request = this.#outstanding.shift() as RequestPlan;
    this.#client.setting.ledger.ended(request, response.complete());
    this.#answered++;
    if (strict && proxied && response.endsForNothing && !this.#lastSent) {
      journal.violate(`the connection of ${request.id} was ended for no reason`);
    }
    if (response.closes || request.malformed !== null) this.#expectClose();
    else if (this.#awaiting === request) this.#leaveUnsent();
    else if (this.#client.hasNext || this.#outstanding.length > 0) this.#think();
    else if (!this.#client.setting.plan.stays) this.#leave();
    return true;
  }

  #takeInterim(status: number, request: RequestPlan): void {
    const { journal } = this.#client.setting;
    if (status !== 100) this.#interim.push(status);
    if (status === 101) journal.violate(`${request.id} was switched to another protocol`);
    if (request.version === '1.0') journal.violate(`${request.id}, of HTTP/1.0, got a ${status}`);
    if (status === 100) this.#continue(request);
  }

  /** Everything is answered. */
  #leave(): void {
    this.#announced = true;
    this.#script?.add(() => this.#connection?.close());
  }

  /** The final answer came before the body was sent: the connection cannot be used any more without sending it. */
  #leaveUnsent(): void {
    this.#announced = true;
    this.#awaiting = null;
    this.#script?.stop();
    this.#connection?.close();
  }

  #expectClose(): void {
    this.#announced = true;
    this.#lastSent = true;
    this.#script?.stop();
  }

  #think(): void {
    const { plan, reactor } = this.#client.setting;
    if (plan.think === 0) {
      this.#sendMore();
      return;
    }
    this.#thinking = true;
    reactor.setTimer(plan.think, () => {
      this.#thinking = false;
      if (!this.#announced && this.#givenUp === null && !this.#closed) this.#sendMore();
    });
  }

  // ---- the connection

  onReceive(connection: Connection, buffer: number, start: number, end: number): void {
    const { reactor, plan, journal } = this.#client.setting;
    const bytes = reactor.arena.memory.slice(start, end);
    reactor.arena.release(buffer);
    connection.setDeadline(reactor.now + PATIENCE);
    if (this.#givenUp !== null) return;
    this.#receiveBudget -= bytes.length;
    if (this.#receiveBudget <= 0) {
      this.#giveUp('the client went away');
      return;
    }
    if (this.#announced) {
      journal.violate(`${plan.label} got ${bytes.length} bytes behind a response that ended its connection`);
      this.#giveUp('bytes behind the end');
      return;
    }
    this.#read(() => this.#reader.add(bytes));
    if (plan.readPause === 0) return;
    connection.pause();
    reactor.setTimer(plan.readPause, () => connection.resume());
  }

  onSent(): void {
    this.#script?.pump();
  }

  onEnd(connection: Connection): void {
    if (this.#givenUp === null && !this.#announced) this.#read(() => void this.#reader.end());
    connection.close();
  }

  onDeadline(): void {
    const { journal, strict, plan } = this.#client.setting;
    if (strict) journal.violate(`${plan.label} heard nothing for ${PATIENCE} ms`);
    this.#giveUp('nothing came');
  }

  onClosed(_connection: Connection, reason: Closed): void {
    this.#closed = true;
    this.#awaiting = null;
    this.#script?.stop();
    this.#response?.breakOff();
    this.#client.onGone(this.#outstanding, this.#answered, this.#lossOf(reason));
  }

  /** Why the first unanswered request is lost; null when it may be sent again. */
  #lossOf(reason: Closed): string | null {
    if (this.#announced || this.#outstanding.length === 0) return null;
    if (this.#givenUp !== null) return this.#givenUp;
    if (this.#fault !== null) return `after ${this.#fault.kind}`;
    const where = this.#response === null ? '' : ' in the middle of the response';
    return `the connection closed${where} (${reason})`;
  }

  #giveUp(why: string): void {
    this.#givenUp = why;
    this.#script?.stop();
    this.#connection?.abort();
  }

  #read(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      const { journal, plan } = this.#client.setting;
      journal.violate(`${plan.label} was sent a bad response: ${error.message}`);
      this.#giveUp('bad response');
    }
  }
}

/** Whether another request may follow on the connection. */
function leavesOpen(request: RequestPlan): boolean {
  if (request.malformed !== null || request.connection === 'close') return false;
  return request.version === '1.1' || request.connection === 'keep-alive';
}
