import { NODE_GONE_AFTER } from '@evenkeel/model/zones.ts';
import type { NodeStatus } from './registry.ts';

/** Milliseconds. */
const GONE_AFTER = NODE_GONE_AFTER * 1_000;

/**
 * Whether a node has been away for so long that nobody waits for it any more: operations end without it, and others take
 * its place. `since`: when nodes could have come, `now`: both in Unix milliseconds.
 */
export function isGone(
  { connectedAt, lastSeenAt }: Pick<NodeStatus, 'connectedAt' | 'lastSeenAt'>,
  since: number,
  now: number,
): boolean {
  return connectedAt === null && Math.max(lastSeenAt, since) <= now - GONE_AFTER;
}

/**
 * Whether a node has not said for so long what became of the plan that it was sent that operations end without it. It may
 * be connected, or come again and again and get no further. `now` in Unix milliseconds.
 */
export function isSilent({ owesSince }: Pick<NodeStatus, 'owesSince'>, now: number): boolean {
  return owesSince !== null && owesSince <= now - GONE_AFTER;
}
