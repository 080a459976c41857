import type { PlannedJwt } from '@evenkeel/model/plan/rules.ts';
import { isSigned, type JwtAlgorithm } from './algorithm.ts';
import { isObject, KeySet, parseJson } from './key-set.ts';

/** What is wrong with a token, in words for the client (RFC 6750 section 3: no quotes, no backslashes). */
export type TokenFault =
  | 'malformed'
  | 'algorithm not allowed'
  | 'unknown key or wrong signature'
  | 'expired'
  | 'not valid yet'
  | 'wrong issuer'
  | 'wrong audience';

export type Verdict =
  | { readonly valid: true; readonly claims: Readonly<Record<string, unknown>> }
  | { readonly valid: false; readonly fault: TokenFault };

interface Verified {
  readonly claims: Readonly<Record<string, unknown>>;
  /** Unix seconds between which it is valid, leeway included. */
  readonly from: number;
  readonly until: number;
}

/** Tokens whose signature has been checked, so that a client pays for it once. */
const MAX_REMEMBERED = 1_000;

/**
 * Verifies JSON web tokens (RFC 7519) by RFC 8725: the algorithm must be one that the rule lists, and the key one of its
 * kind, so that no token says how it is to be checked; `none` does not exist here.
 */
export class JwtVerifier {
  readonly #planned: PlannedJwt;
  readonly #keys: KeySet;
  readonly #remembered = new Map<string, Verified>();

  constructor(planned: PlannedJwt) {
    this.#planned = planned;
    this.#keys = new KeySet(planned.keys, planned.algorithms);
  }

  /** `now`: Unix time in milliseconds. */
  verify(token: string, now: number): Verdict {
    const known = this.#remembered.get(token);
    const verified = known ?? this.#check(token);
    if (typeof verified === 'string') return { valid: false, fault: verified };
    const seconds = now / 1_000;
    if (seconds >= verified.until) {
      this.#remembered.delete(token);
      return { valid: false, fault: 'expired' };
    }
    if (seconds < verified.from) return { valid: false, fault: 'not valid yet' };
    if (known === undefined) this.#remember(token, verified);
    return { valid: true, claims: verified.claims };
  }

  /** All but the time. */
  #check(token: string): Verified | TokenFault {
    const parts = token.split('.');
    const [head, body, signature] = parts;
    if (parts.length !== 3 || !head || !body || !signature || !parts.every(isBase64Url)) return 'malformed';
    const header = objectOf(head);
    // An extension that must be understood is one that is not (RFC 7515 section 4.1.11).
    if (header === null || header.crit !== undefined) return 'malformed';
    const algorithm = this.#planned.algorithms.find((allowed) => allowed === header.alg);
    if (algorithm === undefined) return 'algorithm not allowed';
    if (header.kid !== undefined && typeof header.kid !== 'string') return 'malformed';
    const data = Buffer.from(`${head}.${body}`, 'latin1');
    if (!this.#isSigned(algorithm, header.kid ?? null, data, Buffer.from(signature, 'base64url'))) {
      return 'unknown key or wrong signature';
    }
    const claims = objectOf(body);
    return claims === null ? 'malformed' : this.#judge(claims);
  }

  #isSigned(algorithm: JwtAlgorithm, id: string | null, data: Buffer, signature: Buffer): boolean {
    return this.#keys.candidates(algorithm, id).some((key) => isSigned(algorithm, key, data, signature));
  }

  #judge(claims: Readonly<Record<string, unknown>>): Verified | TokenFault {
    const { issuer, audience, leeway } = this.#planned;
    const { exp, nbf, iss, aud } = claims;
    if ((exp !== undefined && !isTime(exp)) || (nbf !== undefined && !isTime(nbf))) return 'malformed';
    if (issuer !== null && iss !== issuer) return 'wrong issuer';
    if (audience !== null && aud !== audience && !(Array.isArray(aud) && aud.includes(audience)))
      return 'wrong audience';
    return {
      claims,
      from: nbf === undefined ? Number.NEGATIVE_INFINITY : nbf - leeway,
      until: exp === undefined ? Number.POSITIVE_INFINITY : exp + leeway,
    };
  }

  /** The oldest goes when there are too many. */
  #remember(token: string, verified: Verified): void {
    if (this.#remembered.size >= MAX_REMEMBERED) {
      for (const oldest of this.#remembered.keys()) {
        this.#remembered.delete(oldest);
        break;
      }
    }
    this.#remembered.set(token, verified);
  }
}

/** Without padding, as RFC 7515 section 2 has it: one token has one spelling. */
function isBase64Url(text: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(text) && text.length % 4 !== 1;
}

function objectOf(part: string): Readonly<Record<string, unknown>> | null {
  const parsed = parseJson(Buffer.from(part, 'base64url').toString('utf8'));
  return isObject(parsed) ? parsed : null;
}

/** NumericDate (RFC 7519 section 2). */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
