import { NODE_GONE_AFTER } from '@evenkeel/model/zones.ts';
import type { NodeStatus } from './registry.ts';

/**
 * Whether a node has been away for so long that nobody waits for it any more: operations end without it, and others take
 * its place. `since`: when nodes could have come, `now`: both in Unix milliseconds.
 */
export function isGone(
  { connectedAt, lastSeenAt }: Pick<NodeStatus, 'connectedAt' | 'lastSeenAt'>,
  since: number,
  now: number,
): boolean {
  return connectedAt === null && Math.max(lastSeenAt, since) <= now - NODE_GONE_AFTER * 1_000;
}
