import { ERR_get_error, ERR_reason_error_string } from './openssl.ts';

/** What went wrong last, in OpenSSL's words, such as "no shared cipher"; empties the thread's queue. */
export function takeError(): string {
  let reason = '';
  for (let code = ERR_get_error(); code !== 0; code = ERR_get_error()) {
    // The first error is the cause, those behind it say who was hit by it.
    if (reason === '') reason = ERR_reason_error_string(code) ?? `error ${code.toString(16)}`;
  }
  return reason === '' ? 'unknown error' : reason;
}

/** OpenSSL refuses what it was given. */
export class TlsError extends Error {
  override readonly name = 'TlsError';
}
