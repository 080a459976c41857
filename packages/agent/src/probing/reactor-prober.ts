import type { PlannedHealthCheck } from '@evenkeel/model/plan/objects.ts';
import { NO_BUFFER } from '@evenkeel/proxy/reactor/arena.ts';
import { Closed, type Connection, type ConnectionHandler, type Reactor } from '@evenkeel/proxy/reactor/reactor.ts';
import { LOCAL_V1, LOCAL_V2 } from '@evenkeel/proxy/source-address/proxy-protocol/compose.ts';
import type { FailureReason, ProbeOutcome } from '../health/outcome.ts';
import type { Prober, ProbeTarget, RunningProbe } from '../health/prober.ts';
import { ResponseHeadReader } from '../health/response-head.ts';

export const USER_AGENT = 'evenkeel-health-check';

/** Probes over a reactor. A connection ends with a reset, so that probing leaves no sockets in TIME_WAIT behind. */
export class ReactorProber implements Prober {
  readonly #reactor: Reactor;

  constructor(reactor: Reactor) {
    this.#reactor = reactor;
  }

  probe(target: ProbeTarget, done: (outcome: ProbeOutcome) => void): RunningProbe {
    return new ReactorProbe(this.#reactor, target, done);
  }
}

type Phase = 'connecting' | 'sending' | 'receiving' | 'over';

class ReactorProbe implements RunningProbe, ConnectionHandler {
  readonly #reactor: Reactor;
  readonly #target: ProbeTarget;
  readonly #done: (outcome: ProbeOutcome) => void;
  readonly #connection: Connection;
  readonly #head = new ResponseHeadReader();
  #phase: Phase = 'connecting';

  constructor(reactor: Reactor, target: ProbeTarget, done: (outcome: ProbeOutcome) => void) {
    this.#reactor = reactor;
    this.#target = target;
    this.#done = done;
    this.#connection = reactor.connect(target, this);
    this.#connection.setDeadline(reactor.now + target.check.timeout);
  }

  cancel(): void {
    this.#finish();
  }

  onConnected(connection: Connection): void {
    if (this.#phase !== 'connecting') return;
    const { check, proxyProtocol } = this.#target;
    if (check.protocol === 'tcp' && proxyProtocol === 0) {
      this.#settle({ kind: 'success' });
      return;
    }
    const { arena } = this.#reactor;
    const buffer = arena.acquire();
    if (buffer === NO_BUFFER) {
      this.#settle({ kind: 'inconclusive', detail: 'no buffer is free' });
      return;
    }
    this.#phase = 'sending';
    const start = arena.base(buffer);
    let end = start;
    if (proxyProtocol !== 0) {
      const header = proxyProtocol === 1 ? LOCAL_V1 : LOCAL_V2;
      arena.memory.set(header, start);
      end += header.length;
    }
    if (check.protocol === 'http') end += writeLatin1(arena.memory, end, requestText(this.#target));
    connection.send(buffer, start, end);
  }

  onSent(): void {
    if (this.#phase !== 'sending') return;
    this.#phase = 'receiving';
    if (this.#target.check.protocol === 'tcp') this.#settle({ kind: 'success' });
  }

  onReceive(_: Connection, buffer: number, start: number, end: number): void {
    const { arena } = this.#reactor;
    if (this.#phase === 'sending' || this.#phase === 'receiving') this.#read(arena.memory, start, end);
    arena.release(buffer);
  }

  onEnd(): void {
    this.#fail('RECEIVE_RESPONSE_FAILED', 'the connection ended before the answer did');
  }

  onDeadline(): void {
    const limit = `after ${this.#target.check.timeout} ms`;
    switch (this.#phase) {
      case 'connecting':
        this.#fail('CONNECT_TIMEOUT', `not connected ${limit}`);
        return;
      case 'sending':
        this.#fail('REQUEST_TIMEOUT', `request not taken ${limit}`);
        return;
      case 'receiving':
        this.#fail('RECEIVE_RESPONSE_TIMEOUT', `answer not complete ${limit}`);
        return;
      case 'over':
        return;
    }
  }

  onClosed(_: Connection, reason: Closed): void {
    const detail = DETAILS[reason];
    if (reason === Closed.exhausted) this.#settle({ kind: 'inconclusive', detail });
    else if (this.#phase === 'connecting') {
      this.#fail(reason === Closed.timedOut ? 'CONNECT_TIMEOUT' : 'CONNECT_FAILED', detail);
    } else if (this.#head.started) this.#fail('RECEIVE_RESPONSE_FAILED', detail);
    else if (reason === Closed.reset) this.#fail('CONNECT_INTERRUPT', detail);
    else this.#fail(this.#phase === 'sending' ? 'REQUEST_FAILED' : 'RECEIVE_RESPONSE_FAILED', detail);
  }

  #read(memory: Uint8Array, start: number, end: number): void {
    const progress = this.#head.read(memory, start, end);
    switch (progress.kind) {
      case 'more':
        return;
      case 'malformed':
        this.#fail('RESPONSE_FORMAT_ERROR', progress.detail);
        return;
      case 'complete':
        if (countsAsSuccess(this.#target.check, progress.status)) this.#settle({ kind: 'success' });
        else this.#fail('HTTP_CODE_MISMATCH', `status ${progress.status}`);
    }
  }

  #fail(reason: FailureReason, detail: string): void {
    this.#settle({ kind: 'failure', reason, detail });
  }

  #settle(outcome: ProbeOutcome): void {
    if (this.#phase === 'over') return;
    this.#finish();
    this.#done(outcome);
  }

  #finish(): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#connection.abort();
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

function countsAsSuccess(check: PlannedHealthCheck, status: number): boolean {
  return check.statusRanges.some(([low, high]) => status >= low && status <= high);
}

/** The bytes of the probe's request. Path and host hold visible ASCII only (see plan/entry-shape.ts). */
export function requestText(target: ProbeTarget): string {
  const { check } = target;
  return (
    `${check.method} ${check.path} HTTP/${check.httpVersion}\r\n` +
    `Host: ${check.host === '' ? authority(target) : check.host}\r\n` +
    `User-Agent: ${USER_AGENT}\r\nAccept: */*\r\nConnection: close\r\n\r\n`
  );
}

function authority(target: ProbeTarget): string {
  const host = target.address.includes(':') ? `[${target.address}]` : target.address;
  return target.port === 80 ? host : `${host}:${target.port}`;
}

/** Returns the number of bytes: at most those of path and host, 5 KiB, and some hundred; a buffer has 17 KiB. */
function writeLatin1(memory: Uint8Array, start: number, text: string): number {
  for (let at = 0; at < text.length; at++) memory[start + at] = text.charCodeAt(at);
  return text.length;
}
