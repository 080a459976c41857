import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { ProblemError } from '../problem.ts';

const FORM = 'evenkeel-sealed-1';
const CIPHER = 'aes-256-gcm';
const SALT_BYTES = 16;
const KEY_BYTES = 32;
/** NIST SP 800-38D §8.2. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/**
 * One of the choices of OWASP's Password Storage Cheat Sheet; 64 MiB while a key is derived. They belong to the form: a
 * document cannot ask for more.
 */
const COST = { N: 65_536, r: 8, p: 2, maxmem: 96 * 1_048_576 } as const;
/** Keys are derived one at a time; so many may wait, and one more is refused. */
const WAITING = 8;

/** The key of a passphrase, which a lot of work goes into. */
export type KeyDerivation = (passphrase: string, salt: Buffer) => Promise<Buffer>;

/**
 * Seals texts with a passphrase, for documents that leave the installation: `evenkeel-sealed-1.` and salt, nonce, text
 * and tag in base64url. Whoever has the document can try passphrases, as fast as scrypt lets them.
 */
export class PassphraseSeal {
  readonly #derive: KeyDerivation;
  #waiting = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(derive: KeyDerivation = deriveByScrypt) {
    this.#derive = derive;
  }

  /** Rejects with `too-busy`. */
  async seal(text: string, passphrase: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, await this.#keyOf(passphrase, salt), nonce).setAAD(Buffer.from(FORM));
    const parts = [salt, nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()];
    return `${FORM}.${Buffer.concat(parts).toString('base64url')}`;
  }

  /** Rejects with `wrong-passphrase` also when the text was changed, and with `too-busy`. */
  async open(sealed: string, passphrase: string): Promise<string> {
    const bytes = Buffer.from(sealed.slice(FORM.length + 1), 'base64url');
    if (!sealed.startsWith(`${FORM}.`) || bytes.length < SALT_BYTES + NONCE_BYTES + TAG_BYTES) throw wrong();
    const salt = bytes.subarray(0, SALT_BYTES);
    const nonce = bytes.subarray(SALT_BYTES, SALT_BYTES + NONCE_BYTES);
    const decipher = createDecipheriv(CIPHER, await this.#keyOf(passphrase, salt), nonce)
      .setAAD(Buffer.from(FORM))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      return (
        decipher.update(bytes.subarray(SALT_BYTES + NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') +
        decipher.final('utf8')
      );
    } catch (error) {
      throw wrong(error);
    }
  }

  /** Letters that look the same are the same, however they were typed (RFC 8265 §4.2). */
  #keyOf(passphrase: string, salt: Buffer): Promise<Buffer> {
    if (this.#waiting >= WAITING) throw new ProblemError('too-busy', 'many documents are being sealed or opened');
    this.#waiting++;
    const derived = this.#turn.then(() => this.#derive(passphrase.normalize('NFC'), salt));
    this.#turn = derived.catch(() => {}).finally(() => this.#waiting--);
    return derived;
  }
}

function deriveByScrypt(passphrase: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(passphrase, salt, KEY_BYTES, COST, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

function wrong(cause?: unknown): ProblemError {
  const reason = 'does not open what is sealed in the document, or that was changed';
  return new ProblemError(
    'wrong-passphrase',
    `/passphrase: ${reason}`,
    { errors: [{ field: '/passphrase', reason }] },
    cause,
  );
}
