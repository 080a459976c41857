import { Socket } from 'node:net';
import type { PlannedHealthCheck } from '@evenkeel/model/plan/objects.ts';
import type { Clock, Timer } from '../clock/clock.ts';
import type { FailureReason, ProbeOutcome } from './outcome.ts';
import type { Prober, ProbeTarget, RunningProbe } from './prober.ts';
import { ResponseHeadReader } from './response-head.ts';

export const USER_AGENT = 'evenkeel-health-check';

/**
 * Where all probes read into: the reader takes what it needs before the callback returns, so one buffer serves them all
 * and a probe allocates none.
 */
const scratch = Buffer.allocUnsafeSlow(4096);

/** Errors by which this node, not the target, is at its end. */
const EXHAUSTED: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EAGAIN']);

/** Probes over `node:net`. A connection ends with a reset, so that probing leaves no sockets in TIME_WAIT behind. */
export class SocketProber implements Prober {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  probe(target: ProbeTarget, done: (outcome: ProbeOutcome) => void): RunningProbe {
    return new SocketProbe(this.#clock, target, done);
  }
}

type Phase = 'connecting' | 'sending' | 'receiving' | 'over';

class SocketProbe implements RunningProbe {
  readonly #check: PlannedHealthCheck;
  readonly #done: (outcome: ProbeOutcome) => void;
  readonly #socket: Socket;
  readonly #timer: Timer;
  readonly #head = new ResponseHeadReader();
  #phase: Phase = 'connecting';

  constructor(clock: Clock, target: ProbeTarget, done: (outcome: ProbeOutcome) => void) {
    this.#check = target.check;
    this.#done = done;
    this.#timer = clock.setTimer(target.check.timeout, () => this.#onTimeout());
    this.#socket = new Socket({ onread: { buffer: scratch, callback: (end) => this.#onBytes(end) } });
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#onError(error));
    this.#socket.on('end', () => this.#fail('RECEIVE_RESPONSE_FAILED', 'the connection ended before the answer did'));
    this.#socket.on('connect', () => this.#onConnect(target));
    this.#socket.connect({ host: target.address, port: target.port });
  }

  cancel(): void {
    this.#finish();
  }

  #onConnect(target: ProbeTarget): void {
    if (this.#phase !== 'connecting') return;
    if (this.#check.protocol === 'tcp') {
      this.#settle({ kind: 'success' });
      return;
    }
    this.#phase = 'sending';
    this.#socket.write(requestText(target), 'latin1', (error) => {
      if (error === undefined || error === null) this.#onSent();
    });
  }

  #onSent(): void {
    if (this.#phase === 'sending') this.#phase = 'receiving';
  }

  #onBytes(end: number): boolean {
    if (this.#phase !== 'sending' && this.#phase !== 'receiving') return false;
    const progress = this.#head.read(scratch, end);
    switch (progress.kind) {
      case 'more':
        return true;
      case 'malformed':
        this.#fail('RESPONSE_FORMAT_ERROR', progress.detail);
        return false;
      case 'complete':
        if (countsAsSuccess(this.#check, progress.status)) this.#settle({ kind: 'success' });
        else this.#fail('HTTP_CODE_MISMATCH', `status ${progress.status}`);
        return false;
    }
  }

  #onTimeout(): void {
    const limit = `after ${this.#check.timeout} ms`;
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

  #onError(error: NodeJS.ErrnoException): void {
    const code = error.code ?? error.message;
    if (EXHAUSTED.has(code)) {
      this.#settle({ kind: 'inconclusive', detail: code });
    } else if (this.#phase === 'connecting') {
      if (code === 'ETIMEDOUT') this.#fail('CONNECT_TIMEOUT', code);
      else this.#fail('CONNECT_FAILED', code);
    } else if (this.#head.started) {
      this.#fail('RECEIVE_RESPONSE_FAILED', code);
    } else if (code === 'ECONNRESET') {
      this.#fail('CONNECT_INTERRUPT', code);
    } else {
      this.#fail(this.#phase === 'sending' ? 'REQUEST_FAILED' : 'RECEIVE_RESPONSE_FAILED', code);
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
    this.#timer.cancel();
    // Node would wait for a connection that is not up yet before it resets it.
    if (this.#socket.connecting) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }
}

function countsAsSuccess(check: PlannedHealthCheck, status: number): boolean {
  return check.statusRanges.some(([low, high]) => status >= low && status <= high);
}

/** The bytes of the probe's request. Path and host hold visible ASCII only (see plan/schema.ts). */
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
