import type { NewAuditEntry } from '../../audit/entry.ts';
import { ProblemError } from '../../problem.ts';
import type { NodeIdentityRow, RevokedIdentityRow } from '../../store/schema.ts';
import type { Store } from '../../store/store.ts';
import { PastRevocations } from './past-revocations.ts';
import type { Unwritten } from './unwritten.ts';

export interface NodeIdentitiesOptions {
  readonly store: Pick<Store, 'record'>;
  /** Where revocations wait for the disk. */
  readonly unwritten: Unwritten;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/**
 * Who nodes are that have joined, and which nodes are nodes no longer. A node that joins anew gets another identity;
 * certificates of the one before are good for nothing then. A revoked node has a row until it is forgotten, and whoever
 * has a certificate of it hears that it was revoked also after that.
 */
export class NodeIdentities {
  readonly #options: NodeIdentitiesOptions;
  readonly #past = new PastRevocations();
  #rows = new Map<string, NodeIdentityRow>();

  constructor(options: NodeIdentitiesOptions) {
    this.#options = options;
  }

  /** `past`: identities that were revoked, and have no row any more. */
  reset(rows: readonly NodeIdentityRow[], past: readonly RevokedIdentityRow[] = []): void {
    this.#past.reset(past);
    this.#rows = new Map(rows.map((row) => [row.node, row]));
  }

  get size(): number {
    return this.#rows.size;
  }

  list(): NodeIdentityRow[] {
    return [...this.#rows.values()];
  }

  get(node: string): NodeIdentityRow | null {
    return this.#rows.get(node) ?? null;
  }

  isRevoked(node: string): boolean {
    return this.get(node)?.revoked_at != null;
  }

  /** Whether that identity of a node was revoked, whatever has become of the node since. */
  wasRevoked(node: string, identity: string): boolean {
    const row = this.get(node);
    return row?.identity === identity ? row.revoked_at !== null : this.#past.has(identity);
  }

  /**
   * Puts a row in place of the one that there was, with `also` and an entry of the audit log in the same transaction.
   * Refuses when there is another one by then: the node was revoked meanwhile.
   */
  async put(
    row: NodeIdentityRow,
    before: NodeIdentityRow | null,
    also: (trx: Transaction) => Promise<void>,
    audit: readonly NewAuditEntry[] = [],
  ): Promise<void> {
    await this.#settle(row.node);
    const revoked = PastRevocations.rowOf(before);
    await this.#options.store.record(async (trx) => {
      this.#checkSame(row.node, before);
      await also(trx);
      await this.#writePast(trx, revoked);
      await writeIdentity(trx, row);
    }, audit);
    this.#rememberPast(revoked);
    // What came after the transaction began is written after it, and says that the node is revoked.
    this.#checkSame(row.node, before);
    this.#rows.set(row.node, row);
  }

  /**
   * From now on the node is none, whatever it comes with; it need not have joined. That is yet to be written then: see
   * `unwritten`. `written`: it is on the disk.
   */
  revoke(node: string, audit: NewAuditEntry, written: () => void): void {
    const before = this.get(node);
    if (before?.revoked_at != null) return;
    const row = { ...(before ?? unjoined(node)), revoked_at: this.#options.now() };
    this.#rows.set(node, row);
    this.#options.unwritten.add(keyOf(node), { write: (trx) => writeIdentity(trx, row), audit, written });
  }

  /** Nothing is known of the node any more; its name is free. `also` and `audit`: for the same transaction. */
  async forget(node: string, also: (trx: Transaction) => Promise<void>, audit: NewAuditEntry): Promise<void> {
    await this.#settle(node);
    const before = this.#rows.get(node);
    const revoked = PastRevocations.rowOf(before);
    await this.#options.store.record(
      async (trx) => {
        await trx.deleteFrom('node_identity').where('node', '=', node).execute();
        await this.#writePast(trx, revoked);
        await also(trx);
      },
      [audit],
    );
    this.#rememberPast(revoked);
    // One that was revoked meanwhile stays so.
    if (this.#rows.get(node) === before) this.#rows.delete(node);
  }

  async #writePast(trx: Transaction, revoked: RevokedIdentityRow | null): Promise<void> {
    if (revoked !== null) await this.#past.write(trx, revoked, this.#options.now());
  }

  #rememberPast(revoked: RevokedIdentityRow | null): void {
    if (revoked !== null) this.#past.written(revoked, this.#options.now());
  }

  /** What was not written of the node goes first: it must not come to the disk after what takes its place. */
  async #settle(node: string): Promise<void> {
    const { unwritten } = this.#options;
    if (unwritten.has(keyOf(node))) await unwritten.save();
  }

  #checkSame(node: string, before: NodeIdentityRow | null): void {
    if (this.get(node) === before) return;
    throw new ProblemError('node-refused', `the node ${node} was revoked`);
  }
}

type Transaction = Parameters<Parameters<Store['record']>[0]>[0];

async function writeIdentity(trx: Transaction, row: NodeIdentityRow): Promise<void> {
  await trx
    .insertInto('node_identity')
    .values(row)
    .onConflict((conflict) => conflict.column('node').doUpdateSet(row))
    .execute();
}

/** Under which its revocation waits for the disk. */
function keyOf(node: string): string {
  return `node/${node}`;
}

/** Of a node that has no certificate. */
function unjoined(node: string): NodeIdentityRow {
  return {
    node,
    identity: '',
    zone: '',
    join_token_id: '',
    join_key: '',
    serial: '',
    joined_at: 0,
    issued_at: 0,
    not_after: 0,
    revoked_at: null,
  };
}
