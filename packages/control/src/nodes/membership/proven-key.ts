import { createPublicKey, verify } from 'node:crypto';
import { proofText, type RenewMessage } from '@evenkeel/model/plan/membership.ts';

/** Characters in base64 that a key on P-256 takes, and more than its signature does. */
const LONGEST = 256;

/**
 * The key that a node wants a certificate for, as SPKI in DER; null when it is none on P-256, or when the node has not
 * shown that it has the private one.
 */
export function provenKey(
  node: string,
  { publicKey, proof }: Pick<RenewMessage, 'publicKey' | 'proof'>,
): Buffer | null {
  if (publicKey.length > LONGEST || proof.length > LONGEST) return null;
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
    if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return null;
    const text = Buffer.from(proofText(node, publicKey));
    if (!verify('sha256', text, key, Buffer.from(proof, 'base64'))) return null;
    // Written anew: what was sent may say the same in a form that others read in another way.
    return key.export({ type: 'spki', format: 'der' });
  } catch {
    return null;
  }
}
