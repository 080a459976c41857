import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { ControlPlane } from '@evenkeel/model/resources/control-plane.ts';
import type { Call } from '../commands/call.ts';
import type { Column } from '../output/table.ts';
import { printList, withSession } from './session.ts';

const COLUMNS: readonly Column<ControlPlane>[] = [
  { head: 'ADDRESS', of: ({ address }) => address },
  { head: 'ROLE', of: ({ leads }) => (leads ? 'leader' : 'follower') },
  { head: 'SOFTWARE', of: ({ software }) => software },
  { head: 'LAST SEEN', of: ({ lastSeenAt }) => lastSeenAt },
  { head: 'FINGERPRINT', of: ({ fingerprint }) => fingerprint },
  { head: 'NEXT', of: ({ nextFingerprint }) => nextFingerprint },
];

export function list(call: Call) {
  return withSession(call, async (session) => {
    const all = await Array.fromAsync(items(session.client.listControlPlanes, { query: { limit: PAGE.maximum } }));
    printList(session, all, COLUMNS, ({ address }) => address);
  });
}
