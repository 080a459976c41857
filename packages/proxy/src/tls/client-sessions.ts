import {
  SSL_CTX_set_session_ticket_cb,
  SSL_SESSION_get0_peer,
  SSL_TICKET_RETURN_IGNORE_RENEW,
  SSL_TICKET_RETURN_USE,
  SSL_TICKET_RETURN_USE_RENEW,
  SSL_TICKET_SUCCESS,
  SSL_TICKET_SUCCESS_RENEW,
  sessionCallback,
  X509_cmp_current_time,
  X509_get0_notAfter,
} from './ffi/openssl.ts';

/**
 * Takes sessions of clients that have shown a certificate up again for as long as the certificate would be taken. OpenSSL
 * looks at it in full handshakes alone, and in TLS 1.3 every connection brings a new ticket (RFC 8446 section 4.6.1): a
 * client that comes often enough would never be looked at again. Where the certificate, or anything of the authority,
 * has run out, the ticket is passed over, and the full handshake that follows says what is wrong.
 */
export class ClientSessions {
  /** By number, which the context keeps for us: when the first piece of its authority runs out, in Unix milliseconds. */
  readonly #ends = new Map<number, number>();
  readonly #callback = sessionCallback((_ssl, session, _name, _size, status, number) =>
    this.#judge(session, status, number),
  );
  readonly #now: () => number;
  #last = 0;

  /** `now` in Unix milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** For a context that asks clients for certificates; returns the number to `remove` it by. */
  addTo(context: number, authorityUntil: number): number {
    const number = ++this.#last;
    this.#ends.set(number, authorityUntil);
    SSL_CTX_set_session_ticket_cb(context, 0, this.#callback, number);
    return number;
  }

  /** A handshake that began with the context takes no session up. */
  remove(number: number): void {
    this.#ends.delete(number);
  }

  #judge(session: number, status: number, number: number): number {
    if (status !== SSL_TICKET_SUCCESS && status !== SSL_TICKET_SUCCESS_RENEW) return SSL_TICKET_RETURN_IGNORE_RENEW;
    if (!this.#isGood(session, number)) return SSL_TICKET_RETURN_IGNORE_RENEW;
    return status === SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
  }

  /** A session without a certificate stands for nobody: there is nothing in it that could run out. */
  #isGood(session: number, number: number): boolean {
    const certificate = SSL_SESSION_get0_peer(session);
    if (certificate === 0) return true;
    return (this.#ends.get(number) ?? 0) > this.#now() && X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0;
  }
}
