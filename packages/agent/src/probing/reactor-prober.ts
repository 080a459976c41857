import type { PlannedAuthority } from '@evenkeel/model/plan/tls.ts';
import { NO_BUFFER } from '@evenkeel/proxy/reactor/arena.ts';
import {
  Closed,
  type Connection,
  type ConnectionHandler,
  type Endpoint,
  type Reactor,
} from '@evenkeel/proxy/reactor/reactor.ts';
import type { FailureReason, ProbeOutcome } from '../health/outcome.ts';
import type { ProbeHistory } from '../health/probe-history.ts';
import type { Probe, Prober, ProbeTarget } from '../health/prober.ts';
import type { AnswerReader } from './answers/answer.ts';
import { AnswerPools } from './answers/answer-pool.ts';
import { ProbeTls } from './probe-tls.ts';
import { type ProbeScript, scriptFor } from './script.ts';

/** Connections that are left open between probes, of all targets; each holds a descriptor. Beyond them, none is kept. */
const KEPT = 10_000;

/** How many connections are kept, for all probes of a prober. */
interface KeptCount {
  kept: number;
}

/** A reactor that can also exchange datagrams with one peer, as if with a connection. */
export interface ProbingReactor extends Reactor {
  connectDatagram(remote: Endpoint, handler: ConnectionHandler): Connection;
}

/** Probes over a reactor. A connection ends with a reset, so that probing leaves no sockets in TIME_WAIT behind. */
export class ReactorProber implements Prober {
  readonly #tls: ProbeTls;
  readonly #reactor: ProbingReactor;
  readonly #count: KeptCount = { kept: 0 };
  readonly #pools = new AnswerPools();

  constructor(reactor: ProbingReactor) {
    this.#reactor = reactor;
    this.#tls = new ProbeTls(reactor.arena);
  }

  prepare(target: ProbeTarget): Probe {
    return new ReactorProbe(this.#reactor, this.#tls, this.#count, target, scriptFor(target, this.#pools));
  }

  setAuthority(id: string, planned: PlannedAuthority | null): void {
    this.#tls.setAuthority(id, planned);
  }
}

type Phase = 'idle' | 'connecting' | 'shaking-hands' | 'sending' | 'receiving';

class ReactorProbe implements Probe, ConnectionHandler {
  readonly request: Uint8Array;
  readonly #reactor: ProbingReactor;
  readonly #tls: ProbeTls;
  readonly #target: ProbeTarget;
  readonly #script: ProbeScript;
  /** What goes out first in the clear: all there is to say, or what has to be in front of TLS. */
  readonly #opening: Uint8Array;
  readonly #up: ProbeOutcome;
  readonly #count: KeptCount;
  /** Left open by the last probe, which succeeded; null: the next one makes its own. */
  #kept: Connection | null = null;
  /** Probes that the connection has carried. */
  #carried = 0;
  #reusing = false;
  #history: ProbeHistory | null = null;
  /** Reads the answer of the exchange under way. */
  #answer: AnswerReader | null = null;
  #done: ((outcome: ProbeOutcome) => void) | null = null;
  #connection: Connection | null = null;
  #phase: Phase = 'idle';
  #answered = false;

  constructor(reactor: ProbingReactor, tls: ProbeTls, count: KeptCount, target: ProbeTarget, script: ProbeScript) {
    this.#reactor = reactor;
    this.#count = count;
    this.#tls = tls;
    this.#target = target;
    this.#script = script;
    this.request = target.check.tls === null ? Buffer.concat([script.preamble, script.request]) : script.request;
    this.#opening = target.check.tls === null ? this.request : script.preamble;
    const up = target.check.tls === null ? 'the connection was made' : 'the TLS handshake was done';
    this.#up = { kind: 'success', detail: script.request.length === 0 ? up : `${up} and the request sent` };
  }

  start(history: ProbeHistory, done: (outcome: ProbeOutcome) => void): void {
    this.#history = history;
    this.#done = done;
    this.#answered = false;
    this.#answer = this.#script.answers?.take() ?? null;
    const kept = this.#takeKept();
    this.#reusing = kept !== null;
    this.#phase = 'connecting';
    const connection = kept ?? this.#connect();
    this.#connection = connection;
    connection.setDeadline(this.#reactor.now + this.#target.check.timeout);
    if (kept === null) this.#carried = 0;
    else this.#ask(kept);
  }

  cancel(): void {
    this.#finish(false);
    this.#takeKept()?.abort();
  }

  onConnected(connection: Connection): void {
    if (this.#isCurrent(connection)) this.#ask(connection);
  }

  #ask(connection: Connection): void {
    this.#carried++;
    this.#history?.connected(this.#reactor.now, this.#reusing);
    const { request } = this.#script;
    // In the clear, the preamble goes out with the first request.
    const bytes = this.#target.check.tls === null && !this.#reusing ? this.#opening : request;
    if (bytes.length > 0) {
      this.#phase = 'sending';
      if (this.#send(connection, bytes)) this.#history?.sent(bytes.length);
      else this.#settle({ kind: 'inconclusive', detail: 'no buffer is free' });
    } else if (this.#answer === null) this.#settle(this.#up);
    else this.#phase = 'receiving';
  }

  onSent(connection: Connection): void {
    if (!this.#isCurrent(connection) || this.#phase !== 'sending') return;
    this.#phase = 'receiving';
    if (this.#answer === null) this.#settle(this.#up);
  }

  onReceive(connection: Connection, buffer: number, start: number, end: number): void {
    const { arena } = this.#reactor;
    const answer = this.#answer;
    // Nothing has been asked: what speaks now does not keep to the protocol.
    if (connection === this.#kept) this.#takeKept()?.abort();
    if (this.#isCurrent(connection) && answer !== null) {
      this.#answered = true;
      this.#history?.received(arena.memory, start, end, this.#reactor.now);
      const verdict = answer.read(arena.memory, start, end);
      if (verdict !== null) this.#settle(verdict);
      else this.#reply(connection, answer.reply());
    }
    arena.release(buffer);
  }

  onEnd(connection: Connection): void {
    if (connection === this.#kept) this.#takeKept()?.abort();
    if (!this.#isCurrent(connection) || this.#askedAnew()) return;
    const verdict = this.#answer?.ended() ?? null;
    if (verdict !== null) this.#settle(verdict);
    else this.#fail('RECEIVE_RESPONSE_FAILED', 'the connection ended before the answer did');
  }

  onDeadline(connection: Connection): void {
    if (!this.#isCurrent(connection)) return;
    const limit = `after ${this.#target.check.timeout} ms`;
    switch (this.#phase) {
      case 'connecting':
        this.#fail('CONNECT_TIMEOUT', `not connected ${limit}`);
        return;
      case 'shaking-hands':
        this.#fail('CONNECT_TIMEOUT', `the TLS handshake was not done ${limit}`);
        return;
      case 'sending':
        this.#fail('REQUEST_TIMEOUT', `request not taken ${limit}`);
        return;
      case 'receiving':
        if (this.#script.silenceIsGood) this.#settle({ kind: 'success', detail: `no error came back ${limit}` });
        else this.#fail('RECEIVE_RESPONSE_TIMEOUT', `answer not complete ${limit}`);
        return;
      case 'idle':
        return;
    }
  }

  onClosed(connection: Connection, reason: Closed): void {
    if (connection === this.#kept) this.#takeKept();
    if (!this.#isCurrent(connection) || this.#askedAnew()) return;
    const detail = DETAILS[reason];
    if (reason === Closed.exhausted) this.#settle({ kind: 'inconclusive', detail });
    else if (reason === Closed.handshake) this.#fail('TLS_HANDSHAKE_FAILED', failureOf(connection) || detail);
    else if (this.#script.transport === 'udp') this.#fail('CONNECT_FAILED', `ICMP: ${detail}`);
    else if (this.#phase === 'connecting') {
      this.#fail(reason === Closed.timedOut ? 'CONNECT_TIMEOUT' : 'CONNECT_FAILED', detail);
    } else if (this.#phase === 'shaking-hands') this.#fail('TLS_HANDSHAKE_FAILED', detail);
    else if (this.#answered) this.#fail('RECEIVE_RESPONSE_FAILED', detail);
    else if (reason === Closed.reset) this.#fail('CONNECT_INTERRUPT', detail);
    else this.#fail(this.#phase === 'sending' ? 'REQUEST_FAILED' : 'RECEIVE_RESPONSE_FAILED', detail);
  }

  /** The connection that was left open, which is nobody's then; null when there is none, or when it has carried its share. */
  #takeKept(): Connection | null {
    const kept = this.#kept;
    if (kept === null) return null;
    this.#kept = null;
    this.#count.kept--;
    return kept;
  }

  /**
   * A target may end a connection that was left open at any time, the moment in which it is used again included: that says
   * nothing about it, and the same probe goes on over a new connection.
   */
  #askedAnew(): boolean {
    if (!this.#reusing || this.#answered) return false;
    this.#reusing = false;
    this.#carried = 0;
    this.#phase = 'connecting';
    this.#connection?.abort();
    this.#connection = this.#connect();
    this.#connection.setDeadline(this.#reactor.now + this.#target.check.timeout);
    return true;
  }

  #connect(): Connection {
    const { check } = this.#target;
    if (this.#script.transport === 'udp') return this.#reactor.connectDatagram(this.#target, this);
    if (check.tls === null) return this.#reactor.connect(this.#target, this);
    const tls = this.#tls.settingsFor(check.tls, this.#script.alpn);
    return tls.connect(this.#reactor, tls.nameFor('', this.#target.address), (secure) => this.#open(secure), this);
  }

  /** The connection beneath TLS. */
  #open(secure: ConnectionHandler): Connection {
    const raw = this.#reactor.connect(this.#target, new Noticed(secure, () => this.#connectedInTheClear()));
    // Without it the target would take the handshake for something else.
    if (this.#opening.length > 0 && !this.#send(raw, this.#opening)) raw.abort();
    return raw;
  }

  #connectedInTheClear(): void {
    if (this.#phase === 'connecting') this.#phase = 'shaking-hands';
  }

  #reply(connection: Connection, bytes: Uint8Array | null): void {
    if (bytes !== null && this.#send(connection, bytes)) this.#history?.sent(bytes.length);
  }

  /** False: no buffer is free. A request has at most 5 KiB and some hundred bytes; a buffer has 17 KiB. */
  #send(connection: Connection, bytes: Uint8Array): boolean {
    const { arena } = this.#reactor;
    const buffer = arena.acquire();
    if (buffer === NO_BUFFER) return false;
    const start = arena.base(buffer);
    arena.memory.set(bytes, start);
    connection.send(buffer, start, start + bytes.length);
    return true;
  }

  /** A connection may be told of as gone when the next probe has begun. */
  #isCurrent(connection: Connection): boolean {
    return this.#phase !== 'idle' && connection === this.#connection;
  }

  #fail(reason: FailureReason, detail: string): void {
    this.#settle({ kind: 'failure', reason, detail });
  }

  #settle(outcome: ProbeOutcome): void {
    const done = this.#done;
    const { checksPerConnection } = this.#target.check;
    const keep = outcome.kind === 'success' && this.#carried < checksPerConnection && this.#answer?.whole === true;
    this.#finish(keep && this.#count.kept < KEPT);
    done?.(outcome);
  }

  #finish(keep: boolean): void {
    const connection = this.#connection;
    this.#phase = 'idle';
    this.#connection = null;
    this.#history = null;
    this.#done = null;
    if (this.#answer !== null) this.#script.answers?.giveBack(this.#answer);
    this.#answer = null;
    if (!keep || connection === null) {
      connection?.abort();
      return;
    }
    connection.setDeadline(0);
    this.#kept = connection;
    this.#count.kept++;
  }
}

const DETAILS: Readonly<Record<Closed, string>> = {
  [Closed.local]: 'closed here',
  [Closed.finished]: 'the connection has ended',
  [Closed.reset]: 'ECONNRESET',
  [Closed.refused]: 'ECONNREFUSED',
  [Closed.unreachable]: 'there is no way to the address',
  [Closed.timedOut]: 'ETIMEDOUT',
  [Closed.exhausted]: 'no descriptor, memory or local port is left',
  [Closed.failed]: 'the system reported an error',
  [Closed.handshake]: 'TLS did not come about',
};

/** What OpenSSL says of a handshake that failed. */
function failureOf(connection: Connection): string {
  return 'failure' in connection && typeof connection.failure === 'string' ? connection.failure : '';
}

/** Passes everything on, and notices when the connection is up. */
class Noticed implements ConnectionHandler {
  readonly #handler: ConnectionHandler;
  readonly #connected: () => void;

  constructor(handler: ConnectionHandler, connected: () => void) {
    this.#handler = handler;
    this.#connected = connected;
  }

  onConnected(connection: Connection): void {
    this.#connected();
    // From here on, TLS is told directly.
    connection.handler = this.#handler;
    this.#handler.onConnected(connection);
  }

  onReceive(connection: Connection, buffer: number, start: number, end: number): void {
    this.#handler.onReceive(connection, buffer, start, end);
  }

  onSent(connection: Connection): void {
    this.#handler.onSent(connection);
  }

  onEnd(connection: Connection): void {
    this.#handler.onEnd(connection);
  }

  onDeadline(connection: Connection): void {
    this.#handler.onDeadline(connection);
  }

  onClosed(connection: Connection, reason: Closed): void {
    this.#handler.onClosed(connection, reason);
  }
}
