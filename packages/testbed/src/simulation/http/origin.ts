import type {
  Closed,
  Connection,
  ConnectionHandler,
  ListeningSocket,
  Reactor,
} from '@evenkeel/proxy/reactor/reactor.ts';
import type { Journal } from '../journal.ts';
import { PatternCheck } from '../pattern.ts';
import { Script, type Step } from '../script.ts';
import type { HttpLedger } from './ledger.ts';
import {
  declaredFraming,
  type Framing,
  fieldOf,
  hasConnectionOption,
  MalformedMessage,
  type MessageHandler,
  type MessageHead,
  MessageReader,
} from './message-reader.ts';
import { delayOf, faultOf, type Mood, UNABLE } from './mood.ts';
import { bodyLength, type OriginFault, type OriginPlan, type RequestPlan } from './plan.ts';
import { ToldConnection } from './told-connection.ts';
import { HOST, interimHead, requestBodyKey, requestTarget, responseBody, responseHead } from './wire.ts';

/** How long an origin that closes lets a sender finish, in milliseconds. */
const LINGER = 5_000;

/** How long the beginning of a response that breaks off has to reach somebody, in milliseconds. */
const MISFORTUNE_DELAY = 500;

/** Responses that no client may get to see. */
const GARBAGE = [
  'HTTP/1.1 2x0 OK\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!',
  'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n',
  'HTTP/1.1 200 OK\r\nBad Name: x\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  'SSH-2.0-OpenSSH_9.2\r\n',
] as const;

export interface OriginSetting {
  readonly reactor: Reactor;
  readonly plan: OriginPlan;
  readonly ledger: HttpLedger;
  readonly journal: Journal;
  /** Address that a client's requests come from, when something in between has to say so; null: nothing is. */
  readonly forwardedFor: ((request: RequestPlan) => string) | null;
  /** How connections tell of the one client that they carry requests of; null: they do not. */
  readonly told: Told | null;
  /** The mood that it is in now; null: it does as planned. Always so when not said. */
  readonly mood?: () => Mood | null;
}

/** How a connection to an origin tells whom it was made for. */
export type Told = 'proxy-header' | 'source-address';

/** An HTTP server that does with each request what the request's plan says, and checks what it was sent. */
export class SimulatedOrigin {
  readonly #setting: OriginSetting;
  readonly #connections: Connection[] = [];
  #socket: ListeningSocket | null = null;

  constructor(setting: OriginSetting) {
    this.#setting = setting;
  }

  listen(): void {
    const { reactor, plan, journal } = this.#setting;
    this.#socket = reactor.listen(
      { address: plan.address, port: plan.port, backlog: 128, reusePort: false },
      {
        onListening() {},
        onAccept: (connection) => {
          this.#connections.push(connection);
          connection.handler = handlerOf(this.#setting, connection);
        },
        onFailed: (_socket, error) => journal.violate(`origin ${plan.label}: ${error.message}`),
      },
    );
  }

  /** As a process that is killed: nobody listens, and all connections are reset. It may listen again. */
  kill(): void {
    this.#socket?.close();
    this.#socket = null;
    for (const connection of this.#connections.splice(0)) connection.abort();
  }
}

function handlerOf(setting: OriginSetting, connection: Connection): ConnectionHandler {
  const { reactor, journal, plan, told } = setting;
  const origin = new OriginConnection(setting, connection);
  if (told === 'source-address') origin.client = connection.remoteAddress;
  if (told !== 'proxy-header') return origin;
  const { arena } = reactor;
  return new ToldConnection(
    arena.memory,
    (buffer) => arena.release(buffer),
    origin,
    () => journal.violate(`a connection to ${plan.label} begins with no PROXY header`),
  );
}

class OriginConnection implements ConnectionHandler, MessageHandler {
  /** Whom the connection was made for; null: anybody. */
  client: string | null = null;
  readonly #setting: OriginSetting;
  readonly #connection: Connection;
  readonly #script: Script;
  readonly #reader = new MessageReader(this);
  #request: RequestPlan | null = null;
  #body = new PatternCheck('');
  #responding = false;
  #closing = false;

  constructor(setting: OriginSetting, connection: Connection) {
    this.#setting = setting;
    this.#connection = connection;
    this.#script = new Script(setting.reactor, connection);
  }

  // ---- reading

  onHead(head: MessageHead): Framing {
    this.#connection.setDeadline(0);
    const request = this.#identify(head);
    this.#request = request;
    this.#body = new PatternCheck(requestBodyKey(request.id));
    this.#setting.ledger.seen(request, this.#setting.plan.label);
    this.#checkHead(head, request);
    const framing = declaredFraming(head) ?? { kind: 'none' };
    if (request.response.early) this.#respond(request);
    else if (fieldOf(head, 'expect')?.toLowerCase() === '100-continue') this.#script.add(interimHead(100));
    return framing;
  }

  onBody(bytes: Uint8Array): void {
    this.#body.add(bytes);
  }

  onComplete(): boolean {
    const request = this.#request as RequestPlan;
    if (request.malformed !== null)
      this.#setting.journal.violate(`${request.id} (${request.malformed.name}) came whole`);
    const fault = this.#body.fault(bodyLength(request.body));
    if (fault !== null) this.#setting.journal.violate(`body of ${request.id} at its origin: ${fault}`);
    this.#request = null;
    if (request.response.early) return !this.#responding;
    this.#respond(request);
    return false;
  }

  #identify(head: MessageHead): RequestPlan {
    const id = fieldOf(head, 'x-request-id');
    const request = id === null ? null : this.#setting.ledger.find(id);
    if (request === null) throw new MalformedMessage(`nobody sent ${JSON.stringify(head.startLine)}`);
    return request;
  }

  #checkHead(head: MessageHead, request: RequestPlan): void {
    const { forwardedFor } = this.#setting;
    if (request.malformed !== null) return;
    const version = forwardedFor === null ? request.version : '1.1';
    const expected = `${request.method} ${requestTarget(request)} HTTP/${version}`;
    this.#expect(request, 'request line', head.startLine, expected);
    this.#expect(request, 'Host', fieldOf(head, 'host'), HOST);
    for (const [name, value] of request.headers) this.#expect(request, name, fieldOf(head, name.toLowerCase()), value);
    if (forwardedFor === null) return;
    // What clients without trust say of themselves does not go on.
    this.#expect(request, 'X-Forwarded-For', fieldOf(head, 'x-forwarded-for'), forwardedFor(request));
    if (this.client !== null) this.#expect(request, 'the connection', this.client, forwardedFor(request));
    // The origin may answer as if nothing had been asked; a request with a body is passed on without asking.
    const { framing } = request.body;
    const asks = request.upgrade && (framing === 'none' || (framing === 'length' && request.body.length === 0));
    this.#expect(request, 'Upgrade', fieldOf(head, 'upgrade'), asks ? 'websocket' : null);
    this.#expect(request, 'X-Hop', fieldOf(head, 'x-hop'), null);
    if (hasConnectionOption(head, 'x-hop')) this.#setting.journal.violate(`Connection of ${request.id} was passed on`);
  }

  #expect(request: RequestPlan, what: string, seen: string | null, expected: string | null): void {
    if (seen === expected) return;
    const cut = (value: string | null) => (value === null ? 'nothing' : JSON.stringify(value.slice(0, 80)));
    this.#setting.journal.violate(`${what} of ${request.id} at its origin: ${cut(seen)} instead of ${cut(expected)}`);
  }

  // ---- answering

  #respond(request: RequestPlan): void {
    const { response } = request;
    this.#responding = true;
    const { label } = this.#setting.plan;
    const mood = this.#setting.mood?.() ?? null;
    // Even no delay is a wait, so that nothing is answered from inside the reader.
    const steps: Step[] = [response.delay + delayOf(mood)];
    if (mood?.kind === 'unable') {
      this.#script.add(...steps, UNABLE, () => this.#responded(request));
      return;
    }
    const pause = response.pause > 0 ? [response.pause] : [];
    if (request.version === '1.1') for (const status of response.interim) steps.push(interimHead(status), ...pause);
    const parts = [responseHead(request, label, this.#body.length), ...responseBody(request)];
    steps.push(...this.#partSteps(parts, faultOf(mood) ?? response.fault, pause));
    this.#script.add(...steps, () => this.#responded(request));
  }

  #partSteps(parts: readonly Uint8Array[], fault: OriginFault | null, pause: readonly Step[]): Step[] {
    if (fault === null) return parts.flatMap((part) => [part, ...pause]);
    switch (fault.kind) {
      case 'garbage':
        return [Buffer.from(GARBAGE[fault.after % GARBAGE.length] as string), () => this.#leave()];
      case 'reset':
      case 'end':
      case 'stall':
        return this.#brokenOff(parts, fault.after, fault.kind);
    }
  }

  /** The first bytes of a response, and then a misfortune that lets nothing follow. */
  #brokenOff(parts: readonly Uint8Array[], after: number, kind: 'reset' | 'end' | 'stall'): Step[] {
    const misfortune = () => {
      this.#script.hold();
      if (kind === 'reset') this.#connection.abort();
      if (kind === 'end') this.#leave();
    };
    const whole = Buffer.concat(parts);
    // At least the last byte is missing, or it would be no misfortune.
    return [whole.subarray(0, Math.min(after, whole.length - 1)), MISFORTUNE_DELAY, misfortune];
  }

  #responded(request: RequestPlan): void {
    this.#responding = false;
    const { ending, body } = request.response;
    if (ending === 'announced' || body.framing === 'close' || hasNoKeepAlive(request, this.#setting)) {
      this.#leave();
    } else if (ending === 'silent') {
      this.#closing = true;
      this.#connection.close();
    } else {
      this.#rest();
      this.#read(() => this.#reader.resume());
    }
  }

  #leave(): void {
    this.#closing = true;
    this.#connection.closeLingering(LINGER);
  }

  /** Waits for the next request. */
  #rest(): void {
    const { reactor, plan } = this.#setting;
    this.#connection.setDeadline(reactor.now + plan.idleTimeout);
  }

  // ---- the connection

  onConnected(): void {}

  onReceive(connection: Connection, buffer: number, start: number, end: number): void {
    const { reactor, plan } = this.#setting;
    const bytes = reactor.arena.memory.slice(start, end);
    reactor.arena.release(buffer);
    this.#read(() => this.#reader.add(bytes));
    if (plan.readPause === 0) return;
    connection.pause();
    reactor.setTimer(plan.readPause, () => connection.resume());
  }

  onSent(): void {
    this.#script.pump();
  }

  onEnd(connection: Connection): void {
    this.#reader.end();
    // What is under way is still answered; between requests there is nothing left to do.
    if (!this.#responding && !this.#closing) connection.close();
  }

  onDeadline(connection: Connection): void {
    if (this.#reader.insideMessage || this.#responding) return;
    this.#closing = true;
    connection.close();
  }

  onClosed(_connection: Connection, _reason: Closed): void {
    this.#script.stop();
  }

  #read(act: () => void): void {
    if (this.#closing) return;
    try {
      act();
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.#setting.journal.violate(`origin ${this.#setting.plan.label} was sent a bad request: ${error.message}`);
      this.#closing = true;
      this.#connection.abort();
    }
  }
}

/** Without anything in between, the client's own wish counts. */
function hasNoKeepAlive(request: RequestPlan, setting: OriginSetting): boolean {
  if (setting.forwardedFor !== null) return false;
  return request.connection === 'close' || request.version === '1.0';
}
