import { createHmac, timingSafeEqual } from 'node:crypto';
import { NUMBER_SIZE } from './target-number.ts';

/** Seconds since 1970 take four bytes until the year 2106. */
const TIME_SIZE = 4;
const PLAIN_SIZE = NUMBER_SIZE + TIME_SIZE;
const TAG_SIZE = 16;
const TOKEN_SIZE = 1 + TAG_SIZE + PLAIN_SIZE;

/** Characters of a token: base64url without padding. */
export const TOKEN_LENGTH = (TOKEN_SIZE / 3) * 4;

/** What a token says. */
export interface TokenContent {
  /** `targetNumber` of the target. */
  readonly target: number;
  /** When it was issued, in seconds since 1970. */
  readonly time: number;
}

/** One secret, made into what seals and opens tokens of one service. */
class TokenKey {
  /** The first byte of its tokens: tells at once which key to try, and says nothing else. */
  readonly name: number;
  readonly #tagKey: Buffer;
  readonly #streamKey: Buffer;

  constructor(secret: Buffer, serviceId: string) {
    const derive = (purpose: string) => createHmac('sha256', secret).update(`${purpose} ${serviceId}`).digest();
    this.name = derive('name')[0]!;
    this.#tagKey = derive('tag');
    this.#streamKey = derive('stream');
  }

  seal({ target, time }: TokenContent): string {
    const plain = Buffer.alloc(PLAIN_SIZE);
    plain.writeUIntBE(target, 0, NUMBER_SIZE);
    plain.writeUInt32BE(time, NUMBER_SIZE);
    const tag = this.#tag(plain);
    return Buffer.concat([Uint8Array.of(this.name), tag, this.#cover(plain, tag)]).toString('base64url');
  }

  open(token: Buffer): TokenContent | null {
    const tag = token.subarray(1, 1 + TAG_SIZE);
    const plain = this.#cover(token.subarray(1 + TAG_SIZE), tag);
    if (!timingSafeEqual(this.#tag(plain), tag)) return null;
    return { target: plain.readUIntBE(0, NUMBER_SIZE), time: plain.readUInt32BE(NUMBER_SIZE) };
  }

  #tag(plain: Buffer): Buffer {
    return createHmac('sha256', this.#tagKey).update(plain).digest().subarray(0, TAG_SIZE);
  }

  /** Conceals, or reveals: both are the same. */
  #cover(bytes: Buffer, tag: Buffer): Buffer {
    const stream = createHmac('sha256', this.#streamKey).update(tag).digest();
    const covered = Buffer.alloc(PLAIN_SIZE);
    for (let i = 0; i < PLAIN_SIZE; i++) covered[i] = bytes[i]! ^ stream[i]!;
    return covered;
  }
}

/**
 * Seals and opens what the load balancer's own cookie says: authenticated, and concealed from everybody without the key.
 * A synthetic-IV construction (Rogaway and Shrimpton, "Deterministic authenticated encryption", 2006) with HMAC-SHA-256
 * as its function: the tag is over the content, and the content is covered by what the tag gives. The same content makes
 * the same token, on purpose (ADR 013): one that many clients hold is sealed and opened once.
 */
export class TokenSealer {
  readonly #current: TokenKey;
  readonly #old: readonly TokenKey[];

  /** Keys are base64 of 32 bytes. `serviceId`: tokens of other services mean nothing, even under the same key. */
  constructor(serviceId: string, key: string, oldKeys: readonly string[]) {
    const make = (secret: string) => new TokenKey(Buffer.from(secret, 'base64'), serviceId);
    this.#current = make(key);
    this.#old = oldKeys.map(make);
  }

  seal(content: TokenContent): string {
    return this.#current.seal(content);
  }

  /** What the token in memory[start, start + TOKEN_LENGTH) says; null when none of the keys has made it. */
  open(memory: Uint8Array, start: number): (TokenContent & { readonly old: boolean }) | null {
    const text = Buffer.from(memory.subarray(start, start + TOKEN_LENGTH)).toString('latin1');
    const token = Buffer.from(text, 'base64url');
    // The decoder passes over what is no base64; such a token is not one that was made here.
    if (token.length !== TOKEN_SIZE || token.toString('base64url') !== text) return null;
    if (token[0] === this.#current.name) {
      const content = this.#current.open(token);
      if (content !== null) return { ...content, old: false };
    }
    for (const key of this.#old) {
      const content = token[0] === key.name ? key.open(token) : null;
      if (content !== null) return { ...content, old: true };
    }
    return null;
  }
}
