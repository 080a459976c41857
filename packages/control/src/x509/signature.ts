/** Signature algorithms of certificates (RFC 4055, RFC 5758, RFC 8410) and the hash that each signs; null: its own. */
const HASHES: Readonly<Record<string, string | null>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
  '1.3.101.113': null,
};

/** The hash for `verify` of node:crypto; undefined for an algorithm that is not accepted, SHA-1 among them. */
export function hashOfSignature(algorithm: string): string | null | undefined {
  return Object.hasOwn(HASHES, algorithm) ? HASHES[algorithm] : undefined;
}
