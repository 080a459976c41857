import type { PlannedTls, TlsVersion } from '@evenkeel/model/plan/tls.ts';
import type { ParsedAuthority } from './authority.ts';
import type { ParsedCertificate } from './certificate.ts';
import { TlsError, takeError } from './ffi/errors.ts';
import {
  SSL_CTRL_MODE,
  SSL_CTRL_SET_MAX_PROTO_VERSION,
  SSL_CTRL_SET_MIN_PROTO_VERSION,
  SSL_CTRL_SET_SESS_CACHE_MODE,
  SSL_CTX_ctrl,
  SSL_CTX_free,
  SSL_CTX_new,
  SSL_CTX_set_cipher_list,
  SSL_CTX_set_ciphersuites,
  SSL_CTX_set_num_tickets,
  SSL_CTX_set_options,
  SSL_CTX_set_session_id_context,
  SSL_CTX_set_verify,
  SSL_CTX_set_verify_depth,
  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER,
  SSL_MODE_NO_AUTO_CHAIN,
  SSL_MODE_RELEASE_BUFFERS,
  SSL_OP_CIPHER_SERVER_PREFERENCE,
  SSL_OP_NO_COMPRESSION,
  SSL_OP_NO_RENEGOTIATION,
  SSL_OP_NO_TICKET,
  SSL_OP_PRIORITIZE_CHACHA,
  SSL_SESS_CACHE_OFF,
  SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
  SSL_VERIFY_PEER,
  TLS_server_method,
} from './ffi/openssl.ts';
import type { KeyKinds } from './key-kinds.ts';
import type { TlsLibrary } from './library.ts';
import type { Staple } from './packed-certificate.ts';

const VERSION_NUMBERS: Readonly<Record<TlsVersion, number>> = { '1.2': 0x0303, '1.3': 0x0304 };

const MODE = SSL_MODE_RELEASE_BUFFERS + SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER + SSL_MODE_NO_AUTO_CHAIN;
const OPTIONS =
  SSL_OP_NO_COMPRESSION + SSL_OP_NO_RENEGOTIATION + SSL_OP_CIPHER_SERVER_PREFERENCE + SSL_OP_PRIORITIZE_CHACHA;

/** What a listener's contexts have in common. */
export interface ServerSettings {
  readonly planned: PlannedTls;
  /** HTTP is spoken inside: `http/1.1` is the protocol that is agreed on. */
  readonly http: boolean;
  readonly authority: ParsedAuthority | null;
  /** 32 bytes; a session is taken up only where they are the same. */
  readonly sessionScope: Uint8Array;
}

/** A context for handshakes that show one set of certificates, such as an RSA and an ECDSA one for one name. */
export class ServerContext {
  readonly address: number;
  /** Kinds of the keys of its certificates. */
  readonly keyKinds: KeyKinds;
  readonly #library: TlsLibrary;
  readonly #stapling: number;
  /** 0: clients are not asked for certificates. */
  #sessions = 0;

  /** Throws TlsError. `staples` by address of the certificate. */
  constructor(
    library: TlsLibrary,
    settings: ServerSettings,
    certificates: ReadonlyMap<string, ParsedCertificate>,
    staples: ReadonlyMap<number, Staple>,
  ) {
    this.#library = library;
    this.address = newContext(TLS_server_method());
    try {
      this.#configure(settings);
      let keyKinds: KeyKinds = 0;
      for (const [id, certificate] of certificates) {
        certificate.addTo(this.address, id);
        keyKinds |= certificate.keyKind;
      }
      this.keyKinds = keyKinds;
    } catch (error) {
      library.clientSessions.remove(this.#sessions);
      SSL_CTX_free(this.address);
      throw error;
    }
    this.#stapling = library.stapling.addTo(this.address, staples);
  }

  /** Connections that were made from it go on. */
  free(): void {
    this.#library.stapling.remove(this.#stapling);
    this.#library.clientSessions.remove(this.#sessions);
    SSL_CTX_free(this.address);
  }

  #configure({ planned, http, authority, sessionScope }: ServerSettings): void {
    const { address } = this;
    limitVersions(address, planned.versions);
    setCiphers(address, planned);
    SSL_CTX_ctrl(address, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, 0);
    this.#library.memory.with(sessionScope, (bytes, size) => SSL_CTX_set_session_id_context(address, bytes, size));
    if (planned.sessionTickets) {
      SSL_CTX_set_options(address, OPTIONS);
      this.#library.ticketKeys.addTo(address);
    } else {
      SSL_CTX_set_options(address, OPTIONS + SSL_OP_NO_TICKET);
      SSL_CTX_set_num_tickets(address, 0);
    }
    if (http) this.#library.protocols.addTo(address);
    const clients = planned.clientCertificates;
    if (clients === null || authority === null) return;
    authority.addTo(address, true);
    if (planned.sessionTickets) this.#sessions = this.#library.clientSessions.addTo(address, authority.until);
    const needed = clients.mode === 'required' ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    SSL_CTX_set_verify(address, SSL_VERIFY_PEER + needed, 0);
    SSL_CTX_set_verify_depth(address, clients.depth);
  }
}

/** A context with what holds for all connections, on both sides. */
export function newContext(method: number): number {
  const address = SSL_CTX_new(method);
  if (address === 0) throw new TlsError(`no context: ${takeError()}`);
  SSL_CTX_ctrl(address, SSL_CTRL_MODE, MODE, 0);
  return address;
}

export function limitVersions(context: number, versions: readonly TlsVersion[]): void {
  const numbers = versions.map((version) => VERSION_NUMBERS[version]);
  if (numbers.length === 0) throw new TlsError('no TLS version is allowed');
  SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Math.min(...numbers), 0);
  SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Math.max(...numbers), 0);
}

function setCiphers(context: number, { ciphers, ciphersuites }: PlannedTls): void {
  if (ciphers.length > 0 && SSL_CTX_set_cipher_list(context, ciphers.join(':')) !== 1) {
    throw new TlsError(`ciphers ${ciphers.join(':')} cannot be used: ${takeError()}`);
  }
  if (ciphersuites.length > 0 && SSL_CTX_set_ciphersuites(context, ciphersuites.join(':')) !== 1) {
    throw new TlsError(`ciphersuites ${ciphersuites.join(':')} cannot be used: ${takeError()}`);
  }
}
