import type { OperationRecord } from '../store/history.ts';
import type { NodeQuestions } from './questions.ts';
import type { NodeStatus } from './registry.ts';

/** Milliseconds that a node has to try. One that needs longer, or is of an older version, goes on by itself. */
const PATIENCE = 10_000;

/**
 * Has the nodes that could not run a listener of the operation, or have yet to apply it, try at once. Resolves when each
 * has, or has not in time: what they run then they have told by themselves.
 */
export async function tryAgain(
  { generation, listeners }: OperationRecord,
  nodes: readonly NodeStatus[],
  questions: NodeQuestions,
): Promise<void> {
  const concerned = nodes.filter(({ connectedAt, appliedGeneration, refused }) => {
    if (connectedAt === null) return false;
    return appliedGeneration < generation || refused.some(({ listenerId }) => listeners.includes(listenerId));
  });
  await Promise.allSettled(
    concerned.map(({ id }) => questions.ask(id, 'retry', { listenerIds: [...listeners] }, PATIENCE)),
  );
}
