import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { REVOKED_CLOSE } from '@evenkeel/model/plan/membership.ts';
import { type FromAgent, LEADER_FINGERPRINT_HEADER, LEADER_HEADER } from '@evenkeel/model/plan/stream.ts';
import { type OwnCertificate, type TlsTrust, trustedConnection } from '@evenkeel/model/tls-trust.ts';
import type { Logger } from 'pino';
import { type RawData, WebSocket } from 'ws';
import type { Clock, Random, Timer } from '../clock/clock.ts';
import { Backoff } from './backoff.ts';

/** Milliseconds between heartbeats, and of silence after which the stream counts as dead. */
export const HEARTBEAT = 5_000;
export const SILENCE = 15_000;
/** Bytes of one message from the control plane: a snapshot of 100,000 targets, or of all the certificates there may be. */
const LARGEST_MESSAGE = 160 * 1024 * 1024;
/** Bytes that may wait to be sent before the stream counts as congested. */
const CONGESTED = 1024 * 1024;
const HANDSHAKE_TIMEOUT = 5_000;
/** Characters of an answer that says why there is no stream. */
const LARGEST_PROBLEM = 16_384;
/** An open stream that lasts this long ends the back-off. */
const STABLE = 1_000;

export interface StreamCredential {
  /** The token that nodes share; null: the node has a certificate. */
  readonly token: string | null;
  /** That certificate with its key. */
  readonly own?: OwnCertificate;
  /** Which server is the right one, where that has a certificate. */
  readonly trust: TlsTrust;
}

export interface StreamClientOptions {
  /** Addresses of control planes, http or https, of which one leads: they are tried in turn. */
  readonly urls: readonly string[];
  /** What the two sides know each other by, read anew for every attempt; rejects with a sentence when there is none. */
  readonly readCredential: () => Promise<StreamCredential>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** The first message of a stream. */
  readonly hello: () => FromAgent;
  /** What is said now and then, so that both sides know of each other. */
  readonly heartbeat: () => FromAgent;
  /** The stream is open, from this address of ours, and `hello` is sent. */
  readonly onOpen: (localAddress: string) => void;
  readonly onFrame: (frame: string) => void;
  /** The control plane has let the node in, or refused what it came with. */
  readonly onAdmission?: (isAdmitted: boolean) => void;
  /** The control plane has said that this node was revoked. */
  readonly onRevoked?: () => void;
  /** An attempt to connect has failed, or the stream is lost; `missing`: what there would have to be for one. */
  readonly onUnreachable?: (missing: 'credential' | 'control-plane') => void;
  /** The stream takes messages again, or may do so. */
  readonly onWritable: () => void;
}

type State =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'connecting'; readonly socket: WebSocket | null }
  | { readonly kind: 'open'; readonly socket: WebSocket; readonly since: number }
  | { readonly kind: 'stopped' };

/** Keeps one WebSocket to the control plane open, for ever: reconnects, keeps it alive, notices when it is dead. */
export class StreamClient {
  readonly #options: StreamClientOptions;
  readonly #backoff: Backoff;
  /** Which of the addresses is tried. */
  #turn = 0;
  /** Where a control plane that does not lead has sent us. */
  #sentTo: Leader | null = null;
  #state: State = { kind: 'waiting' };
  #timer: Timer | null = null;
  #lastHeard = 0;
  #connects = 0;
  #complaint = '';

  constructor(options: StreamClientOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.random);
  }

  get isOpen(): boolean {
    return this.#state.kind === 'open';
  }

  /** Streams that have been opened so far. */
  get connects(): number {
    return this.#connects;
  }

  start(): void {
    void this.#connect();
  }

  /** False when the stream is closed or more than 1 MiB waits on it; the message is not sent then. */
  send(message: FromAgent): boolean {
    if (this.#state.kind !== 'open' || this.#state.socket.bufferedAmount > CONGESTED) return false;
    this.#state.socket.send(JSON.stringify(message));
    return true;
  }

  /** Gives an open stream up for a new one, which begins with what this node has: for when it has missed something. */
  reopen(reason: string): void {
    if (this.#state.kind !== 'open') return;
    const { socket } = this.#state;
    this.#lost(reason);
    socket.terminate();
  }

  /** Closes for good. */
  stop(): void {
    const state = this.#state;
    this.#become({ kind: 'stopped' });
    if (state.kind === 'open') state.socket.close(1001, 'node is stopping');
    else if (state.kind === 'connecting') state.socket?.terminate();
  }

  async #connect(): Promise<void> {
    const connecting: State = { kind: 'connecting', socket: null };
    this.#become(connecting);
    let credential: StreamCredential;
    try {
      credential = await this.#options.readCredential();
    } catch (error) {
      if (this.#state === connecting) this.#lost((error as Error).message, 'credential');
      return;
    }
    if (this.#state !== connecting) return;
    const trust = trustIn(credential.trust, this.#sentTo);
    const endpoint = endpointOf(this.#url);
    const socket = new WebSocket(endpoint, {
      headers: credential.token === null ? {} : { authorization: `Bearer ${credential.token}` },
      ...(endpoint.startsWith('wss:') && { createConnection: trustedConnection(trust, credential.own) as never }),
      maxPayload: LARGEST_MESSAGE,
      perMessageDeflate: false,
      followRedirects: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT,
    });
    this.#become({ kind: 'connecting', socket });
    this.#listen(socket);
  }

  #listen(socket: WebSocket): void {
    const mine = (): boolean => 'socket' in this.#state && this.#state.socket === socket;
    let fault = '';
    let local = '';
    socket.on('upgrade', (response) => {
      local = response.socket.localAddress ?? '';
    });
    socket.on('open', () => {
      if (mine()) this.#opened(socket, local);
    });
    socket.on('message', (data, isBinary) => {
      if (!mine()) return;
      this.#lastHeard = this.#options.clock.now();
      if (isBinary) this.#options.log.warn('a binary frame from the control plane is passed over');
      else this.#options.onFrame(textOf(data));
    });
    for (const event of ['ping', 'pong'] as const) {
      socket.on(event, () => {
        if (mine()) this.#lastHeard = this.#options.clock.now();
      });
    }
    let leader: Leader | null = null;
    let missing: 'credential' | 'control-plane' = 'control-plane';
    socket.on('unexpected-response', (_, response) => {
      fault = explain(new Error(`Unexpected server response: ${response.statusCode}`));
      leader = leaderIn(response.headers);
      if (response.statusCode === 401 || response.statusCode === 403) {
        missing = 'credential';
        this.#options.onAdmission?.(false);
      }
      void problemOf(response).then(({ code, detail }) => {
        fault = detail ?? fault;
        if (code === 'node-revoked' && mine()) this.#options.onRevoked?.();
        response.destroy();
        socket.terminate();
      });
    });
    socket.on('error', (error) => {
      fault ||= explain(error);
    });
    socket.on('close', (code, reason) => {
      if (code === REVOKED_CLOSE && mine()) this.#options.onRevoked?.();
      if (mine()) this.#lost(fault || `closed with ${code} ${reason.toString('utf8')}`.trimEnd(), missing, leader);
    });
  }

  #opened(socket: WebSocket, localAddress: string): void {
    const { clock, log, hello, onOpen, onAdmission } = this.#options;
    onAdmission?.(true);
    this.#connects++;
    this.#complaint = '';
    this.#lastHeard = clock.now();
    this.#become({ kind: 'open', socket, since: clock.now() });
    log.info({ url: this.#url }, 'connected to the control plane');
    socket.send(JSON.stringify(hello()));
    this.#beatLater();
    onOpen(localAddress);
  }

  #beatLater(): void {
    this.#timer = this.#options.clock.setTimer(HEARTBEAT, () => {
      if (this.#state.kind !== 'open') return;
      const { socket } = this.#state;
      const silence = this.#options.clock.now() - this.#lastHeard;
      if (silence >= SILENCE) {
        this.#options.log.warn({ silence }, 'the control plane has gone silent; connecting anew');
        socket.terminate();
        return;
      }
      socket.ping();
      this.send(this.#options.heartbeat());
      this.#options.onWritable();
      this.#beatLater();
    });
  }

  /** `leader`: where to try next, if the control plane has said so. */
  #lost(reason: string, missing: 'credential' | 'control-plane' = 'control-plane', leader: Leader | null = null): void {
    const { clock, log, onUnreachable } = this.#options;
    const before = this.#state;
    if (before.kind === 'open' && clock.now() - before.since >= STABLE) this.#backoff.reset();
    const wait = this.#backoff.next();
    // Once per reason: a control plane that is away for a night must not fill the log.
    if (reason !== this.#complaint) {
      log.warn({ url: this.#url, reason }, 'no stream to the control plane; what is served stays as it is');
    }
    this.#complaint = reason;
    // From the leader that a follower has named, back to the addresses that are known.
    if (leader === null && this.#sentTo === null && before.kind !== 'open') this.#turn++;
    this.#sentTo = leader;
    this.#become({ kind: 'waiting' });
    this.#timer = clock.setTimer(wait, () => void this.#connect());
    onUnreachable?.(missing);
  }

  get #url(): string {
    const { urls } = this.#options;
    return this.#sentTo?.url ?? urls[this.#turn % urls.length]!;
  }

  #become(state: State): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#state = state;
  }
}

/** What the control plane says about its refusal, as far as it can be read. */
interface Problem {
  readonly code: string | null;
  readonly detail: string | null;
}

const NO_PROBLEM: Problem = { code: null, detail: null };

/** See RFC 9457. */
async function problemOf(response: IncomingMessage): Promise<Problem> {
  let text = '';
  try {
    for await (const part of response) {
      text += String(part);
      if (text.length > LARGEST_PROBLEM) return NO_PROBLEM;
    }
    const { code, detail } = JSON.parse(text) as { readonly code?: unknown; readonly detail?: unknown };
    return { code: typeof code === 'string' ? code : null, detail: typeof detail === 'string' ? detail : null };
  } catch {
    return NO_PROBLEM;
  }
}

/** Where a control plane says that the leader is, and the certificate that it shows there. */
interface Leader {
  readonly url: string;
  readonly fingerprint: string | null;
}

/** A leader may show another certificate than the follower that has named it was told of. */
function trustIn(trust: TlsTrust, leader: Leader | null): TlsTrust {
  return leader?.fingerprint
    ? { ...trust, fingerprint: [leader.fingerprint, ...[trust.fingerprint ?? []].flat()] }
    : trust;
}

function leaderIn(headers: IncomingHttpHeaders): Leader | null {
  const [url, fingerprint] = [headers[LEADER_HEADER], headers[LEADER_FINGERPRINT_HEADER]];
  if (typeof url !== 'string' || !/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return null;
  return { url, fingerprint: typeof fingerprint === 'string' ? fingerprint : null };
}

function endpointOf(address: string): string {
  const url = new URL('/agent/v1/stream', address);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return data instanceof ArrayBuffer ? Buffer.from(data).toString('utf8') : data.toString('utf8');
}

function explain(error: NodeJS.ErrnoException): string {
  const status = /^Unexpected server response: (\d+)$/.exec(error.message)?.[1];
  if (status === '401' || status === '403') {
    return `the control plane refused this node's token (status ${status}); give the node a new one`;
  }
  if (status !== undefined) return `the control plane answered ${status} in place of opening the stream`;
  return error.message || error.code || 'unknown error';
}
