import type { NodeDrainage } from '@evenkeel/model/resources/placement.ts';
import type { NodeStatus } from '../nodes/registry.ts';
import type { State } from '../state/state.ts';
import type { Refused } from '../store/history.ts';
import { awaitedBy, type PresentNode } from './handover.ts';

/** Reasons that are given for a drain that nobody has taken over. */
const REASONS = 20;

/** How far a drain is; null: the node is not drained. `nodes` are all that there are, `now` is in Unix milliseconds. */
export function drainageOf(
  state: State,
  node: Pick<NodeStatus, 'id' | 'connectedAt' | 'appliedGeneration' | 'connections' | 'kernelFlows'>,
  nodes: readonly PresentNode[],
  now: number,
): NodeDrainage | null {
  const record = state.duties.get(node.id);
  if (record?.drain == null) return null;
  const { since, seconds } = record.drain;
  const until = since + seconds * 1_000;
  const waitsFor = new Set<string>();
  let isMoving = false;
  for (const { awaited } of leaving(state, node.id, nodes)) {
    isMoving = true;
    for (const name of awaited) waitsFor.add(name);
  }
  const isOnline = node.connectedAt !== null;
  const connections = isOnline ? node.connections : null;
  const known = nodes.find(({ id }) => id === node.id);
  // One that never came has nothing; one that is out of sight may carry as much as before: the stream of its agent carries none of it.
  const hasEnded = isOnline
    ? node.appliedGeneration >= emptyFrom(state, record) && connections === 0
    : (known?.gone ?? true);
  return {
    state: isMoving ? 'moving' : hasEnded || now >= until ? 'drained' : 'draining',
    waitsFor: [...waitsFor].sort(),
    connections,
    kernelFlows: isOnline ? node.kernelFlows : null,
    since: new Date(since).toISOString(),
    deadline: new Date(until).toISOString(),
  };
}

/** What a drained node has yet to let go of, and who has not taken it over; the first reasons. */
export function notTakenOver(state: State, nodeId: string, nodes: readonly PresentNode[]): Refused[] {
  const refused: Refused[] = [];
  for (const { listeners, awaited } of leaving(state, nodeId, nodes)) {
    for (const node of awaited) {
      const taker = nodes.find(({ id }) => id === node);
      for (const listenerId of listeners.keys()) {
        if (refused.length === REASONS) return refused;
        refused.push({ node, listenerId, code: 'failed', detail: reasonOf(taker, listenerId, nodeId) });
      }
    }
  }
  return refused;
}

function reasonOf(taker: PresentNode | undefined, listenerId: string, nodeId: string): string {
  const until = `until it runs there, node ${nodeId} goes on with it`;
  if (taker?.reported !== true) return `the node is not connected; ${until}`;
  return taker.refuses(listenerId) ? `the node refuses it; ${until}` : `the node has not taken it over; ${until}`;
}

/** Each load balancer that a node is yet to let go of. */
function* leaving(state: State, nodeId: string, nodes: readonly PresentNode[]) {
  for (const [id, handover] of state.placement.handovers) {
    const tree = state.loadBalancers.get(id);
    if (tree === undefined || !handover.from.includes(nodeId)) continue;
    yield { listeners: tree.listeners, awaited: awaitedBy(nodeId, handover, tree, state, nodes) };
  }
}

/** The generation from which on the plan of a drained node has nothing. */
function emptyFrom({ placement }: Pick<State, 'placement'>, { generation }: { readonly generation: number }): number {
  return Math.max(generation, placement.generation);
}
