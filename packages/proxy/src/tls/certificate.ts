import { TlsError, takeError } from './ffi/errors.ts';
import type { NativeMemory } from './ffi/native-memory.ts';
import {
  EVP_PKEY_EC,
  EVP_PKEY_free,
  EVP_PKEY_get_base_id,
  EVP_PKEY_get_bits,
  EVP_PKEY_RSA,
  PEM_read_bio_PrivateKey,
  PEM_read_bio_X509,
  SSL_CTRL_CHAIN_CERT,
  SSL_CTX_ctrl,
  SSL_CTX_use_certificate,
  SSL_CTX_use_PrivateKey,
  X509_check_private_key,
  X509_free,
} from './ffi/openssl.ts';
import { ANY_KEY, KeyKind, type KeyKinds } from './key-kinds.ts';
import { issuersOf, ownOf, type PackedCertificate, privateKeyOf } from './packed-certificate.ts';

/** A planned certificate as OpenSSL has read it. Addresses of objects that `free` gives back. */
export class ParsedCertificate {
  readonly certificate: number;
  readonly #chain: readonly number[];
  readonly #key: number;

  private constructor(certificate: number, chain: readonly number[], key: number) {
    this.certificate = certificate;
    this.#chain = chain;
    this.#key = key;
  }

  /** Throws TlsError, saying which part of which certificate OpenSSL refuses and why. */
  static parse(planned: PackedCertificate, memory: NativeMemory): ParsedCertificate {
    const what = `certificate ${planned.id}`;
    const read: number[] = [];
    try {
      for (const pem of [ownOf(planned), ...issuersOf(planned)]) read.push(...readCertificates(pem, memory, what));
    } catch (error) {
      for (const certificate of read) X509_free(certificate);
      throw error;
    }
    const [certificate, ...chain] = read;
    // With an empty password for keys that are encrypted after all: without one, OpenSSL would ask the terminal.
    const key = memory.withPem(privateKeyOf(planned), (bio) => PEM_read_bio_PrivateKey(bio, 0, 0, memory.empty));
    const parsed = new ParsedCertificate(certificate!, chain, key);
    if (key === 0) throw parsed.#refuse(`the private key of certificate ${planned.id} cannot be read`);
    if (X509_check_private_key(parsed.certificate, key) !== 1) {
      throw parsed.#refuse(`certificate ${planned.id} and its private key do not belong together`);
    }
    return parsed;
  }

  /** Makes it one of the certificates that a context shows; it takes the place of one with a key of the same type. */
  addTo(context: number, id: string): void {
    const added =
      SSL_CTX_use_certificate(context, this.certificate) === 1 &&
      SSL_CTX_use_PrivateKey(context, this.#key) === 1 &&
      this.#chain.every((certificate) => SSL_CTX_ctrl(context, SSL_CTRL_CHAIN_CERT, 1, certificate) === 1);
    if (!added) throw new TlsError(`certificate ${id} cannot be used: ${takeError()}`);
  }

  /** The kind of its key; of one that no certificate of ours has, any. */
  get keyKind(): KeyKinds {
    const type = EVP_PKEY_get_base_id(this.#key);
    if (type === EVP_PKEY_RSA) return KeyKind.rsa;
    const bits = type === EVP_PKEY_EC ? EVP_PKEY_get_bits(this.#key) : 0;
    return bits === 256 ? KeyKind.p256 : bits === 384 ? KeyKind.p384 : ANY_KEY;
  }

  free(): void {
    X509_free(this.certificate);
    for (const certificate of this.#chain) X509_free(certificate);
    EVP_PKEY_free(this.#key);
  }

  #refuse(detail: string): TlsError {
    this.free();
    return new TlsError(`${detail}: ${takeError()}`);
  }
}

/** All certificates of a PEM text, at least one. `what` they are, for the error. */
export function readCertificates(pem: Uint8Array, memory: NativeMemory, what: string): number[] {
  return memory.withPem(pem, (bio) => {
    const certificates: number[] = [];
    for (;;) {
      const certificate = PEM_read_bio_X509(bio, 0, 0, 0);
      if (certificate === 0) break;
      certificates.push(certificate);
    }
    const error = takeError();
    if (certificates.length > 0 && error === END_OF_PEM) return certificates;
    for (const certificate of certificates) X509_free(certificate);
    throw new TlsError(`${what} cannot be read: ${error}`);
  });
}

/** How reading PEM ends when there is no more of it. */
export const END_OF_PEM = 'no start line';
