/** Keys that have a bucket of their own. */
const KEYS = 10_000;
/** Milliseconds between two looks for buckets that are full again. */
const SWEEP = 1_000;
/** Seconds of the rate that may be taken at once. */
const BURST = 10;

interface Bucket {
  tokens: number;
  /** When that was counted, in milliseconds. */
  at: number;
}

/** What a bucket says when something is taken from it. */
export interface Taken {
  readonly allowed: boolean;
  /** What may still be taken at once. */
  readonly remaining: number;
  /** Seconds until there is something to take again, or, if there is, until the bucket is full. */
  readonly seconds: number;
}

/**
 * A bucket for each key, from which `rate` may be taken in a second, and ten times that at once. A bucket that is full is
 * as good as none, and forgotten. At 10,000 keys that are not full, those that are new share one bucket: whoever comes
 * from very many addresses takes from each other, and not from those that were there before.
 */
export class TokenBuckets {
  readonly rate: number;
  readonly #now: () => number;
  readonly #keys: number;
  readonly #buckets = new Map<string, Bucket>();
  readonly #shared: Bucket;
  #swept = 0;

  /** `now` in milliseconds, from any beginning. */
  constructor(rate: number, now: () => number, keys: number = KEYS) {
    this.rate = rate;
    this.#now = now;
    this.#keys = keys;
    this.#shared = { tokens: rate * BURST, at: now() };
  }

  get size(): number {
    return this.#buckets.size;
  }

  get capacity(): number {
    return this.rate * BURST;
  }

  take(key: string): Taken {
    const bucket = this.#bucketOf(key);
    this.#refill(bucket);
    const allowed = bucket.tokens >= 1;
    if (allowed) bucket.tokens--;
    return this.#tell(bucket, allowed);
  }

  /** What there is, with nothing taken. */
  look(key: string): Taken {
    const bucket = this.#buckets.get(key) ?? (this.#buckets.size >= this.#keys ? this.#shared : undefined);
    if (bucket === undefined) return { allowed: true, remaining: this.capacity, seconds: 0 };
    this.#refill(bucket);
    return this.#tell(bucket, bucket.tokens >= 1);
  }

  #tell({ tokens }: Bucket, allowed: boolean): Taken {
    const missing = allowed ? this.capacity - tokens : 1 - tokens;
    return { allowed, remaining: Math.floor(tokens), seconds: Math.ceil(missing / this.rate) };
  }

  #bucketOf(key: string): Bucket {
    const known = this.#buckets.get(key);
    if (known !== undefined) return known;
    if (this.#buckets.size >= this.#keys) this.#sweep();
    if (this.#buckets.size >= this.#keys) return this.#shared;
    const bucket = { tokens: this.capacity, at: this.#now() };
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #refill(bucket: Bucket): void {
    const now = this.#now();
    bucket.tokens = Math.min(this.capacity, bucket.tokens + ((now - bucket.at) / 1_000) * this.rate);
    bucket.at = now;
  }

  #sweep(): void {
    const now = this.#now();
    if (now - this.#swept < SWEEP) return;
    this.#swept = now;
    for (const [key, bucket] of this.#buckets) {
      this.#refill(bucket);
      if (bucket.tokens >= this.capacity) this.#buckets.delete(key);
    }
  }
}
