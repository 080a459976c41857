import { createHash } from 'node:crypto';

/** 256 random bits behind a prefix that tells what it is, should it turn up somewhere. */
export function newToken(prefix: string, random: (bytes: number) => Buffer): string {
  return `${prefix}_${random(32).toString('base64url')}`;
}

/** What is kept of a token. It is too random to be guessed, so a hash that takes long would protect nothing more. */
export function hashOfToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
