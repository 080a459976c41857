import { SESSION } from '@evenkeel/model/access-limits.ts';
import type { IdSource } from '@evenkeel/model/identifiers.ts';
import type { Session } from '@evenkeel/model/resources/session.ts';
import type { Transaction } from 'kysely';
import { timestamp } from '../api/views.ts';
import type { NewAuditEntry } from '../audit/entry.ts';
import { ProblemError } from '../problem.ts';
import type { UserRecord } from '../state/records.ts';
import type { Database, SessionRow } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { checkEnd, identityOf, type Proof, refuse } from './proof.ts';
import { hashOfToken, newToken } from './secrets.ts';

/** Milliseconds. */
const IDLE = SESSION.idleMinutes * 60_000;
const LIFETIME = SESSION.hours * 3_600_000;
/** How often it is written down that a session is in use. */
const NOTED = 60_000;
/** Characters of what a browser calls itself. */
const AGENT = 200;

export interface SessionsOptions {
  readonly store: Store;
  readonly ids: IdSource;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Bytes that nobody can guess. */
  readonly secret: (bytes: number) => Buffer;
}

/**
 * Logins, as rows of the database: they are no configuration, and make no generations. A session ends with every change
 * of its user, a new password among them. At 20 sessions of a user the one that was used longest ago ends; at 10,000 of
 * all, that of the tenant that has the most, so that no tenant can end those of the others.
 */
export class Sessions {
  readonly #options: SessionsOptions;
  /** Sessions that were ended before their time, the newest last: what goes on in one, such as a stream, ends too. */
  readonly #ended = new Set<string>();

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /**
   * Begins a session of a user whose password was right; `token` is for the cookie. `audit` makes the entry of the audit
   * log, of which the identifier of the session is a part.
   */
  async begin(
    user: UserRecord,
    { source, userAgent }: { readonly source: string; readonly userAgent: string },
    audit: (id: string) => NewAuditEntry,
  ): Promise<{ row: SessionRow; token: string }> {
    const { store, ids, now, secret } = this.#options;
    const token = newToken('ekses', secret);
    const row: SessionRow = {
      id: ids.next('session'),
      tenant_id: user.tenantId,
      user_id: user.id,
      hash: hashOfToken(token),
      user_generation: user.generation,
      source,
      user_agent: userAgent.slice(0, AGENT),
      created_at: now(),
      last_seen_at: now(),
    };
    let ended: string[] = [];
    await store.record(
      async (trx) => {
        await trx
          .deleteFrom('session')
          .where((or) => or.or([or('created_at', '<=', now() - LIFETIME), or('last_seen_at', '<=', now() - IDLE)]))
          .execute();
        await trx.insertInto('session').values(row).execute();
        // SQLite takes no offset without a limit.
        const beyond = await trx
          .selectFrom('session')
          .select('id')
          .where('user_id', '=', user.id)
          .orderBy('last_seen_at', 'desc')
          .orderBy('id', 'desc')
          .limit(SESSION.total)
          .offset(SESSION.perUser)
          .execute();
        for (const { id } of beyond) await trx.deleteFrom('session').where('id', '=', id).execute();
        ended = [...beyond.map(({ id }) => id), ...(await endBeyondAll(trx))];
      },
      [audit(row.id)],
    );
    for (const id of ended) this.#noteEnd(id);
    return { row, token };
  }

  /** The session that a cookie is of. Rejects with `unauthenticated`. */
  async prove(token: string): Promise<{ row: SessionRow; proof: Proof }> {
    const { store, now } = this.#options;
    const found = await store.read((db) =>
      db.selectFrom('session').selectAll().where('hash', '=', hashOfToken(token)).executeTakeFirst(),
    );
    const row = found ?? refuse('the session is not known here: it has ended');
    const proof: Proof = ({ users }, at) => {
      if (this.#ended.has(row.id)) refuse('the session was ended');
      const user = users.get(row.user_id);
      if (user?.generation !== row.user_generation) refuse('the session ended when its user was changed');
      checkEnd('session', endOf(row), at);
      return identityOf(user, { kind: 'session', id: row.id }, { role: null, expiresAt: row.created_at + LIFETIME });
    };
    if (now() - row.last_seen_at >= NOTED && endOf(row) > now()) await this.#note(row.id);
    return { row, proof };
  }

  async #note(id: string): Promise<void> {
    const { store, now } = this.#options;
    try {
      await store.record(async (trx) => {
        await trx.updateTable('session').set({ last_seen_at: now() }).where('id', '=', id).execute();
      });
    } catch (error) {
      // A control plane that follows writes nothing, and one on a full disk cannot: both can still answer.
      if (!(error instanceof ProblemError)) throw error;
    }
  }

  /** Those of a tenant that have not ended, of one user or all, the oldest first. */
  async list(tenantId: string, userId: string | null): Promise<SessionRow[]> {
    const { store, now } = this.#options;
    const rows = await store.read((db) => {
      const all = db.selectFrom('session').selectAll().where('tenant_id', '=', tenantId).orderBy('id');
      return (userId === null ? all : all.where('user_id', '=', userId)).execute();
    });
    const { users } = store.state;
    return rows.filter((row) => {
      const user = users.get(row.user_id);
      return endOf(row) > now() && user?.enabled && user.generation === row.user_generation;
    });
  }

  async find(tenantId: string, id: string): Promise<SessionRow | null> {
    return (await this.list(tenantId, null)).find((row) => row.id === id) ?? null;
  }

  async end(id: string, audit: NewAuditEntry): Promise<void> {
    await this.#options.store.record(
      async (trx) => {
        await trx.deleteFrom('session').where('id', '=', id).execute();
      },
      [audit],
    );
    this.#noteEnd(id);
  }

  #noteEnd(id: string): void {
    this.#ended.add(id);
    // As many as there can be. Of one that is forgotten here, what goes on ends with the time of the session.
    if (this.#ended.size > SESSION.total) this.#ended.delete(this.#ended.values().next().value!);
  }
}

async function endBeyondAll(trx: Transaction<Database>): Promise<string[]> {
  const ended: string[] = [];
  const counted = await trx
    .selectFrom('session')
    .select(({ fn }) => ['tenant_id', fn.countAll().as('count')])
    .groupBy('tenant_id')
    .execute();
  const tenants = counted.map(({ tenant_id, count }) => ({ id: tenant_id, count: Number(count) }));
  let all = 0;
  for (const { count } of tenants) all += count;
  for (; all > SESSION.total; all--) {
    const largest = tenants.reduce((a, b) => (b.count > a.count ? b : a));
    const oldest = await trx
      .selectFrom('session')
      .select('id')
      .where('tenant_id', '=', largest.id)
      .orderBy('last_seen_at')
      .orderBy('id')
      .limit(1)
      .executeTakeFirstOrThrow();
    await trx.deleteFrom('session').where('id', '=', oldest.id).execute();
    largest.count--;
    ended.push(oldest.id);
  }
  return ended;
}

function endOf({ created_at, last_seen_at }: SessionRow): number {
  return Math.min(created_at + LIFETIME, last_seen_at + IDLE);
}

export function showSession(row: SessionRow, currentId: string | null): Session {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    userId: row.user_id,
    source: row.source,
    userAgent: row.user_agent,
    createdAt: timestamp(row.created_at),
    lastSeenAt: timestamp(row.last_seen_at),
    idleUntil: timestamp(row.last_seen_at + IDLE),
    expiresAt: timestamp(row.created_at + LIFETIME),
    current: row.id === currentId,
  };
}
