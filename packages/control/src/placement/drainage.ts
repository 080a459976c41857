import type { NodeDrainage } from '@evenkeel/model/resources/placement.ts';
import type { NodeStatus } from '../nodes/registry.ts';
import type { State } from '../state/state.ts';

/** How far a drain is; null: the node is not drained. `now` in Unix milliseconds. */
export function drainageOf(
  state: Pick<State, 'duties' | 'placement'>,
  node: Pick<NodeStatus, 'id' | 'connectedAt' | 'appliedGeneration' | 'connections'>,
  now: number,
): NodeDrainage | null {
  const record = state.duties.get(node.id);
  if (record?.drain == null) return null;
  const { since, seconds } = record.drain;
  const until = since + seconds * 1_000;
  const waitsFor = new Set<string>();
  for (const { from, to } of state.placement.handovers.values()) {
    if (from.includes(node.id)) for (const name of to) waitsFor.add(name);
  }
  const isOnline = node.connectedAt !== null;
  const connections = isOnline ? node.connections : null;
  // One that is away carries nothing that anybody could wait for.
  const hasEnded = !isOnline || (node.appliedGeneration >= emptyFrom(state, record) && connections === 0);
  const moved = waitsFor.size === 0 && (hasEnded || now >= until);
  return {
    state: waitsFor.size > 0 ? 'moving' : moved ? 'drained' : 'draining',
    waitsFor: [...waitsFor].sort(),
    connections,
    since: new Date(since).toISOString(),
    deadline: new Date(until).toISOString(),
  };
}

/** The generation from which on the plan of a drained node has nothing. */
function emptyFrom({ placement }: Pick<State, 'placement'>, { generation }: { readonly generation: number }): number {
  return Math.max(generation, placement.generation);
}
