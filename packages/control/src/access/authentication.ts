import { lesserRole } from '@evenkeel/model/access.ts';
import { ProblemError } from '../problem.ts';
import type { TokenRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';
import { bearerOf, type TokenCheck } from './bearer.ts';
import { ADMINISTRATOR, type Identity } from './identity.ts';
import { hashOfToken } from './secrets.ts';

/** Tells from a request's credential who sent it. Users and tokens are looked up in the state as it is at that moment. */
export class Authentication {
  readonly #administrator: TokenCheck;
  readonly #state: () => State;
  /** Unix milliseconds. */
  readonly #now: () => number;

  constructor(administrator: TokenCheck, state: () => State, now: () => number) {
    this.#administrator = administrator;
    this.#state = state;
    this.#now = now;
  }

  /** Throws `unauthenticated`. */
  identify(authorization: string | undefined): Identity {
    if (this.#administrator.accepts(authorization)) return ADMINISTRATOR;
    const bearer = bearerOf(authorization);
    if (bearer === null) refuse(authorization === undefined ? 'there is no Authorization header' : UNKNOWN);
    return this.#holderOf(bearer);
  }

  #holderOf(bearer: string): Identity {
    const { tokens, users } = this.#state();
    // A hash is looked up, of which nobody can choose the first bytes: the time that it takes tells nothing.
    const token = byHash(tokens).get(hashOfToken(bearer));
    const user = token && users.get(token.userId);
    if (token === undefined || user === undefined) refuse(UNKNOWN);
    const { id: tokenId, expiresAt } = token;
    if (expiresAt !== null && expiresAt <= this.#now())
      refuse(`the token ended at ${new Date(expiresAt).toISOString()}`);
    if (!user.enabled) refuse(`the user ${user.name} is disabled`);
    const { id, name, tenantId, reach } = user;
    return {
      id,
      name,
      tenantId,
      reach,
      role: lesserRole(user.role, token.role),
      credential: { kind: 'token', id: tokenId },
      expiresAt,
    };
  }
}

const UNKNOWN = 'the token is not known here';

function refuse(reason: string): never {
  throw new ProblemError('unauthenticated', `${reason}; send Authorization: Bearer <token>`);
}

const indexes = new WeakMap<object, ReadonlyMap<string, TokenRecord>>();

/** The tokens by their hashes; made when there are others than before. */
function byHash(tokens: ReadonlyMap<string, TokenRecord>): ReadonlyMap<string, TokenRecord> {
  let index = indexes.get(tokens);
  if (index === undefined) {
    index = new Map(Array.from(tokens.values(), (token) => [token.hash, token]));
    indexes.set(tokens, index);
  }
  return index;
}
