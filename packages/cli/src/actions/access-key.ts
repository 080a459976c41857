import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { AccessKey, AccessKeyCreate, AccessKeyPatch } from '@evenkeel/model/resources/access-key.ts';
import { accessKeyFields, tokenFields } from '../commands/access-fields.ts';
import type { Call } from '../commands/call.ts';
import { bodyOf } from '../commands/fields.ts';
import { details } from '../output/details.ts';
import { CREDENTIAL_COLUMNS, userOf } from './credentials.ts';
import { isIdOf, notFound } from './reference.ts';
import { removeAll } from './remove.ts';
import { print, printList, printOne, type Session, withSession } from './session.ts';
import { patchOf, precondition } from './write.ts';

export function list(call: Call) {
  return withSession(call, async (session) => {
    const query = { limit: PAGE.maximum, ...(await userOf(session, call)) };
    const all = await Array.fromAsync(items(session.client.listAccessKeys, { query }));
    printList(session, all, CREDENTIAL_COLUMNS, ({ id }) => id);
  });
}

export function show(call: Call) {
  return withSession(call, async (session) => {
    const key = await find(session, call.args[0] as string);
    printOne(session, key, () => details(key, session.paint));
  });
}

export function create(call: Call) {
  return withSession(call, async (session) => {
    const body = { ...(await userOf(session, call)), ...bodyOf(tokenFields, call.options) } as AccessKeyCreate;
    const made = await session.client.createAccessKey({ body });
    const until = made.expiresAt === null ? 'for good' : `until ${made.expiresAt}`;
    const text = () =>
      `Access key ${made.name} created: ${made.role} ${until}. Nobody can show its secret again:\n` +
      `EVENKEEL_ACCESS_KEY_ID=${made.id}\nEVENKEEL_ACCESS_KEY_SECRET=${made.secret}\n`;
    print(session, { json: made, ids: [made.id, made.secret], text });
  });
}

export function update(call: Call) {
  return withSession(call, async (session) => {
    const body = patchOf<AccessKeyPatch>(accessKeyFields, call.options);
    const { id } = await find(session, call.args[0] as string);
    const params = { accessKeyId: id };
    const made = await session.client.updateAccessKey({ params, body, ...precondition(call.options) });
    printOne(session, made, () => `Access key ${made.name} changed: ${made.status}.\n`);
  });
}

export function remove(call: Call) {
  return withSession(call, (session) =>
    removeAll(session, call, {
      noun: 'access key',
      find: (text) => find(session, text),
      describe: async ({ name, id, userId }) => `${name} (${id}) of ${userId}`,
      remove: ({ id }) =>
        session.client.deleteAccessKey({ params: { accessKeyId: id }, ...precondition(call.options) }),
    }),
  );
}

/** Names are unique within a user alone. */
async function find(session: Session, text: string): Promise<AccessKey> {
  if (!isIdOf('accessKey', text)) throw notFound('access key', text);
  return session.client.getAccessKey({ params: { accessKeyId: text } });
}
