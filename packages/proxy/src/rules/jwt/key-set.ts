import { createPublicKey, createSecretKey, type KeyObject, type webcrypto } from 'node:crypto';
import { fitsAlgorithm, type JwtAlgorithm } from './algorithm.ts';

type Jwk = webcrypto.JsonWebKey & { readonly kid?: unknown };

interface Key {
  readonly id: string | null;
  readonly algorithms: readonly JwtAlgorithm[];
  readonly key: KeyObject;
}

/** The keys of a JWK set (RFC 7517) that can verify something. */
export class KeySet {
  readonly #keys: readonly Key[];

  /** `text` is the set as JSON. Keys that fit no algorithm of the list are left out, and so is what is no key. */
  constructor(text: string, algorithms: readonly JwtAlgorithm[]) {
    const keys: Key[] = [];
    for (const jwk of jwksOf(text)) {
      const key = keyOf(jwk);
      if (key === null || (jwk.use !== undefined && jwk.use !== 'sig')) continue;
      if (Array.isArray(jwk.key_ops) && !jwk.key_ops.includes('verify')) continue;
      const own = algorithms.filter((algorithm) => {
        return (jwk.alg === undefined || jwk.alg === algorithm) && fitsAlgorithm(key, algorithm);
      });
      if (own.length > 0) keys.push({ id: typeof jwk.kid === 'string' ? jwk.kid : null, algorithms: own, key });
    }
    this.#keys = keys;
  }

  /** What a token may have been signed with: the keys that it names, or those without a name. */
  candidates(algorithm: JwtAlgorithm, id: string | null): readonly KeyObject[] {
    const fitting = this.#keys.filter(({ algorithms }) => algorithms.includes(algorithm));
    const named = id === null ? fitting : fitting.filter((key) => key.id === id);
    const chosen = named.length > 0 ? named : fitting.filter((key) => key.id === null);
    return chosen.map(({ key }) => key);
  }
}

function jwksOf(text: string): readonly Jwk[] {
  const parsed = parseJson(text);
  const keys = Array.isArray(parsed) ? parsed : isObject(parsed) && Array.isArray(parsed.keys) ? parsed.keys : [];
  return keys.filter(isObject) as Jwk[];
}

function keyOf(jwk: Jwk): KeyObject | null {
  try {
    if (jwk.kty !== 'oct') return createPublicKey({ key: jwk, format: 'jwk' });
    return typeof jwk.k === 'string' ? createSecretKey(Buffer.from(jwk.k, 'base64url')) : null;
  } catch {
    // The model has checked the keys; one of a kind that this version does not know verifies nothing.
    return null;
  }
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
