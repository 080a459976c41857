import { createHash, timingSafeEqual } from 'node:crypto';
import { ProblemError } from '../problem.ts';

/** Knows one bearer token, by its hash alone. */
export class TokenCheck {
  readonly #hash: Buffer;
  /** Who the bearer is, for log and audit. */
  readonly actor: string;

  constructor(actor: string, token: string) {
    this.actor = actor;
    this.#hash = hashOf(token);
  }

  /** The actor; throws `unauthenticated`. The time it takes does not depend on how much of the token is right. */
  check(authorization: string | undefined): string {
    const token = /^Bearer +([!-~]+) *$/i.exec(authorization ?? '')?.[1];
    if (token !== undefined && timingSafeEqual(hashOf(token), this.#hash)) return this.actor;
    const reason = authorization === undefined ? 'there is no Authorization header' : 'the token is not known here';
    throw new ProblemError('unauthenticated', `${reason}; send Authorization: Bearer <token>`);
  }
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
