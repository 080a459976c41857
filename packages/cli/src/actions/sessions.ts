import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { Session as Login } from '@evenkeel/model/resources/session.ts';
import type { Call } from '../commands/call.ts';
import type { Column } from '../output/table.ts';
import { userOf } from './credentials.ts';
import { isIdOf, notFound } from './reference.ts';
import { printList, say, withSession } from './session.ts';

const COLUMNS: readonly Column<Login>[] = [
  { head: 'ID', of: ({ id }) => id },
  { head: 'USER', of: ({ userId }) => userId },
  { head: 'FROM', of: ({ source }) => source },
  { head: 'LOGIN', of: ({ createdAt }) => createdAt },
  { head: 'SEEN', of: ({ lastSeenAt }) => lastSeenAt },
  { head: 'BROWSER', of: ({ userAgent }) => userAgent || null },
];

export function list(call: Call) {
  return withSession(call, async (session) => {
    const query = { limit: PAGE.maximum, ...(await userOf(session, call)) };
    const all = await Array.fromAsync(items(session.client.listSessions, { query }));
    printList(session, all, COLUMNS, ({ id }) => id);
  });
}

export function end(call: Call) {
  return withSession(call, async (session) => {
    for (const sessionId of call.args[0] as readonly string[]) {
      if (!isIdOf('session', sessionId)) throw notFound('session', sessionId);
      await session.client.deleteSession({ params: { sessionId } });
      say(session, `Session ${sessionId} ended.`);
    }
  });
}
