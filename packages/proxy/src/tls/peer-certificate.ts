import { createHash, X509Certificate } from 'node:crypto';
import type { NativeMemory } from './ffi/native-memory.ts';
import {
  BIO_CTRL_RESET,
  BIO_ctrl,
  BIO_ctrl_pending,
  BIO_new,
  BIO_read,
  BIO_s_mem,
  i2d_X509_bio,
  SSL_get_verify_result,
  SSL_get0_peer_certificate,
  X509_get_issuer_name,
  X509_get_subject_name,
  X509_NAME_print_ex,
  X509_verify_cert_error_string,
  XN_FLAG_RFC2253,
} from './ffi/openssl.ts';
import type { PeerCertificate } from './tls-info.ts';

/** Reads peers' certificates through one BIO. */
export class PeerCertificates {
  readonly #memory: NativeMemory;
  readonly #bio = BIO_new(BIO_s_mem());

  constructor(memory: NativeMemory) {
    this.#memory = memory;
  }

  /** Null when the peer has shown none. */
  read(ssl: number): PeerCertificate | null {
    const certificate = SSL_get0_peer_certificate(ssl);
    if (certificate === 0) return null;
    i2d_X509_bio(this.#bio, certificate);
    const der = this.#take();
    const result = SSL_get_verify_result(ssl);
    return {
      subject: this.#name(X509_get_subject_name(certificate)),
      issuer: this.#name(X509_get_issuer_name(certificate)),
      serialNumber: new X509Certificate(der).serialNumber,
      fingerprint: createHash('sha256').update(der).digest('hex'),
      verifyResult: result === 0 ? 'ok' : X509_verify_cert_error_string(result),
      der,
    };
  }

  #name(address: number): string {
    X509_NAME_print_ex(this.#bio, address, 0, XN_FLAG_RFC2253);
    return this.#take().toString('latin1');
  }

  /** What has been written to the BIO. */
  #take(): Buffer {
    const size = Math.min(BIO_ctrl_pending(this.#bio), this.#memory.bytes.length);
    BIO_read(this.#bio, this.#memory.address, size);
    BIO_ctrl(this.#bio, BIO_CTRL_RESET, 0, 0);
    return Buffer.from(this.#memory.bytes.subarray(0, size));
  }
}
