import { createHmac } from 'node:crypto';

/** Header of every delivery: `t` is when it was sent, in Unix seconds, `v1` the signature. */
export const SIGNATURE_HEADER = 'Evenkeel-Signature';

/**
 * HMAC-SHA256 over the time, a dot and the body, as hexadecimal digits. The time is in it, so that a receiver can refuse
 * what somebody has recorded and sends again later. `seconds`: Unix seconds.
 */
export function signatureOf(secret: string, seconds: number, body: string): string {
  const digest = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${digest}`;
}
