import { componentsFor, signatureBase, signatureParameters } from '@evenkeel/model/signature-base.ts';

/** What requests are signed with in place of a token: the secret is never sent. */
export interface AccessKey {
  readonly id: string;
  readonly secret: string;
}

interface Unsigned {
  readonly method: string;
  readonly url: string;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** Header fields that sign the request (RFC 9421, RFC 9530). `now` in Unix milliseconds. */
export async function signatureFor(
  { id: keyId, secret }: AccessKey,
  { method, url, headers, body }: Unsigned,
  now: number = Date.now(),
): Promise<Record<string, string>> {
  const added: Record<string, string> = {};
  if (body !== null) added['content-digest'] = `sha-256=:${await digestOf(body)}:`;
  const { pathname, search } = new URL(url);
  const parts = { method, target: pathname + search, field: (name: string) => added[name] ?? headers[name] };
  const components = componentsFor(parts);
  const created = Math.floor(now / 1_000);
  const parameters = signatureParameters(components, { created, nonce: crypto.randomUUID(), keyId });
  const signature = await hmacOf(secret, signatureBase(parts, components, parameters));
  return { ...added, 'signature-input': `sig=${parameters}`, signature: `sig=:${signature}:` };
}

async function digestOf(text: string): Promise<string> {
  return base64(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
}

async function hmacOf(secret: string, text: string): Promise<string> {
  const bytes = new TextEncoder();
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', bytes.encode(secret), algorithm, false, ['sign']);
  return base64(await crypto.subtle.sign('HMAC', key, bytes.encode(text)));
}

/** 32 bytes: far below where the spread of arguments ends. */
function base64(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}
