import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { StartError } from '../start-error.ts';
import { Secret } from './secret.ts';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
/** NIST SP 800-38D §8.2: 96 random bits are good for 2^32 texts under one key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Seals secrets for the database with a key that lies outside of it, in a file of its own that only its owner can read.
 * A sealed text is `1.<key>.<nonce, text and tag in base64url>`, where `<key>` tells which key it was; it is bound to the
 * name that it was sealed under, so that it cannot be moved from one row to another.
 */
export class Vault {
  readonly #file: string;
  #key: Buffer | null;
  #mark: string | null = null;

  /** Reads the key, if there is one. Throws a StartError. */
  constructor(file: string) {
    this.#file = file;
    this.#key = readKey(file);
  }

  /** Makes the key when there is none: after it is known that nothing was sealed with a lost one. Throws a StartError. */
  ensureKey(): void {
    this.#key ??= createKey(this.#file);
  }

  seal(name: string, secret: Secret): string {
    if (this.#key === null) throw new Error('there is no key to seal with');
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, nonce).setAAD(Buffer.from(name));
    const parts = [nonce, cipher.update(secret.reveal(), 'utf8'), cipher.final(), cipher.getAuthTag()];
    return `1.${this.#markOf(this.#key)}.${Buffer.concat(parts).toString('base64url')}`;
  }

  /**
   * The secret, which stays sealed until it is revealed. Throws a StartError when the key is not there or is another one,
   * an Error when the text is damaged.
   */
  open(name: string, sealed: string): Secret {
    this.#unseal(name, sealed);
    return new Secret(() => this.#unseal(name, sealed));
  }

  /** Throws a StartError when the key that this was sealed with is not there, or is another one. */
  expectKeyOf(sealed: string): void {
    this.#keyOf(sealed.split('.')[1]);
  }

  #keyOf(mark: string | undefined): Buffer {
    if (this.#key === null || this.#markOf(this.#key) !== mark) throw this.#lost();
    return this.#key;
  }

  #unseal(name: string, sealed: string): string {
    const [version, mark, data, ...rest] = sealed.split('.');
    if (version !== '1' || mark === undefined || data === undefined || rest.length > 0) {
      throw new Error(`the secret of ${name} has an unknown form`);
    }
    const key = this.#keyOf(mark);
    const bytes = Buffer.from(data, 'base64url');
    if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new Error(`the secret of ${name} is damaged`);
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES))
      .setAAD(Buffer.from(name))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      return decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
    } catch (error) {
      throw new Error(`the secret of ${name} is damaged`, { cause: error });
    }
  }

  /** Tells keys apart, and tells nothing of them. There is one in the life of a vault. */
  #markOf(key: Buffer): string {
    this.#mark ??= markOf(key);
    return this.#mark;
  }

  #lost(): StartError {
    const what = this.#key === null ? 'is missing' : 'is not the one';
    return new StartError(
      `${this.#file} ${what} that the private keys in the state were encrypted with; ` +
        'put it back from a backup: without it, the state can only be moved away to begin anew',
    );
  }
}

function markOf(key: Buffer): string {
  return createHash('sha256').update('evenkeel secrets key\n').update(key).digest('base64url').slice(0, 8);
}

function readKey(file: string): Buffer | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    // Where no directory can be, whoever makes it says so.
    if (error instanceof Error && 'code' in error && /^ENO(ENT|TDIR)$/.test(String(error.code))) return null;
    throw new StartError(`cannot read ${file} (${reasonOf(error)}); make it readable for its owner`, error);
  }
  const key = Buffer.from(text.trim(), 'base64url');
  if (key.length !== KEY_BYTES) throw new StartError(`${file} holds no key; put it back from a backup`);
  return key;
}

/** Whole or not at all, and never over one that is there. */
function createKey(file: string): Buffer {
  const key = randomBytes(KEY_BYTES);
  const draft = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(draft, `${key.toString('base64url')}\n`, { mode: 0o600, flush: true });
    try {
      linkSync(draft, file);
    } finally {
      unlinkSync(draft);
    }
  } catch (error) {
    throw new StartError(`cannot write ${file} (${reasonOf(error)}); make its directory writable`, error);
  }
  return key;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
