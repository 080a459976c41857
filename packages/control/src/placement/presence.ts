import { isGone } from '../nodes/absence.ts';
import type { NodeStatus } from '../nodes/registry.ts';
import type { PresentNode } from './handover.ts';
import type { Placement } from './placement.ts';

/** What is known of nodes. */
export interface NodeSource {
  /** In order of identifiers. */
  list(): readonly NodeStatus[];
  /** Since when nodes could have been seen, in Unix milliseconds. */
  readonly since: number;
  isRevoked(node: string): boolean;
}

/** The nodes as placement sees them. `now` in Unix milliseconds. */
export function presentNodes(source: NodeSource, { fleet }: Placement, now: number): PresentNode[] {
  const { since } = source;
  return source.list().map((node) => {
    const { id, zone, appliedGeneration, connectedAt, lastSeenAt, reported, refused } = node;
    const isAway = connectedAt === null;
    // One whose place others have taken is no candidate again because the control plane has started.
    const staysGone = lastSeenAt < since && fleet.get(id)?.gone === true;
    return {
      id,
      zone,
      appliedGeneration,
      gone: source.isRevoked(id) || (isAway && staysGone) || isGone(node, since, now),
      reported: !isAway && reported === 'now',
      refuses: (listenerId) => refused.some((one) => one.listenerId === listenerId),
    };
  });
}
