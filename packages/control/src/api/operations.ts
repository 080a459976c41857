import type { ResponseOf } from '@evenkeel/model/contract/types.ts';
import type { Caller } from '../access/identity.ts';
import type { OperationTracker } from '../nodes/operations.ts';
import { writeOutcomes } from '../nodes/persistence.ts';
import type { NodeQuestions } from '../nodes/questions.ts';
import type { NodeRegistry } from '../nodes/registry.ts';
import { tryAgain } from '../nodes/try-again.ts';
import { ProblemError } from '../problem.ts';
import { notFound } from '../resources/rules.ts';
import type { Cancellations } from '../revisions/cancellation.ts';
import { type OperationRecord, operationFromRow } from '../store/history.ts';
import type { Store } from '../store/store.ts';
import type { Call } from './call.ts';
import { showOperation } from './observed.ts';

export type OperationCallName = 'cancelOperation' | 'retryOperation';

export interface OperationSources {
  readonly store: Store;
  readonly nodes: NodeRegistry;
  readonly questions: NodeQuestions;
  readonly operations: OperationTracker;
  readonly cancellations: Cancellations;
}

/** The calls that do something about an operation that is on its way, or did not get there. */
export function createOperationCalls({ store, nodes, questions, operations, cancellations }: OperationSources): {
  readonly [K in OperationCallName]: (call: Call<K>) => Promise<ResponseOf<K>>;
} {
  return {
    async cancelOperation(call) {
      const { params, body, caller, requestId, checkChanges: check } = call;
      const operation = await findOperation(store, [caller.actingIn], params.operationId);
      return cancellations.cancel(operation, body, { caller, requestId, check });
    },
    async retryOperation({ params, caller, audit }) {
      const operation = await findOperation(store, [caller.actingIn], params.operationId);
      const before = operations.outcomeOf(operation);
      if (before?.outcome === 'applied' || before?.outcome === 'cancelled') {
        throw new ProblemError('operation-settled', `${operation.id} is ${before.outcome} already`);
      }
      await tryAgain(operation, nodes.list(), questions);
      const outcome = await operations.judgeAgain(operation, (outcomes) =>
        writeOutcomes(store, outcomes, [audit(operation.id)]),
      );
      return showOperation(operation, outcome, nodes.list());
    },
  };
}

/**
 * Whose operations a caller may ask for by their identifiers: who acts in another tenant and changes the installation is
 * told of an operation of the tenant that it came from.
 */
export function tenantsOf({ actingIn, tenantId }: Caller): readonly string[] {
  return [actingIn, tenantId];
}

/** Throws when the tenants have no such operation, or have it no more. */
export async function findOperation(store: Store, tenantIds: readonly string[], id: string): Promise<OperationRecord> {
  const row = await store.read((db) =>
    db.selectFrom('operation').selectAll().where('id', '=', id).where('tenant_id', 'in', tenantIds).executeTakeFirst(),
  );
  return operationFromRow(row ?? notFound('operation', id));
}
