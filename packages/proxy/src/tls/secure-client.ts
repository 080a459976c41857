import { isIP } from 'node:net';
import type { Connection, ConnectionHandler, Reactor } from '../reactor/reactor.ts';
import { takeError } from './ffi/errors.ts';
import {
  SSL_CTRL_SET_TLSEXT_HOSTNAME,
  SSL_ctrlText,
  SSL_get0_param,
  SSL_new,
  SSL_set_connect_state,
  SSL_set1_host,
  X509_VERIFY_PARAM_set1_ip_asc,
} from './ffi/openssl.ts';
import type { TlsLibrary } from './library.ts';
import { readTlsInfo } from './read-tls-info.ts';
import { SecureConnection } from './secure-connection.ts';
import { useSharedBios } from './secure-server.ts';
import type { TlsInfo } from './tls-info.ts';

/** How long a target may take to close its side when this one has, in milliseconds. */
const CLOSE_LINGER = 1_000;

/** What connections to the targets of one service have in common. */
export interface ClientSettings {
  /** Address of the context; 0: there is none, see `error`. */
  readonly context: number;
  readonly error: string;
  /** The target's certificate has to be good, and for the name. */
  readonly verifies: boolean;
}

/** The client's side of TLS on a connection to a target. */
export class SecureClient extends SecureConnection {
  readonly #tls: ClientSettings;
  /** The name, or the address, that the target's certificate has to be for. */
  readonly #name: string;

  constructor(
    reactor: Reactor,
    library: TlsLibrary,
    tls: ClientSettings,
    name: string,
    open: (handler: ConnectionHandler) => Connection,
    handler: ConnectionHandler,
  ) {
    super(reactor, library, open, handler);
    this.#tls = tls;
    this.#name = name;
  }

  /**
   * Servers send session tickets when they like (RFC 8446 section 4.6.1). One that has not been read when the connection
   * is closed would turn the close into a reset, which could overtake what was sent last.
   */
  protected override get closeLinger(): number {
    return CLOSE_LINGER;
  }

  onConnected(_raw: Connection): void {
    const ssl = this.#tls.context === 0 ? 0 : SSL_new(this.#tls.context);
    if (ssl === 0) {
      this.giveUp(this.#tls.error);
      return;
    }
    this.ssl = ssl;
    useSharedBios(ssl, this.library);
    SSL_set_connect_state(ssl);
    if (this.#expect(ssl)) this.shakeHands();
    else this.giveUp(`the name ${this.#name} cannot be verified: ${takeError()}`);
  }

  protected receiveHello(buffer: number): void {
    // A target that speaks before it is spoken to, in the moment before the handshake begins.
    this.reactor.arena.release(buffer);
    this.giveUp('the target spoke before the handshake');
  }

  protected readInfo(): TlsInfo {
    return readTlsInfo(this.ssl, this.#name, '', null);
  }

  /** False: OpenSSL does not take the name, and would verify the certificate for any. */
  #expect(ssl: number): boolean {
    const name = this.#name;
    const { verifies } = this.#tls;
    if (isIP(name) !== 0) {
      // Addresses are not sent (RFC 6066 section 3), but they may be what the certificate is for.
      return !verifies || X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) === 1;
    }
    if (SSL_ctrlText(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, 0, name) !== 1) return false;
    // An empty name would be none to verify.
    return !verifies || (name !== '' && SSL_set1_host(ssl, name) === 1);
  }
}
