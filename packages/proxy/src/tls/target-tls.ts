import type { PlannedTargetTls } from '@evenkeel/model/plan/tls.ts';
import type { Connection, ConnectionHandler, Reactor } from '../reactor/reactor.ts';
import type { ParsedAuthority } from './authority.ts';
import { freeWhenCollected } from './ffi/collected.ts';
import { TlsError } from './ffi/errors.ts';
import {
  SSL_CTX_free,
  SSL_CTX_set_options,
  SSL_CTX_set_verify,
  SSL_OP_NO_COMPRESSION,
  SSL_OP_NO_RENEGOTIATION,
  SSL_VERIFY_NONE,
  SSL_VERIFY_PEER,
  TLS_client_method,
} from './ffi/openssl.ts';
import type { TlsLibrary } from './library.ts';
import { SecureClient } from './secure-client.ts';
import { limitVersions, newContext } from './server-context.ts';

/** How TLS is spoken to the targets of one service. Connections of another one are not used in its place. */
export class TargetTls {
  readonly planned: PlannedTargetTls;
  /** The targets' certificates are verified. */
  readonly verifies: boolean;
  /** Address of the context; 0 when there can be none, and no connection then: see `error`. */
  readonly context: number;
  readonly error: string;
  /** A target must have the name that the request is for; otherwise that of the settings. */
  readonly isNamedByRequest: boolean;
  readonly #library: TlsLibrary;
  readonly #authority: ParsedAuthority | TlsError | null;

  /** `authority`: null when none is asked for; an error text when it cannot be used. `http`: HTTP is spoken inside. */
  constructor(
    library: TlsLibrary,
    planned: PlannedTargetTls,
    authority: ParsedAuthority | TlsError | null,
    http: boolean,
  ) {
    this.planned = planned;
    this.verifies = planned.authorityId !== null;
    this.isNamedByRequest = planned.serverName === '';
    this.#library = library;
    this.#authority = authority;
    if (authority instanceof TlsError) {
      this.context = 0;
      this.error = authority.message;
      return;
    }
    this.error = '';
    const context = newContext(TLS_client_method());
    this.context = context;
    freeWhenCollected(this, () => SSL_CTX_free(context));
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION + SSL_OP_NO_RENEGOTIATION);
    limitVersions(this.context, planned.versions);
    if (http) library.protocols.offerIn(this.context);
    authority?.addTo(this.context, false);
    SSL_CTX_set_verify(this.context, this.verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, 0);
  }

  /** The name that a target must have; `asked`: the host that the client asked for, `address`: the target's. */
  nameFor(asked: string, address: string): string {
    if (!this.isNamedByRequest) return this.planned.serverName;
    return asked === '' ? address : asked;
  }

  /** Whether a plan with these settings means the same. */
  isStillGood(planned: PlannedTargetTls, authority: ParsedAuthority | TlsError | null): boolean {
    return authority === this.#authority && JSON.stringify(planned) === JSON.stringify(this.planned);
  }

  /** A connection over the one that `open` makes; `onConnected` of the handler says that TLS is up. */
  connect(
    reactor: Reactor,
    name: string,
    open: (handler: ConnectionHandler) => Connection,
    handler: ConnectionHandler,
  ): Connection {
    return new SecureClient(reactor, this.#library, this, name, open, handler);
  }
}
