import { Mapping } from '../reactor/ffi/mapping.ts';
import {
  memcpy,
  newTicketCallback,
  OPENSSL_sk_num,
  OPENSSL_sk_value,
  SSL_CTX_set_session_ticket_cb,
  SSL_get_session,
  SSL_get0_verified_chain,
  SSL_SESSION_get0_peer,
  SSL_SESSION_get0_ticket_appdata,
  SSL_SESSION_set1_ticket_appdata,
  SSL_TICKET_RETURN_IGNORE_RENEW,
  SSL_TICKET_RETURN_USE,
  SSL_TICKET_RETURN_USE_RENEW,
  SSL_TICKET_SUCCESS,
  SSL_TICKET_SUCCESS_RENEW,
  sessionCallback,
  X509_get0_notAfter,
} from './ffi/openssl.ts';
import { unixTime } from './ffi/time.ts';

/** Of what is written into tickets: Unix milliseconds as a double. */
const TIME_SIZE = 8;

/** Where OpenSSL writes the address and the size of what a ticket says. */
const ADDRESS_AT = 8;
const SIZE_AT = 16;

/**
 * Takes sessions of clients that have shown a certificate up again for as long as the certificate would be taken. OpenSSL
 * looks at it in full handshakes alone, and in TLS 1.3 every connection brings a new ticket (RFC 8446 section 4.6.1): a
 * client that comes often enough would never be looked at again. Where the certificate, one between it and the authority,
 * or anything of the authority has run out, the ticket is passed over, and the full handshake that follows says what is
 * wrong.
 *
 * Of the chain, a session keeps the client's own certificate alone. So each ticket says when the first of those runs out
 * by which the client was found good, and the tickets of a session that was taken up say what its own ticket said.
 */
export class ClientSessions {
  /** By number, which the context keeps for us: when the first piece of its authority runs out, in Unix milliseconds. */
  readonly #ends = new Map<number, number>();
  readonly #prepare = newTicketCallback((ssl) => this.#note(ssl));
  readonly #callback = sessionCallback((_ssl, session, _name, _size, status, number) =>
    this.#judge(session, status, number),
  );
  readonly #mapping = Mapping.anonymous(TIME_SIZE + 16);
  readonly #numbers = new DataView(this.#mapping.bytes);
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
    SSL_CTX_set_session_ticket_cb(context, this.#prepare, this.#callback, number);
    return number;
  }

  /** A handshake that began with the context takes no session up. */
  remove(number: number): void {
    this.#ends.delete(number);
  }

  /** A ticket is about to be made. Without a full handshake there is no chain, and what was noted before stays. */
  #note(ssl: number): number {
    const chain = SSL_get0_verified_chain(ssl);
    const count = OPENSSL_sk_num(chain);
    if (count > 0) {
      let until = Number.POSITIVE_INFINITY;
      for (let i = 0; i < count; i++) {
        until = Math.min(until, unixTime(X509_get0_notAfter(OPENSSL_sk_value(chain, i))));
      }
      this.#numbers.setFloat64(0, until, true);
      SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), this.#mapping.address, TIME_SIZE);
    }
    // Anything else would end the connection.
    return 1;
  }

  #judge(session: number, status: number, number: number): number {
    if (status !== SSL_TICKET_SUCCESS && status !== SSL_TICKET_SUCCESS_RENEW) return SSL_TICKET_RETURN_IGNORE_RENEW;
    if (!this.#isGood(session, number)) return SSL_TICKET_RETURN_IGNORE_RENEW;
    return status === SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
  }

  /** A session without a certificate stands for nobody: there is nothing in it that could run out. */
  #isGood(session: number, number: number): boolean {
    if (SSL_SESSION_get0_peer(session) === 0) return true;
    return Math.min(this.#ends.get(number) ?? 0, this.#chainUntil(session)) > this.#now();
  }

  /** What the session's ticket says; 0 when it says nothing, as one that an earlier version has made. */
  #chainUntil(session: number): number {
    const { address } = this.#mapping;
    if (SSL_SESSION_get0_ticket_appdata(session, address + ADDRESS_AT, address + SIZE_AT) !== 1) return 0;
    if (Number(this.#numbers.getBigUint64(SIZE_AT, true)) !== TIME_SIZE) return 0;
    memcpy(address, Number(this.#numbers.getBigUint64(ADDRESS_AT, true)), TIME_SIZE);
    return this.#numbers.getFloat64(0, true);
  }
}
