import type { OperationCancel, OperationCancelled } from '@evenkeel/model/resources/operation-cancelled.ts';
import type { Assessor } from '../impact/assess.ts';
import type { Touched } from '../impact/touched.ts';
import type { OperationTracker } from '../nodes/operations.ts';
import { ProblemError } from '../problem.ts';
import { checkMaterial } from '../resources/material.ts';
import type { Vault } from '../secrets/vault.ts';
import type { Draft } from '../state/draft.ts';
import { sameParts, scopedTo } from '../state/scope.ts';
import type { OperationRecord } from '../store/history.ts';
import { changesShown, summaryOf } from '../store/journal.ts';
import { readSince, type Since } from '../store/since.ts';
import type { Store } from '../store/store.ts';
import { checkNothingDepends, checkPlaces } from './dependents.ts';
import { OneAtATime } from './one-at-a-time.ts';
import { putBack } from './put-back.ts';
import type { RolledBackFor } from './revisions.ts';

/** How often it is begun anew when the configuration changes meanwhile. */
const ATTEMPTS = 5;

type Undone = Pick<OperationCancelled, 'summary' | 'changes'> & { readonly touched: readonly Touched[] };

/** The configuration has changed since what was read is relative to it. */
class Moved extends Error {}

/** Takes a change back that not every node has acknowledged, and nothing beside it. */
export class Cancellations {
  readonly #store: Store;
  readonly #vault: Vault;
  readonly #assessor: Assessor;
  readonly #operations: OperationTracker;
  readonly #turns = new OneAtATime();

  constructor(store: Store, vault: Vault, assessor: Assessor, operations: OperationTracker) {
    this.#store = store;
    this.#vault = vault;
    this.#assessor = assessor;
    this.#operations = operations;
  }

  /** Rejects with `operation-settled`, `cancel-impossible`, or what a rollback rejects with. */
  cancel(
    operation: OperationRecord,
    { dryRun = false }: OperationCancel,
    by: RolledBackFor,
  ): Promise<OperationCancelled> {
    return this.#turns.inTurn(async () => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        try {
          return await this.#attempt(operation, dryRun, by);
        } catch (error) {
          if (!(error instanceof Moved)) throw error;
        }
      }
      throw new ProblemError('too-busy', `the configuration has changed ${ATTEMPTS} times meanwhile; ask again`);
    });
  }

  async #attempt(operation: OperationRecord, dryRun: boolean, by: RolledBackFor): Promise<OperationCancelled> {
    const { id } = operation;
    const { caller, requestId } = by;
    const tenantId = caller.actingIn;
    const store = this.#store;
    this.#checkPending(operation);
    const { since, present } = await store.read(async (db) => {
      const state = scopedTo(store.state, tenantId);
      return { since: await readSince(db, this.#vault, tenantId, operation.generation), present: state };
    });
    if (since === null) {
      const detail = `${id} changed nothing that is told to nodes, or its revision is not kept any more`;
      throw new ProblemError('cancel-impossible', detail);
    }
    const carriedOut = (draft: Draft): Undone => {
      if (!sameParts(draft.base, present)) throw new Moved();
      this.#checkPending(operation);
      return this.#carriedOut(draft, since, by);
    };
    const plan = store.preview(tenantId, carriedOut);
    const impact = await this.#assessor.measure(plan.touched);
    if (dryRun) {
      const { summary, changes } = plan;
      return { id, dryRun, generation: store.state.generation, operationId: null, summary, changes, impact };
    }
    const committed = await store.write({
      action: 'cancelOperation',
      actor: caller.id,
      author: caller,
      requestId,
      tenantId,
      run: carriedOut,
      also: async (trx, made) => {
        const settled = { outcome: 'cancelled', settled_at: made.operation.createdAt, cancelled_by: made.operation.id };
        await trx
          .updateTable('operation')
          .set(settled as { outcome: 'cancelled'; settled_at: number; cancelled_by: string })
          .where('id', '=', id)
          .execute();
      },
    });
    this.#operations.cancelled(operation, committed.operation);
    const { summary, changes } = committed.value;
    const { generation } = committed;
    return { id, dryRun, generation, operationId: committed.operation.id, summary, changes, impact };
  }

  #carriedOut(draft: Draft, since: Since, { check }: RolledBackFor): Undone {
    checkNothingDepends(draft, since);
    putBack(draft, since.images);
    checkPlaces(draft, since);
    check(draft);
    checkMaterial(draft);
    const touched = this.#assessor.touched(draft.whole, draft.finish());
    return { touched, summary: summaryOf(draft.changes), changes: changesShown(draft, draft.changes) };
  }

  #checkPending(operation: OperationRecord): void {
    const outcome = this.#operations.outcomeOf(operation);
    if (outcome === null) return;
    throw new ProblemError('operation-settled', `${operation.id} is ${outcome.outcome} already`);
  }
}
