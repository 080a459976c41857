import type { StaticRange } from '../reactor/arena.ts';
import { HeldBytes } from '../reactor/held-bytes.ts';
import type { Connection, ConnectionHandler, Reactor } from '../reactor/reactor.ts';
import { Alert, type ClientHello, COMPLETE, HelloProgress, INCOMPLETE } from './client-hello.ts';
import { BIO_up_ref, BIO_write, SSL_new, SSL_set_accept_state, SSL_set_bio } from './ffi/openssl.ts';
import type { TlsLibrary } from './library.ts';
import { beginsPlainHttp } from './plain-http.ts';
import { readTlsInfo } from './read-tls-info.ts';
import { SecureConnection } from './secure-connection.ts';
import type { TlsInfo } from './tls-info.ts';

/** How a listener answers a ClientHello. */
export interface ContextChoice {
  /** `http/1.1` is agreed on with clients that offer it. */
  readonly choosesHttp: boolean;
  /** Whether clients are asked for certificates. */
  readonly asksForCertificates: boolean;
  /** Address of the context for a client that begins so; 0: there is none that can be used. */
  contextFor(hello: ClientHello): number;
}

/** A ClientHello that has not come whole: MAX_HELLO bytes and a record header at most. */
class PartialHello {
  readonly held = new HeldBytes();
  readonly progress = new HelloProgress();
}

/** The server's side of TLS on an accepted connection: reads the ClientHello and lets it choose the certificate. */
export class SecureServer extends SecureConnection {
  /** As it is when the ClientHello is there. */
  readonly #choice: () => ContextChoice;
  #asked = false;
  #protocol = '';
  /** What has come of a ClientHello that comes in pieces. */
  #partial: PartialHello | null = null;
  #serverName = '';
  /** The handshake has failed for want of a certificate that can be shown: nothing that the client did. */
  unserved = false;
  /** What a client is told that speaks HTTP without TLS; null: it gets an alert, like all that is no handshake. */
  plainAnswer: (() => StaticRange) | null = null;
  /** The client spoke HTTP without TLS. */
  spokePlain = false;

  /** `handler` hears `onConnected` when the handshake is done. */
  constructor(
    reactor: Reactor,
    library: TlsLibrary,
    choice: () => ContextChoice,
    raw: Connection,
    handler: ConnectionHandler,
  ) {
    const open = (secure: ConnectionHandler): Connection => {
      raw.handler = secure;
      return raw;
    };
    super(reactor, library, open, handler);
    this.#choice = choice;
  }

  onConnected(_raw: Connection): void {}

  protected receiveHello(buffer: number, start: number, end: number): void {
    const { arena } = this.reactor;
    const { hello } = this.library;
    const partial = this.#partial;
    const before = partial === null ? 0 : partial.held.length;
    partial?.held.add(arena.memory, start, end);
    const verdict =
      partial === null
        ? hello.parse(arena.memory, start, end)
        : hello.parse(partial.held.bytes, 0, partial.held.length, partial.progress);
    if (verdict === INCOMPLETE) {
      if (partial === null) {
        this.#partial = new PartialHello();
        this.#partial.held.add(arena.memory, start, end);
      }
      arena.release(buffer);
      return;
    }
    this.#partial = null;
    const ssl = verdict === COMPLETE ? this.#begin(hello) : 0;
    if (ssl === 0) {
      const { plainAnswer } = this;
      this.spokePlain = plainAnswer !== null && partial === null && beginsPlainHttp(arena.memory, start, end);
      arena.release(buffer);
      this.unserved = verdict === COMPLETE;
      if (plainAnswer !== null && this.spokePlain) this.answerInClear(plainAnswer(), 'plain HTTP came in place of TLS');
      else if (this.unserved) this.refuse(Alert.internalError, 'no usable certificate');
      else this.refuse(verdict, 'malformed ClientHello');
      return;
    }
    this.ssl = ssl;
    if (partial !== null) {
      const bytes = partial.held.bytes.subarray(0, before);
      this.library.memory.with(bytes, (address, size) => BIO_write(this.library.input, address, size));
    }
    this.decrypt(buffer, start, end);
  }

  protected readInfo(): TlsInfo {
    const certificate = this.#asked ? this.library.peers.read(this.ssl) : null;
    return readTlsInfo(this.ssl, this.#serverName, this.#protocol, certificate);
  }

  #begin(hello: ClientHello): number {
    const choice = this.#choice();
    const context = choice.contextFor(hello);
    this.#protocol = choice.choosesHttp && hello.offersHttp11 ? 'http/1.1' : '';
    this.#asked = choice.asksForCertificates;
    if (context === 0) return 0;
    const ssl = SSL_new(context);
    if (ssl === 0) return 0;
    this.#serverName = hello.serverName;
    useSharedBios(ssl, this.library);
    SSL_set_accept_state(ssl);
    return ssl;
  }
}

/** Has a new SSL object read from and write to the BIOs that all connections of the worker share. */
export function useSharedBios(ssl: number, { input, output }: TlsLibrary): void {
  BIO_up_ref(input);
  BIO_up_ref(output);
  SSL_set_bio(ssl, input, output);
}
