import type { TokenRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';
import { bearerOf, type TokenCheck } from './bearer.ts';
import { ADMINISTRATOR } from './identity.ts';
import { checkEnd, identityOf, type Proof, refuse, UNKNOWN } from './proof.ts';
import { hashOfToken } from './secrets.ts';

/** What of a request says who sent it. */
export interface Presented {
  readonly authorization: string | undefined;
}

/** Checks the credentials of requests. Users and tokens are looked up in the state as it is at that moment. */
export class Authentication {
  readonly #administrator: TokenCheck;
  readonly #state: () => State;

  constructor(administrator: TokenCheck, state: () => State) {
    this.#administrator = administrator;
    this.#state = state;
  }

  /** Rejects with `unauthenticated`. */
  async prove({ authorization }: Presented): Promise<Proof> {
    if (this.#administrator.accepts(authorization)) return () => ADMINISTRATOR;
    const bearer = bearerOf(authorization);
    if (bearer === null) refuse(authorization === undefined ? 'there is no Authorization header' : UNKNOWN);
    return this.#tokenProof(bearer);
  }

  #tokenProof(bearer: string): Proof {
    const hash = hashOfToken(bearer);
    // A hash is looked up, of which nobody can choose the first bytes: the time that it takes tells nothing.
    const { id } = byHash(this.#state().tokens).get(hash) ?? refuse(UNKNOWN);
    return ({ tokens, users }, now) => {
      const token = tokens.get(id) ?? refuse(UNKNOWN);
      checkEnd('token', token.expiresAt, now);
      return identityOf(users.get(token.userId), { kind: 'token', id }, token);
    };
  }
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
