import { createPublicKey, type webcrypto } from 'node:crypto';
import { JWT } from '@evenkeel/model/limits.ts';
import { Jwt, type JwtInput } from '@evenkeel/model/resources/rule-jwt.ts';
import { completed } from '@evenkeel/model/schema.ts';
import { refuseField } from '../problem.ts';
import { checkClaimHeader } from './headers.ts';
import { type KeptJwt, recallSecrets, takeSecrets } from './jwt-secrets.ts';

type Algorithm = Jwt['algorithms'][number];

/**
 * The settings in one form, with keys that can be used and algorithms that fit them. Secrets that `input` does not say
 * are those of `kept`. `at` is the pointer to `input`.
 */
export function jwtOf(input: JwtInput, kept: KeptJwt, at: string): KeptJwt {
  const jwt = completed(Jwt, { ...input, keys: recallSecrets(input.keys, kept, `${at}/keys`) });
  const { length } = jwkSet(jwt.keys);
  if (length > JWT.setLength) {
    refuseField('validation-failed', `${at}/keys`, `have ${length} characters as JSON`, { maximum: JWT.setLength });
  }
  const fitting = jwt.keys.map((key, i) => algorithmsOf(key, `${at}/keys/${i}`));
  for (const [i, fits] of fitting.entries()) {
    if (!fits.some((algorithm) => jwt.algorithms.includes(algorithm))) {
      refuseField('validation-failed', `${at}/keys/${i}`, 'fits none of the algorithms', fits);
    }
  }
  for (const [i, algorithm] of jwt.algorithms.entries()) {
    if (!fitting.some((fits) => fits.includes(algorithm))) {
      const allowed = [...new Set(fitting.flat())];
      refuseField('validation-failed', `${at}/algorithms/${i}`, `no key fits ${algorithm}`, allowed);
    }
  }
  for (const [i, { header }] of jwt.claims.entries()) {
    checkClaimHeader(header, `${at}/claims/${i}/header`);
    if (jwt.claims.findIndex((other) => other.header.toLowerCase() === header.toLowerCase()) < i) {
      refuseField('validation-failed', `${at}/claims/${i}/header`, 'is in the list before');
    }
  }
  return takeSecrets({ ...jwt, algorithms: [...new Set(jwt.algorithms)] });
}

/** The keys as a JWK set (RFC 7517 §5), as plans carry them. */
export function jwkSet(keys: Jwt['keys']): string {
  return JSON.stringify({ keys });
}

/** The algorithms that a key can be used with; refuses one that cannot be used at all. */
function algorithmsOf(key: Readonly<Record<string, unknown>>, at: string): Algorithm[] {
  if (key['use'] !== undefined && key['use'] !== 'sig') {
    refuseField('validation-failed', `${at}/use`, 'the key is not for signatures', 'sig');
  }
  const operations = key['key_ops'];
  if (Array.isArray(operations) && !operations.includes('verify')) {
    refuseField('validation-failed', `${at}/key_ops`, 'the key is not for signatures', ['verify']);
  }
  const fits = algorithmsOfType(key, at);
  const { alg } = key;
  if (alg === undefined) return fits;
  if (fits.includes(alg as Algorithm)) return [alg as Algorithm];
  refuseField('validation-failed', `${at}/alg`, 'does not fit the key', fits);
}

function algorithmsOfType(key: Readonly<Record<string, unknown>>, at: string): Algorithm[] {
  const { kty, crv } = key;
  if (kty === 'oct') {
    checkSecret(key['k'], `${at}/k`);
    return ['HS256'];
  }
  for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth']) {
    if (member in key)
      refuseField('validation-failed', `${at}/${member}`, 'is of the private key: give the public one');
  }
  const bits = publicKeyBits(key as webcrypto.JsonWebKey, at);
  switch (kty) {
    case 'RSA':
      if (bits < JWT.rsaBits) refuseField('validation-failed', `${at}/n`, `has ${bits} bits`, { minimum: JWT.rsaBits });
      return ['RS256', 'PS256'];
    case 'EC':
      if (crv !== 'P-256')
        refuseField('validation-failed', `${at}/crv`, 'is not a curve that is known here', ['P-256']);
      return ['ES256'];
    default:
      if (crv !== 'Ed25519') {
        refuseField('validation-failed', `${at}/crv`, 'is not a curve that is known here', ['Ed25519']);
      }
      return ['EdDSA'];
  }
}

/** RFC 7518 §3.2: at least as long as the hash. */
function checkSecret(secret: unknown, at: string): void {
  if (typeof secret !== 'string' || !/^[A-Za-z0-9_-]+$/.test(secret)) {
    refuseField('validation-failed', at, 'is not base64url');
  }
  const { length } = Buffer.from(secret, 'base64url');
  if (length < JWT.secretBytes) {
    refuseField('validation-failed', at, `has ${length} bytes`, { minimum: JWT.secretBytes });
  }
}

function publicKeyBits(key: webcrypto.JsonWebKey, at: string): number {
  try {
    return createPublicKey({ key, format: 'jwk' }).asymmetricKeyDetails?.modulusLength ?? 0;
  } catch (error) {
    return refuseField('validation-failed', at, `is not a public key: ${(error as Error).message}`);
  }
}
