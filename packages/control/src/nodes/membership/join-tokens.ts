import type { IdSource } from '@evenkeel/model/identifiers.ts';
import { JOIN_TOKEN } from '@evenkeel/model/node-limits.ts';
import { JOIN_TOKEN_PREFIX, MOST_IN_TOKEN, shortJoinToken } from '@evenkeel/model/plan/membership.ts';
import type { JoinToken, JoinTokenCreate } from '@evenkeel/model/resources/join-token.ts';
import { hashOfToken, newToken } from '../../access/secrets.ts';
import type { NewAuditEntry } from '../../audit/entry.ts';
import { ProblemError, refuseField } from '../../problem.ts';
import { notFound } from '../../resources/rules.ts';
import type { JoinTokenRow } from '../../store/schema.ts';
import type { Store } from '../../store/store.ts';
import type { Unwritten } from './unwritten.ts';

/** Milliseconds for which a join token is listed that has ended. */
const KEPT = 30 * 86_400_000;

export interface JoinTokensOptions {
  readonly store: Pick<Store, 'record'>;
  /** Where revocations wait for the disk. */
  readonly unwritten: Unwritten;
  readonly ids: IdSource;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly secret: (bytes: number) => Buffer;
}

/** The tokens that new nodes come with. They are no configuration: no plan and no backup has them. */
export class JoinTokens {
  readonly #options: JoinTokensOptions;
  /** In order of identifiers, which is that of creation. */
  #rows = new Map<string, JoinTokenRow>();

  constructor(options: JoinTokensOptions) {
    this.#options = options;
  }

  reset(rows: readonly JoinTokenRow[]): void {
    this.#rows = new Map(rows.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map((row) => [row.id, row]));
  }

  list(): JoinTokenRow[] {
    return [...this.#rows.values()];
  }

  get(id: string): JoinTokenRow {
    return this.#rows.get(id) ?? notFound('join token', id);
  }

  /**
   * `fingerprints`: of the certificates of control planes, which the token tells the node: the first of them. `audit` makes
   * the entry of the audit log, which says what the token is good for.
   */
  async create(
    { zone, nodeId, ttl, uses, description }: JoinTokenCreate,
    fingerprints: readonly string[],
    audit: (detail: string) => NewAuditEntry,
  ): Promise<{ readonly row: JoinTokenRow; readonly token: string }> {
    const { store, ids, now, secret } = this.#options;
    if (nodeId !== undefined && (uses ?? 1) !== 1) {
      refuseField('validation-failed', '/uses', 'must be 1 for a join token that is good for one node', 1);
    }
    const old = this.list().filter((row) => endOf(row) < now() - KEPT);
    const active = this.list().filter((row) => statusOf(row, now()) === 'active').length;
    if (active >= JOIN_TOKEN.active) {
      const quota = { name: 'joinTokens', limit: JOIN_TOKEN.active, used: active };
      throw new ProblemError('quota-exceeded', `${active} join tokens are good at the moment; revoke some`, { quota });
    }
    const digests = fingerprints
      .slice(0, MOST_IN_TOKEN)
      .map((one) => Buffer.from(one.replaceAll(':', ''), 'hex').toString('base64url'));
    const token = [newToken(JOIN_TOKEN_PREFIX, secret), ...digests].join('.');
    const row: JoinTokenRow = {
      id: ids.next('joinToken'),
      hash: hashOfToken(shortJoinToken(token)),
      zone: zone ?? null,
      node: nodeId ?? null,
      uses: uses ?? JOIN_TOKEN.uses.default,
      used: 0,
      description: description ?? '',
      created_at: now(),
      expires_at: now() + (ttl ?? JOIN_TOKEN.ttl.default) * 1_000,
      revoked_at: null,
      last_used_at: null,
    };
    await store.record(
      async (trx) => {
        for (const { id } of old) await trx.deleteFrom('join_token').where('id', '=', id).execute();
        await trx.insertInto('join_token').values(row).execute();
      },
      [audit(`${row.id}: zone ${row.zone ?? 'any'}, node ${row.node ?? 'any'}, uses ${row.uses}`)],
    );
    for (const { id } of old) this.#rows.delete(id);
    this.#rows.set(row.id, row);
    return { row, token };
  }

  /** At once: what is being written by a node that joins meanwhile counts as before it. Resolves when it is on the disk. */
  async revoke(id: string, audit: () => NewAuditEntry): Promise<JoinTokenRow> {
    const { unwritten, now } = this.#options;
    const row = this.get(id);
    if (row.revoked_at === null) {
      const revoked_at = now();
      this.#rows.set(id, { ...row, revoked_at });
      unwritten.add(`token/${id}`, {
        async write(trx) {
          await trx.updateTable('join_token').set({ revoked_at }).where('id', '=', id).execute();
        },
        audit: audit(),
      });
    }
    await unwritten.save();
    return this.get(id);
  }

  /** The token as it is kept; refuses one that is not known here. Its state is for `checkGood`. */
  find(token: string): JoinTokenRow {
    const hash = hashOfToken(shortJoinToken(token));
    // Tokens that the version before has made are known by all of them.
    const whole = hashOfToken(token);
    // Nobody can choose the first bytes of a hash: the time that it takes tells nothing.
    for (const row of this.#rows.values()) if (row.hash === hash || row.hash === whole) return row;
    return refuse('it is not known here');
  }

  /** The row after one more use, to be written together with what it is used for; see `used`. */
  use(row: JoinTokenRow): JoinTokenRow {
    return { ...row, used: row.used + 1, last_used_at: this.#options.now() };
  }

  /** That use is on the disk. */
  used({ id, used, last_used_at }: JoinTokenRow): void {
    const row = this.#rows.get(id);
    if (row !== undefined) this.#rows.set(id, { ...row, used, last_used_at });
  }

  /** Refuses a token that no node can join with any more, or not this one in this zone. Empty zone: whichever. */
  checkGood(row: JoinTokenRow, { node, zone, again }: { node: string; zone: string; again: boolean }): void {
    if (row.revoked_at !== null) refuse('it was revoked');
    if (row.expires_at <= this.#options.now()) refuse(`it ended at ${timestamp(row.expires_at)}`);
    if (row.node !== null && row.node !== node) refuse(`it is for the node ${row.node}, and this one is ${node}`);
    if (row.zone !== null && zone !== '' && row.zone !== zone)
      refuse(`it is for the zone ${row.zone}, and this node says ${zone}`);
    if (row.used >= row.uses && !again) {
      refuse(row.uses === 1 ? 'a node has joined with it already' : `${row.uses} nodes have joined with it already`);
    }
  }

  show(row: JoinTokenRow): JoinToken {
    const { id, zone, node: nodeId, uses, used, description } = row;
    return {
      ...{ id, zone, nodeId, uses, used, description },
      status: statusOf(row, this.#options.now()),
      createdAt: timestamp(row.created_at),
      expiresAt: timestamp(row.expires_at),
      revokedAt: row.revoked_at === null ? null : timestamp(row.revoked_at),
      lastUsedAt: row.last_used_at === null ? null : timestamp(row.last_used_at),
    };
  }
}

export function statusOf(row: JoinTokenRow, now: number): JoinToken['status'] {
  if (row.revoked_at !== null) return 'revoked';
  if (row.used >= row.uses) return 'used-up';
  return row.expires_at <= now ? 'expired' : 'active';
}

/** When it was good last, at the latest. */
function endOf({ expires_at, revoked_at }: JoinTokenRow): number {
  return Math.min(expires_at, revoked_at ?? Number.POSITIVE_INFINITY);
}

function refuse(reason: string): never {
  throw new ProblemError(
    'join-token-refused',
    `the join token is refused: ${reason}; have another made with "evenkeel node join-token create"`,
  );
}

function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
