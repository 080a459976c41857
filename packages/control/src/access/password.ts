import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { ProblemError } from '../problem.ts';

/**
 * Argon2id with 19 MiB, two passes and one lane: what OWASP's Password Storage Cheat Sheet asks for at least. A hash
 * says what it was made with, so that these can grow.
 */
const COST = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** What a stored hash may cost at most: one that asks for more is not ours. */
const MOST = { memory: 262_144, passes: 16, parallelism: 4 } as const;
/** Hashes that are computed at a time, each with its memory, and those that wait for that; one more is refused. */
const AT_A_TIME = 2;
const WAITING = 32;

interface Parameters {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** Makes and checks hashes of passwords on threads of the pool, a bounded number at a time. */
export class PasswordHasher {
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  /** Of nobody's password; what somebody is checked against who is not there. */
  readonly #nobody = encode({ ...COST, salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) });

  /** In the PHC string format. Rejects with `too-busy`. */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    const hash = await this.#compute(password, { ...COST, salt });
    return encode({ ...COST, salt, hash });
  }

  /** Whether the password is that of the hash; takes the same time when there is no hash. Rejects with `too-busy`. */
  async verify(password: string, hash: string | null): Promise<boolean> {
    const expected = decode(hash ?? this.#nobody);
    const computed = await this.#compute(password, expected);
    return timingSafeEqual(computed, expected.hash) && hash !== null;
  }

  /** Throws `too-busy` where a password would be refused now. */
  checkRoom(): void {
    if (this.#running >= AT_A_TIME && this.#waiting.length >= WAITING) {
      throw new ProblemError('too-busy', 'many passwords are being checked');
    }
  }

  async #compute(password: string, { memory, passes, parallelism, salt }: Omit<Parameters, 'hash'>): Promise<Buffer> {
    await this.#turn();
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        // Letters that look the same are the same, however they were typed (RFC 8265 §4.2).
        const message = password.normalize('NFC');
        argon2(
          'argon2id',
          { message, nonce: salt, memory, passes, parallelism, tagLength: HASH_BYTES },
          (error, derived) => (error === null ? resolve(derived) : reject(error)),
        );
      });
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    this.checkRoom();
    if (this.#running >= AT_A_TIME) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running++;
  }
}

function encode({ memory, passes, parallelism, salt, hash }: Parameters): string {
  const text = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${text(salt)}$${text(hash)}`;
}

function decode(phc: string): Parameters {
  const match = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(phc);
  if (match === null) throw new Error('a hash of a password has an unknown form');
  const [memory, passes, parallelism] = match.slice(1, 4).map(Number) as [number, number, number];
  if (memory > MOST.memory || passes > MOST.passes || parallelism > MOST.parallelism)
    throw new Error('a hash of a password costs more than any that is made here');
  const [salt, hash] = [Buffer.from(match[4]!, 'base64'), Buffer.from(match[5]!, 'base64')];
  if (hash.length !== HASH_BYTES) throw new Error('a hash of a password has an unknown length');
  return { memory, passes, parallelism, salt, hash };
}
