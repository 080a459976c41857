import { type Identity, issue } from '@evenkeel/testbed/certificates/issue.ts';

/** An authority of one's own, and what it made for `*.example.com` and `example.com`. */
export const ROOT = issue({ commonName: 'Test Root', ca: true });
export const SITE = issue({
  commonName: 'example.com',
  names: ['example.com', '*.example.com'],
  issuer: ROOT,
  use: 'server',
});

/** The body of an upload. */
export function upload(identity: Identity, more: object = {}): { chain: string; privateKey: string } {
  return { chain: identity.certificate, privateKey: identity.key, ...more };
}
