/**
 * HTTP message signatures (RFC 9421) with HMAC-SHA256, in the one form that the API takes: `@method`, `@path` and
 * `@query` are signed, the digest of the body (RFC 9530) where there is one, and every field of `SIGNED_FIELDS` that the
 * request has.
 */

/** Fields that change what a request does. */
export const SIGNED_FIELDS = ['content-digest', 'evenkeel-tenant', 'if-match', 'idempotency-key'] as const;

export interface SignedParts {
  readonly method: string;
  /** Path and query as they are sent. */
  readonly target: string;
  /** Value of a field, by its name in lower case; undefined: there is none. */
  readonly field: (name: string) => string | undefined;
}

/** What every request signs, and what of its fields it must. */
export function componentsFor({ field }: Pick<SignedParts, 'field'>): string[] {
  return ['@method', '@path', '@query', ...SIGNED_FIELDS.filter((name) => field(name) !== undefined)];
}

/** The text that is signed (RFC 9421 §2.5). `parameters` is what Signature-Input has after the label. */
export function signatureBase(parts: SignedParts, components: readonly string[], parameters: string): string {
  const lines = components.map((name) => `"${name}": ${valueOf(parts, name)}`);
  return [...lines, `"@signature-params": ${parameters}`].join('\n');
}

/** `(…);created=…;nonce="…";keyid="…";alg="hmac-sha256"`; `created` in Unix seconds. */
export function signatureParameters(
  components: readonly string[],
  { created, nonce, keyId }: { readonly created: number; readonly nonce: string; readonly keyId: string },
): string {
  const list = components.map((name) => `"${name}"`).join(' ');
  return `(${list});created=${created};nonce="${nonce}";keyid="${keyId}";alg="hmac-sha256"`;
}

function valueOf({ method, target, field }: SignedParts, name: string): string {
  const at = target.indexOf('?');
  switch (name) {
    case '@method':
      return method;
    case '@path':
      return at < 0 ? target : target.slice(0, at);
    case '@query':
      return at < 0 ? '?' : target.slice(at);
    default:
      return (field(name) ?? '').trim();
  }
}
