import { type Identity, issue } from '@evenkeel/testbed/certificates/issue.ts';

/** The one name that clients ask for. */
export const SERVER_NAME = 'soak.test';

/** A fresh certificate and key for it. */
export function serverCertificate(authority: Identity): { readonly chain: string; readonly privateKey: string } {
  const { certificate, key } = issue({ names: [SERVER_NAME], issuer: authority });
  return { chain: certificate, privateKey: key };
}
