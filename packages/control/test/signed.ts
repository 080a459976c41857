import { createHash, createHmac, randomUUID } from 'node:crypto';
import { componentsFor, signatureBase, signatureParameters } from '@evenkeel/model/signature-base.ts';

export interface Signed {
  readonly keyId: string;
  readonly secret: string;
  readonly method?: string;
  readonly target?: string;
  readonly body?: string;
  /** Unix seconds. */
  readonly created?: number;
  readonly nonce?: string;
  readonly headers?: Record<string, string>;
}

const digestOf = (body: string) => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;

/** The header fields of a request that is signed with nothing but what the guide says. */
export function signedHeaders(wanted: Signed): Record<string, string> {
  const { keyId, secret, method = 'GET', target = '/v1/identity', body, nonce = randomUUID() } = wanted;
  const created = wanted.created ?? Math.floor(Date.now() / 1_000);
  const headers: Record<string, string> = {
    ...wanted.headers,
    ...(body !== undefined && { 'content-type': 'application/json', 'content-digest': digestOf(body) }),
  };
  const parts = { method, target, field: (name: string) => headers[name] };
  const components = componentsFor(parts);
  const parameters = signatureParameters(components, { created, nonce, keyId });
  const signature = createHmac('sha256', secret)
    .update(signatureBase(parts, components, parameters))
    .digest('base64');
  return { ...headers, 'signature-input': `sig=${parameters}`, signature: `sig=:${signature}:` };
}
