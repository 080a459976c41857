import { isIPv6 } from 'node:net';
import type { RateLimits } from '@evenkeel/model/access-limits.ts';
import { ProblemError } from '../problem.ts';
import { ADMINISTRATOR, type Identity } from './identity.ts';
import { type Taken, TokenBuckets } from './token-buckets.ts';

/** What an answer says about the limit that is nearest. */
export interface Allowance {
  readonly name: string;
  /** Requests at once, and the seconds after which all of them are there again. */
  readonly quota: number;
  readonly window: number;
  readonly remaining: number;
  readonly seconds: number;
}

/**
 * How many requests the API takes from each source, user and credential. The credential of the installation has no
 * limit: it is the way in when nothing else is left.
 */
export class RequestRates {
  readonly #failures: TokenBuckets;
  readonly #sources: TokenBuckets;
  readonly #users: TokenBuckets;
  readonly #credentials: TokenBuckets;

  /** `now` in milliseconds, from any beginning. */
  constructor(limits: RateLimits, now: () => number) {
    this.#failures = new TokenBuckets(limits.failuresPerSource, now);
    this.#sources = new TokenBuckets(limits.requestsPerSource, now);
    this.#users = new TokenBuckets(limits.requestsPerUser, now);
    this.#credentials = new TokenBuckets(limits.requestsPerCredential, now);
  }

  /** Refuses a source that was refused too often lately, before anything is looked up for it. */
  checkSource(source: string): void {
    const taken = this.#failures.look(sourceKey(source));
    if (!taken.allowed) refuse('requests that could not be authenticated', taken);
  }

  /** A request from there had no credential that is known. Throws `rate-limited` where that is once too often. */
  failed(source: string): void {
    const taken = this.#failures.take(sourceKey(source));
    if (!taken.allowed) refuse('requests that could not be authenticated', taken);
  }

  /** Counts a request that names nobody. */
  countAnonymous(source: string): Allowance {
    return nearest([['source', this.#sources, sourceKey(source)]]);
  }

  /** Counts a request; null: there is no limit. Throws `rate-limited`. */
  count({ id, credential }: Pick<Identity, 'id' | 'credential'>, source: string): Allowance | null {
    if (id === ADMINISTRATOR.id) return null;
    return nearest([
      ['credential', this.#credentials, credential.id],
      ['user', this.#users, id],
      ['source', this.#sources, sourceKey(source)],
    ]);
  }
}

/** Takes from each, and tells of the one with the least left. */
function nearest(buckets: readonly (readonly [name: string, buckets: TokenBuckets, key: string])[]): Allowance {
  let least: Allowance | null = null;
  for (const [name, bucket, key] of buckets) {
    const taken = bucket.take(key);
    if (!taken.allowed) refuse(`requests of one ${name}`, taken);
    const { remaining, seconds } = taken;
    if (least !== null && least.remaining <= remaining) continue;
    least = { name, quota: bucket.capacity, window: bucket.capacity / bucket.rate, remaining, seconds };
  }
  return least!;
}

function refuse(what: string, { seconds }: Taken): never {
  const detail = `there are too many ${what}; wait ${seconds} s`;
  throw new ProblemError('rate-limited', detail, { retryAfter: seconds });
}

/** Whoever has one address of IPv6 usually has the 2^64 beside it. */
export function sourceKey(source: string): string {
  if (!isIPv6(source) || source.startsWith('::ffff:')) return source.replace(/^::ffff:/, '');
  const [head = '', tail = ''] = source.split('::');
  const front = head.split(':').filter((group) => group !== '');
  const missing = 8 - front.length - tail.split(':').filter((group) => group !== '').length;
  const groups = source.includes('::') ? [...front, ...Array<string>(missing).fill('0'), ...tail.split(':')] : front;
  return `${groups.slice(0, 4).join(':')}::/64`;
}
