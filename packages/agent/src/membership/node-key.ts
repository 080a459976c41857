import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { proofText, type RenewMessage } from '@evenkeel/model/plan/membership.ts';

/** A private key on P-256 as PEM. It never leaves the node. */
export function makeNodeKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** What a certificate is asked for with: the public key, and what shows that this node has the private one. */
export function provenKey(node: string, key: string): Pick<RenewMessage, 'publicKey' | 'proof'> {
  const privateKey = createPrivateKey(key);
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).toString('base64');
  const proof = sign('sha256', Buffer.from(proofText(node, publicKey)), privateKey).toString('base64');
  return { publicKey, proof };
}
