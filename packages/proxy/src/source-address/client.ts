import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import { clientHash } from '../balance/client-hash.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { LoggedConnection } from '../telemetry/logged-connection.ts';
import { walkForwardedFor } from './forwarded-for.ts';
import { ForwardedLines } from './forwarded-lines.ts';
import { IpAddress } from './ip-address.ts';
import type { ConnectionEnds, TlsFacts } from './proxy-protocol/compose.ts';
import { type SourceSettings, sourceSettingsOf } from './source-settings.ts';

/** Filled for the length of one call. */
const walked = new IpAddress();
const scratch = new IpAddress();

/**
 * Who is at the other end of a client connection: the one answer to that question for logs, balancing, rules, limits and
 * targets. It is whoever connected; or, if that is a trusted proxy, whom it names by PROXY protocol; or, if that one is
 * a trusted proxy too, whom it names in the request's X-Forwarded-For.
 */
export class Client implements ConnectionEnds {
  /** The client's address, as of the request under way. */
  remoteAddress: string;
  /** 0 when it is not known: X-Forwarded-For seldom says it. */
  remotePort: number;
  /** Address and port that the client asked for. */
  readonly localAddress: string;
  readonly localPort: number;
  /** Who has sent the request, a trusted proxy perhaps: the connection's other end, or whom a PROXY header named. */
  readonly senderAddress: string;
  readonly senderPort: number;
  /** What source-IP hash knows the client by. */
  hash: number;
  readonly logged = new LoggedConnection();
  /** Of the connection's TLS, when it ends here. */
  tls: TlsFacts | null = null;
  #planned: PlannedListener;
  #settings: SourceSettings;
  #trusted: boolean;
  /** The address as numbers, if anybody has asked; `family` 0: not yet. */
  #ip: IpAddress | null = null;
  #lines: ForwardedLines | null = null;

  constructor(planned: PlannedListener, connection: ConnectionEnds, announced: ConnectionEnds | null = null) {
    const settings = sourceSettingsOf(planned);
    const ends = announced ?? connection;
    this.#planned = planned;
    this.#settings = settings;
    this.remoteAddress = ends.remoteAddress;
    this.remotePort = ends.remotePort;
    // Read now: a connection that is gone no longer knows its ends, and the log wants them.
    this.localAddress = ends.localAddress;
    this.localPort = ends.localPort;
    this.senderAddress = this.remoteAddress;
    this.senderPort = this.remotePort;
    this.hash = clientHash(this.remoteAddress);
    this.#trusted = settings.trusted?.has(this.ip) ?? false;
  }

  /** Whether what the sender says of the client is believed. */
  get isTrusted(): boolean {
    return this.#trusted;
  }

  /** The client's address as numbers, for matching; do not change it. */
  get ip(): IpAddress {
    const ip = (this.#ip ??= new IpAddress());
    if (ip.family === 0) ip.parseText(this.remoteAddress);
    return ip;
  }

  /** What targets are told of the client. */
  get lines(): ForwardedLines {
    return (this.#lines ??= new ForwardedLines(this.#settings.forwarding, this));
  }

  /**
   * A request has come, under the plan as it is now: finds out whom it is from. Returns whether that is another client
   * than for the request before.
   */
  resolve(planned: PlannedListener, memory: Uint8Array, head: RequestHead): boolean {
    const another = planned !== this.#planned && this.#follow(planned);
    return this.#trusted ? this.#become(memory, head) || another : another;
  }

  /** A request has come that cannot be read: it is from whoever has sent it. Returns whether that is another client. */
  unresolve(): boolean {
    return this.#trusted && this.#set(this.senderAddress, this.senderPort);
  }

  #become(memory: Uint8Array, head: RequestHead): boolean {
    const trusted = this.#settings.trusted;
    if (trusted === null || head.forwardedFor < 0) return this.unresolve();
    const port = walkForwardedFor(memory, head.fields, trusted, walked, scratch);
    if (port < 0) return this.unresolve();
    if (port === this.remotePort && walked.equals(this.ip)) return false;
    return this.#set(walked.toString(), port);
  }

  #set(address: string, port: number): boolean {
    if (address === this.remoteAddress && port === this.remotePort) return false;
    this.remoteAddress = address;
    this.remotePort = port;
    this.hash = clientHash(address);
    this.#lines = null;
    if (this.#ip !== null) this.#ip.family = 0;
    return true;
  }

  #follow(planned: PlannedListener): boolean {
    this.#planned = planned;
    this.#settings = sourceSettingsOf(planned);
    this.#lines = null;
    const { trusted } = this.#settings;
    scratch.parseText(this.senderAddress);
    const was = this.#trusted;
    this.#trusted = trusted?.has(scratch) ?? false;
    return was && !this.#trusted && this.#set(this.senderAddress, this.senderPort);
  }
}
