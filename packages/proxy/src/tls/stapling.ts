import type { Mapping } from '../reactor/ffi/mapping.ts';
import { keepNative } from './ffi/native-memory.ts';
import {
  CRYPTO_memdup,
  SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB,
  SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB_ARG,
  SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP,
  SSL_CTX_callback_ctrl,
  SSL_CTX_ctrl,
  SSL_ctrl,
  SSL_get_certificate,
  SSL_TLSEXT_ERR_NOACK,
  SSL_TLSEXT_ERR_OK,
  statusCallback,
} from './ffi/openssl.ts';
import type { Staple } from './packed-certificate.ts';

interface Response {
  /** Address of the certificate that it is about. */
  readonly certificate: number;
  readonly bytes: Mapping;
  /** Unix milliseconds. */
  readonly until: number;
}

/**
 * Hands clients that ask for it the OCSP response of the certificate they are shown (RFC 6066 section 8), as long as it is
 * good: many refuse a server that shows them an old one, and take it without.
 */
export class Stapling {
  /** By number, which the context keeps for us. */
  readonly #responses = new Map<number, readonly Response[]>();
  readonly #callback = statusCallback((ssl, number) => this.#staple(ssl, number));
  readonly #now: () => number;
  #last = 0;

  /** `now` in Unix milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Adds responses by address of the certificate. Returns the number to `remove` them by; 0: none. */
  addTo(context: number, staples: ReadonlyMap<number, Staple>): number {
    if (staples.size === 0) return 0;
    const number = ++this.#last;
    const kept = Array.from(staples, ([certificate, { response, until = Number.POSITIVE_INFINITY }]) => {
      return { certificate, bytes: keepNative(Buffer.from(response, 'base64')), until };
    });
    this.#responses.set(number, kept);
    SSL_CTX_callback_ctrl(context, SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB, this.#callback);
    SSL_CTX_ctrl(context, SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB_ARG, 0, number);
    return number;
  }

  /** A handshake that began with them goes on without. */
  remove(number: number): void {
    this.#responses.delete(number);
  }

  #staple(ssl: number, number: number): number {
    const shown = SSL_get_certificate(ssl);
    const response = this.#responses.get(number)?.find(({ certificate }) => certificate === shown);
    if (response === undefined || response.until <= this.#now()) return SSL_TLSEXT_ERR_NOACK;
    // The connection frees what it is given.
    const { address, size } = response.bytes;
    const copy = CRYPTO_memdup(address, size, 0, 0);
    if (copy === 0) return SSL_TLSEXT_ERR_NOACK;
    SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP, size, copy);
    return SSL_TLSEXT_ERR_OK;
  }
}
