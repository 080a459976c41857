import { ProblemError } from '../../problem.ts';
import type { NodeIdentityRow } from '../../store/schema.ts';
import type { Store } from '../../store/store.ts';

export interface NodeIdentitiesOptions {
  readonly store: Pick<Store, 'record'>;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/**
 * Who nodes are that have joined, and which nodes are nodes no longer. A node that joins anew gets another identity;
 * certificates of the one before are good for nothing then. A revoked node has a row until it is forgotten.
 */
export class NodeIdentities {
  readonly #options: NodeIdentitiesOptions;
  #rows = new Map<string, NodeIdentityRow>();

  constructor(options: NodeIdentitiesOptions) {
    this.#options = options;
  }

  reset(rows: readonly NodeIdentityRow[]): void {
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

  /**
   * Puts a row in place of the one that there was, with `also` in the same transaction. Refuses when there is another one
   * by then: the node was revoked meanwhile.
   */
  async put(
    row: NodeIdentityRow,
    before: NodeIdentityRow | null,
    also: (trx: Transaction) => Promise<void>,
  ): Promise<void> {
    await this.#options.store.record(async (trx) => {
      this.#checkSame(row.node, before);
      await also(trx);
      await writeIdentity(trx, row);
    });
    // What came after the transaction began is written after it, and says that the node is revoked.
    this.#checkSame(row.node, before);
    this.#rows.set(row.node, row);
  }

  /** From now on the node is none, whatever it comes with; it need not have joined. */
  async revoke(node: string): Promise<void> {
    const before = this.get(node);
    if (before?.revoked_at != null) return;
    const row = { ...(before ?? unjoined(node)), revoked_at: this.#options.now() };
    // Before it is on the disk: a disk that is full must not keep a stolen node in.
    this.#rows.set(node, row);
    await this.#options.store.record((trx) => writeIdentity(trx, row));
  }

  /** Nothing is known of the node any more; its name is free. */
  async forget(node: string): Promise<void> {
    if (!this.#rows.has(node)) return;
    await this.#options.store.record(async (trx) => {
      await trx.deleteFrom('node_identity').where('node', '=', node).execute();
    });
    this.#rows.delete(node);
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
