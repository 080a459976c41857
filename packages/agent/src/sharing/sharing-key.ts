import { hkdfSync } from 'node:crypto';

/** Changes with what nodes say to each other, so that those that would not understand each other do not begin. */
const PURPOSE = 'evenkeel flow sharing 1';
const KEY_BYTES = 32;

/**
 * The key by which nodes of one installation know each other, from the token that they all have. Whoever has the token
 * is a node; nobody gets at it from the key.
 */
export function sharingKey(token: string): Buffer {
  return Buffer.from(hkdfSync('sha256', token, '', PURPOSE, KEY_BYTES));
}
