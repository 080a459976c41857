import { CSRF_HEADER } from '@evenkeel/model/resources/session.ts';
import type { TokenRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';
import { forbid } from './authorization.ts';
import { bearerOf, type TokenCheck } from './bearer.ts';
import { cookieIn, isCsrfToken } from './cookies.ts';
import { ADMINISTRATOR } from './identity.ts';
import { checkEnd, identityOf, type Proof, refuse, UNKNOWN } from './proof.ts';
import { hashOfToken } from './secrets.ts';
import type { Sessions } from './sessions.ts';
import type { Signatures, SignedRequest } from './signatures.ts';

export interface Presented extends SignedRequest {
  /** Whether there is TLS. */
  readonly secure: boolean;
}

export interface Proven {
  readonly proof: Proof;
  /** SHA-256 that the body must have; null: whatever it is. */
  readonly digest: Buffer | null;
  /** Uses up what is good for one request; see signatures.ts. Throws `unauthenticated` or `too-busy`. */
  readonly use: () => Promise<void> | null;
}

/** Of a credential that is good for many requests. */
const keep = () => null;

/**
 * Checks the credential of a request: a token, a signature, or the cookie of a session, in this order. Users and
 * credentials are looked up in the state as it is at that moment.
 */
export class Authentication {
  readonly #administrator: TokenCheck;
  readonly #state: () => State;
  readonly #signatures: Signatures;
  readonly #sessions: Sessions;

  constructor(administrator: TokenCheck, state: () => State, signatures: Signatures, sessions: Sessions) {
    this.#administrator = administrator;
    this.#state = state;
    this.#signatures = signatures;
    this.#sessions = sessions;
  }

  /**
   * `checkSource` refuses those who guessed too often, before anything is looked up that costs more than refusing does.
   * Rejects with `unauthenticated`, or with `forbidden` for a write with a cookie that another site may have sent.
   */
  async prove(request: Presented, checkSource: () => void): Promise<Proven> {
    const authorization = request.field('authorization');
    if (authorization !== undefined) return { proof: this.#bearerProof(authorization), digest: null, use: keep };
    checkSource();
    if (request.field('signature-input') !== undefined) return this.#signatures.check(request);
    const token = cookieIn(request.field('cookie'), 'session', request.secure);
    if (token === null) refuse('there is no Authorization header');
    const { proof } = await this.#sessions.prove(token);
    checkOrigin(request, token);
    return { proof, digest: null, use: keep };
  }

  #bearerProof(authorization: string): Proof {
    if (this.#administrator.accepts(authorization)) return () => ADMINISTRATOR;
    return this.#tokenProof(bearerOf(authorization) ?? refuse(UNKNOWN));
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

/** Browsers send cookies by themselves: a write has to show that a page of ours asked for it. */
function checkOrigin({ method, field }: Presented, token: string): void {
  if (method === 'GET' || method === 'HEAD') return;
  const site = field('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin')
    forbid(`a write of a session does not come from elsewhere (${site})`);
  if (isCsrfToken(token, field(CSRF_HEADER.toLowerCase()))) return;
  forbid(`a write of a session takes the header ${CSRF_HEADER} with what GET /v1/session shows as csrfToken`);
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
