import { createHash } from 'node:crypto';
import { canonicalJson } from '@evenkeel/model/plan/canonical-json.ts';
import type { Transaction } from 'kysely';
import { ProblemError } from '../problem.ts';
import { KEPT } from '../store/history.ts';
import type { Database } from '../store/schema.ts';
import type { Store } from '../store/store.ts';

/** An answer as it is sent, and as it is repeated. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export type SaveAnswer = (trx: Transaction<Database>, answer: Answer) => Promise<void>;

interface Running {
  readonly fingerprint: string;
  readonly answer: Promise<Answer>;
}

/**
 * Makes a request with an `Idempotency-Key` happen once. The answer is stored in the transaction of the write itself,
 * and kept for a day; a request that was refused or failed left nothing, and may be sent again with the same key.
 */
export class IdempotentRequests {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #running = new Map<string, Running>();

  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Carries out `request`, or repeats the answer that it had. */
  async once(
    actor: string,
    key: string,
    fingerprint: string,
    request: (save: SaveAnswer) => Promise<Answer>,
  ): Promise<{ readonly answer: Answer; readonly replayed: boolean }> {
    const name = `${actor} ${key}`;
    const running = this.#running.get(name);
    if (running !== undefined) {
      checkSame(key, running.fingerprint, fingerprint);
      return { answer: await running.answer, replayed: true };
    }
    const { promise: answer, resolve, reject } = Promise.withResolvers<Answer>();
    // Nobody may be waiting for it; then its failure is not unhandled.
    answer.catch(() => {});
    this.#running.set(name, { fingerprint, answer });
    try {
      const known = await this.#find(actor, key);
      if (known !== null) checkSame(key, known.fingerprint, fingerprint);
      const result = known?.answer ?? (await request((trx, made) => this.#save(trx, actor, key, fingerprint, made)));
      resolve(result);
      return { answer: result, replayed: known !== null };
    } catch (error) {
      reject(error);
      throw error;
    } finally {
      this.#running.delete(name);
    }
  }

  async #find(actor: string, key: string): Promise<{ fingerprint: string; answer: Answer } | null> {
    const row = await this.#store.read((db) =>
      db
        .selectFrom('idempotency')
        .selectAll()
        .where('actor', '=', actor)
        .where('key', '=', key)
        .where('at', '>=', this.#now() - KEPT.idempotency.milliseconds)
        .executeTakeFirst(),
    );
    return row === undefined ? null : { fingerprint: row.fingerprint, answer: JSON.parse(row.answer) as Answer };
  }

  async #save(
    trx: Transaction<Database>,
    actor: string,
    key: string,
    fingerprint: string,
    made: Answer,
  ): Promise<void> {
    const row = { fingerprint, at: this.#now(), answer: JSON.stringify(made) };
    await trx
      .insertInto('idempotency')
      .values({ actor, key, ...row })
      .onConflict((conflict) => conflict.columns(['actor', 'key']).doUpdateSet(row))
      .execute();
  }
}

/** What makes two requests the same. */
export function fingerprintOf(method: string, path: string, body: unknown): string {
  return createHash('sha256')
    .update(`${method} ${path}\n${canonicalJson(body ?? null)}`)
    .digest('base64url');
}

/** The value of an `Idempotency-Key` header; refuses one that is too long or not visible ASCII. */
export function checkKey(key: string): string {
  if (/^[!-~]{1,128}$/.test(key)) return key;
  const error = {
    field: 'header Idempotency-Key',
    reason: 'has the wrong form',
    allowed: '1 to 128 visible characters',
  };
  throw new ProblemError('validation-failed', `${error.field}: ${error.reason}`, { errors: [error] });
}

function checkSame(key: string, before: string, now: string): void {
  if (before === now) return;
  throw new ProblemError('idempotency-key-reused', `the key ${key} was used for another request`);
}
