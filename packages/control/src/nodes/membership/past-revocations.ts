import { NODE_CERTIFICATE_HOURS } from '@evenkeel/model/node-limits.ts';
import type { Transaction } from 'kysely';
import type { Database, NodeIdentityRow, RevokedIdentityRow } from '../../store/schema.ts';

/** Milliseconds that a certificate is good for at most, whatever this control plane was started with. */
const LONGEST = NODE_CERTIFICATE_HOURS.maximum * 3_600_000;
/** As many are remembered; whoever comes with one that was revoked before those is refused without being told why. */
const KEPT = 10_000;

/**
 * Which identities were revoked whose nodes have no row any more that says so, as they were forgotten, or have joined anew
 * under their names. They are known for as long as a certificate of theirs could be good.
 */
export class PastRevocations {
  readonly #kept: number;
  /** In the order of their ends when they are read, and then as they came. */
  #until = new Map<string, number>();

  constructor(kept = KEPT) {
    this.#kept = kept;
  }

  reset(rows: readonly RevokedIdentityRow[]): void {
    this.#until = new Map(rows.toSorted((a, b) => a.until - b.until).map(({ identity, until }) => [identity, until]));
  }

  has(identity: string): boolean {
    return this.#until.has(identity);
  }

  /** What is remembered of an identity whose row goes; null: it was not revoked, or never had a certificate. */
  static rowOf(before: NodeIdentityRow | null | undefined): RevokedIdentityRow | null {
    if (before == null || before.revoked_at === null || before.identity === '') return null;
    const { node, identity, revoked_at } = before;
    return { identity, node, revoked_at, until: Math.max(before.not_after, revoked_at + LONGEST) };
  }

  /** Writes it, and forgets those that are over, or too many, on the disk. `now` in Unix milliseconds. */
  async write(trx: Transaction<Database>, row: RevokedIdentityRow, now: number): Promise<void> {
    await trx.deleteFrom('revoked_identity').where('until', '<=', now).execute();
    const oldest = this.#inTheWay(now);
    if (oldest !== null) await trx.deleteFrom('revoked_identity').where('identity', '=', oldest).execute();
    await trx
      .insertInto('revoked_identity')
      .values(row)
      .onConflict((conflict) => conflict.column('identity').doNothing())
      .execute();
  }

  /** It is on the disk. */
  written({ identity, until }: RevokedIdentityRow, now: number): void {
    const oldest = this.#inTheWay(now);
    for (const [known, end] of this.#until) if (end <= now) this.#until.delete(known);
    if (oldest !== null) this.#until.delete(oldest);
    this.#until.set(identity, until);
  }

  /** The one that goes to make room, of those that are not over; null: there is room. */
  #inTheWay(now: number): string | null {
    const good = [...this.#until].filter(([, end]) => end > now);
    return good.length < this.#kept ? null : good[0]![0];
  }
}
