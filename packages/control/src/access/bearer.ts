import { createHash, timingSafeEqual } from 'node:crypto';
import { ProblemError } from '../problem.ts';

/** Knows one bearer token, by its hash alone. */
export class TokenCheck {
  readonly #hash: Buffer;

  constructor(token: string) {
    this.#hash = hashOf(token);
  }

  /** The time it takes does not depend on how much of the token is right. */
  accepts(authorization: string | undefined): boolean {
    const token = bearerOf(authorization);
    return token !== null && timingSafeEqual(hashOf(token), this.#hash);
  }

  /** Throws `unauthenticated`. */
  check(authorization: string | undefined): void {
    if (this.accepts(authorization)) return;
    const reason = authorization === undefined ? 'there is no Authorization header' : 'the token is not known here';
    throw new ProblemError('unauthenticated', `${reason}; send Authorization: Bearer <token>`);
  }
}

/** The token of a header `Authorization: Bearer …` (RFC 6750 §2.1); null when it has another form. */
export function bearerOf(authorization: string | undefined): string | null {
  return /^Bearer +([!-~]+) *$/i.exec(authorization ?? '')?.[1] ?? null;
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
