import { constants, createHmac, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import type { PlannedJwt } from '@evenkeel/model/plan/rules.ts';

export type JwtAlgorithm = PlannedJwt['algorithms'][number];

/** Whether a key can be one of an algorithm: what is signed with one kind of key is never tried with another (RFC 8725 section 3.1). */
export function fitsAlgorithm(key: KeyObject, algorithm: JwtAlgorithm): boolean {
  switch (algorithm) {
    case 'RS256':
    case 'PS256':
      return key.type === 'public' && key.asymmetricKeyType === 'rsa' && bitsOf(key) >= 2_048;
    case 'ES256':
      return (
        key.type === 'public' && key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1'
      );
    case 'EdDSA':
      return key.type === 'public' && key.asymmetricKeyType === 'ed25519';
    case 'HS256':
      return key.type === 'secret' && (key.symmetricKeySize ?? 0) >= 32;
  }
}

/** Whether `signature` is one of `data` by a key that fits the algorithm (RFC 7518 section 3, RFC 8037). */
export function isSigned(algorithm: JwtAlgorithm, key: KeyObject, data: Buffer, signature: Buffer): boolean {
  switch (algorithm) {
    case 'RS256':
      return verify('sha256', data, { key, padding: constants.RSA_PKCS1_PADDING }, signature);
    case 'PS256': {
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      return verify('sha256', data, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }, signature);
    }
    case 'ES256':
      return verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature);
    case 'EdDSA':
      return verify(null, data, key, signature);
    case 'HS256': {
      const expected = createHmac('sha256', key).update(data).digest();
      return expected.length === signature.length && timingSafeEqual(expected, signature);
    }
  }
}

function bitsOf(key: KeyObject): number {
  return key.asymmetricKeyDetails?.modulusLength ?? 0;
}
