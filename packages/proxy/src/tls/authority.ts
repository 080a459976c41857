import type { PlannedAuthority } from '@evenkeel/model/plan/tls.ts';
import { END_OF_PEM, readCertificates } from './certificate.ts';
import { freeWhenCollected } from './ffi/collected.ts';
import { TlsError, takeError } from './ffi/errors.ts';
import type { NativeMemory } from './ffi/native-memory.ts';
import {
  PEM_read_bio_X509_CRL,
  SSL_CTX_add_client_CA,
  SSL_CTX_set1_cert_store,
  X509_CRL_free,
  X509_CRL_get0_nextUpdate,
  X509_free,
  X509_get0_notAfter,
  X509_STORE_add_cert,
  X509_STORE_add_crl,
  X509_STORE_free,
  X509_STORE_new,
  X509_STORE_set_flags,
  X509_V_FLAG_CRL_CHECK,
  X509_V_FLAG_CRL_CHECK_ALL,
  X509_V_FLAG_PARTIAL_CHAIN,
} from './ffi/openssl.ts';
import { unixTime } from './ffi/time.ts';

/** Names of authorities that clients are told of when they are asked for a certificate; a long list slows handshakes. */
const MAX_NAMES = 64;

/**
 * An authority as OpenSSL has read it. Each of its certificates is trusted for itself, intermediate ones too. With
 * revocation lists, every certificate of a chain must be on the list of its issuer's as not revoked: an issuer without
 * a current list is an error.
 */
export class ParsedAuthority {
  /** The plan's object that it was read from. */
  readonly planned: PlannedAuthority;
  readonly #store: number;
  readonly #certificates: readonly number[];
  #until: number;

  private constructor(planned: PlannedAuthority, store: number, certificates: readonly number[]) {
    this.planned = planned;
    this.#until = Math.min(...certificates.map((certificate) => unixTime(X509_get0_notAfter(certificate))));
    this.#store = store;
    this.#certificates = certificates;
    freeWhenCollected(this, () => {
      X509_STORE_free(store);
      for (const certificate of certificates) X509_free(certificate);
    });
  }

  /** Throws TlsError. */
  static parse(planned: PlannedAuthority, memory: NativeMemory): ParsedAuthority {
    const certificates = readCertificates(
      Buffer.from(planned.certificates, 'latin1'),
      memory,
      `authority ${planned.id}`,
    );
    const store = X509_STORE_new();
    const parsed = new ParsedAuthority(planned, store, certificates);
    for (const certificate of certificates) {
      if (X509_STORE_add_cert(store, certificate) !== 1) throw refused(planned.id);
    }
    let flags = X509_V_FLAG_PARTIAL_CHAIN;
    if (planned.revocationLists.trim() !== '') {
      flags += X509_V_FLAG_CRL_CHECK + X509_V_FLAG_CRL_CHECK_ALL;
      memory.withPem(Buffer.from(planned.revocationLists, 'latin1'), (bio) => {
        let count = 0;
        for (let list = readList(bio); list !== 0; list = readList(bio)) {
          const added = X509_STORE_add_crl(store, list);
          parsed.#until = Math.min(parsed.#until, unixTime(X509_CRL_get0_nextUpdate(list)));
          X509_CRL_free(list);
          if (added !== 1) throw refused(planned.id);
          count++;
        }
        const error = takeError();
        if (count > 0 && error === END_OF_PEM) return;
        throw new TlsError(`the revocation lists of authority ${planned.id} cannot be read: ${error}`);
      });
    }
    X509_STORE_set_flags(store, flags);
    return parsed;
  }

  /** When the first of its certificates and lists runs out, in Unix milliseconds. */
  get until(): number {
    return this.#until;
  }

  /** Has the context judge its peers by this authority. `announce`: clients are told whose certificates are wanted. */
  addTo(context: number, announce: boolean): void {
    SSL_CTX_set1_cert_store(context, this.#store);
    if (!announce || this.#certificates.length > MAX_NAMES) return;
    for (const certificate of this.#certificates) SSL_CTX_add_client_CA(context, certificate);
  }
}

function refused(id: string): TlsError {
  return new TlsError(`authority ${id} cannot be used: ${takeError()}`);
}

function readList(bio: number): number {
  return PEM_read_bio_X509_CRL(bio, 0, 0, 0);
}
