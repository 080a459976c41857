import { LISTED_FLOWS } from '@evenkeel/model/limits.ts';
import type { Flow, Flows } from '@evenkeel/model/resources/flow.ts';
import type { Call } from '../api/call.ts';
import { type Asking, askEveryNode } from './nodes-to-ask.ts';

/**
 * The flows that the nodes know of, of these listeners alone; null: of all there are. Nodes know no tenants, so it is up to
 * the caller to name the listeners of one.
 */
export async function listFlows(
  asking: Asking,
  listenerIds: readonly string[] | null,
  query: Pick<Call<'listFlows'>['query'], 'targetId' | 'client' | 'order' | 'limit'>,
): Promise<Flows> {
  const { targetId = null, client = null, order = 'recent', limit = LISTED_FLOWS.default } = query;
  const question = { listenerIds, targetId, client, order, limit };
  const { answers, asked } = await askEveryNode(asking, 'flows', question, () => null);
  const known = listenerIds === null ? null : new Set(listenerIds);
  const isAsked = (id: string) => known === null || known.has(id);
  const flows = answers.flatMap(({ node, answer }) =>
    answer.flows
      .filter(({ listenerId }) => isAsked(listenerId))
      .map(({ serviceId, isWritten, ...flow }): Flow => {
        const { nodeAddress = null, nodePort = null } = flow;
        return { node, ...flow, nodeAddress, nodePort, backendServiceId: serviceId, writtenDown: isWritten };
      }),
  );
  const listeners = answers.flatMap(({ node, answer }) =>
    answer.listeners.filter(({ listenerId }) => isAsked(listenerId)).map((listener) => ({ node, ...listener })),
  );
  return { flows: flows.sort(order === 'top' ? bySize : byAge).slice(0, limit), listeners, nodes: [...asked] };
}

function bySize(a: Flow, b: Flow): number {
  return (b.bytesPerSecond ?? 0) - (a.bytesPerSecond ?? 0);
}

function byAge(a: Flow, b: Flow): number {
  return (a.idleSeconds ?? 0) - (b.idleSeconds ?? 0);
}
