import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { Token, TokenCreate } from '@evenkeel/model/resources/token.ts';
import { tokenFields } from '../commands/access-fields.ts';
import type { Call } from '../commands/call.ts';
import { bodyOf } from '../commands/fields.ts';
import { details } from '../output/details.ts';
import { CREDENTIAL_COLUMNS, userOf } from './credentials.ts';
import { isIdOf, notFound } from './reference.ts';
import { removeAll } from './remove.ts';
import { print, printList, printOne, type Session, withSession } from './session.ts';
import { precondition } from './write.ts';

export function list(call: Call) {
  return withSession(call, async (session) => {
    const query = { limit: PAGE.maximum, ...(await userOf(session, call)) };
    const all = await Array.fromAsync(items(session.client.listTokens, { query }));
    printList(session, all, CREDENTIAL_COLUMNS, ({ id }) => id);
  });
}

export function show(call: Call) {
  return withSession(call, async (session) => {
    const token = await find(session, call.args[0] as string);
    printOne(session, token, () => details(token, session.paint));
  });
}

/** Prints the token itself: by itself for a script that asked for nothing else. */
export function create(call: Call) {
  return withSession(call, async (session) => {
    const body = { ...(await userOf(session, call)), ...bodyOf(tokenFields, call.options) } as TokenCreate;
    const made = await session.client.createToken({ body });
    const until = made.expiresAt === null ? 'for good' : `until ${made.expiresAt}`;
    const text = () =>
      `Token ${made.name} (${made.id}) created: ${made.role} ${until}. Nobody can show it again:\n${made.token}\n`;
    print(session, { json: made, ids: [made.token], text });
  });
}

export function remove(call: Call) {
  return withSession(call, (session) =>
    removeAll(session, call, {
      noun: 'token',
      find: (text) => find(session, text),
      describe: async ({ name, id, userId }) => `${name} (${id}) of ${userId}`,
      remove: ({ id }) => session.client.deleteToken({ params: { tokenId: id }, ...precondition(call.options) }),
    }),
  );
}

/** Names are unique within a user alone. */
async function find(session: Session, text: string): Promise<Token> {
  if (!isIdOf('token', text)) throw notFound('token', text);
  return session.client.getToken({ params: { tokenId: text } });
}
