import { takeError } from './ffi/errors.ts';
import { SSL_get_verify_result, X509_verify_cert_error_string } from './ffi/openssl.ts';

/** Why a handshake has failed, in words: what is wrong with the peer's certificate, or else what OpenSSL says. */
export function handshakeError(ssl: number): string {
  const error = takeError();
  if (error !== 'certificate verify failed') return error;
  return X509_verify_cert_error_string(SSL_get_verify_result(ssl));
}
