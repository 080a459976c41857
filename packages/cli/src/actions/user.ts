import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { User, UserCreate, UserPatch } from '@evenkeel/model/resources/user.ts';
import { userFields } from '../commands/access-fields.ts';
import type { Call } from '../commands/call.ts';
import { bodyOf } from '../commands/fields.ts';
import { nameField } from '../commands/resource-fields.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { readTextFile } from '../input-file.ts';
import { details } from '../output/details.ts';
import type { Column } from '../output/table.ts';
import { accessPolicies, users } from './kinds.ts';
import { resolve } from './reference.ts';
import { removeAll } from './remove.ts';
import { printList, printOne, type Session, withSession } from './session.ts';
import { patchOf, precondition } from './write.ts';

/** Of the longest password, with a line end to spare. */
const PASSWORD_BYTES = 1_024;

const COLUMNS: readonly Column<User>[] = [
  { head: 'NAME', of: ({ name }) => name },
  { head: 'ID', of: ({ id }) => id },
  { head: 'ROLE', of: ({ role }) => role },
  { head: 'REACH', of: ({ reach }) => reach },
  { head: 'ENABLED', of: ({ enabled }) => (enabled ? 'yes' : 'no') },
  { head: 'DESCRIPTION', of: ({ description }) => description },
];

export function whoami(call: Call) {
  return withSession(call, async (session) => {
    const identity = await session.client.getIdentity();
    printOne(session, identity, () => details(identity, session.paint));
  });
}

export function list(call: Call) {
  return withSession(call, async (session) => {
    const all = await Array.fromAsync(items(session.client.listUsers, { query: { limit: PAGE.maximum } }));
    printList(session, all, COLUMNS, ({ id }) => id);
  });
}

export function show(call: Call) {
  return withSession(call, async (session) => {
    const user = await resolve(session, users, call.args[0] as string);
    printOne(session, user, () => details(user, session.paint));
  });
}

export function create(call: Call) {
  return withSession(call, async (session) => {
    if (call.options.role === undefined) {
      throw new CliFailure(EXIT.usage, 'say what the user may do: --role viewer, operator or admin.');
    }
    const body = {
      name: call.args[0],
      ...bodyOf(userFields, call.options),
      ...(await policiesIn(session, call)),
    } as UserCreate;
    const made = await session.client.createUser({ body });
    const next = `"evenkeel token create --user ${made.name}" makes a token.`;
    printOne(session, made, () => `User ${made.name} (${made.id}) created, with the role ${made.role}. ${next}\n`);
  });
}

export function update(call: Call) {
  return withSession(call, async (session) => {
    const extra = await policiesIn(session, call);
    const body = patchOf<UserPatch>([nameField, ...userFields], call.options, extra);
    const { id } = await resolve(session, users, call.args[0] as string);
    const made = await session.client.updateUser({ params: { userId: id }, body, ...precondition(call.options) });
    printOne(session, made, () => `User ${made.name} changed.\n`);
  });
}

export function remove(call: Call) {
  return withSession(call, (session) =>
    removeAll(session, call, {
      noun: 'user',
      find: (text) => resolve(session, users, text),
      describe: async ({ name, id, role }) => `${name} (${id}), ${role}`,
      remove: ({ id }) => session.client.deleteUser({ params: { userId: id }, ...precondition(call.options) }),
    }),
  );
}

export function password(call: Call) {
  return withSession(call, async (session) => {
    const { id } = await resolve(session, users, call.args[0] as string);
    const given = call.options.remove ? null : await firstLine(call);
    const made = await session.client.setPassword({ params: { userId: id }, body: { password: given } });
    const done = given === null ? 'has no password any more' : 'has a new password';
    printOne(session, made, () => `User ${made.name} ${done}; all sessions have ended.\n`);
  });
}

/** Not as an argument: those are seen by whoever lists the processes. */
async function firstLine({ io }: Call): Promise<string> {
  const [line = ''] = (await readTextFile('-', io, PASSWORD_BYTES)).split(/\r?\n/, 1);
  if (line === '') throw new CliFailure(EXIT.usage, 'standard input has no password in its first line.');
  return line;
}

async function policiesIn(session: Session, { options }: Call): Promise<{ accessPolicyIds?: string[] }> {
  const references = options.accessPolicies as readonly string[] | undefined;
  if (references === undefined) return {};
  const accessPolicyIds: string[] = [];
  for (const text of references) accessPolicyIds.push((await resolve(session, accessPolicies, text)).id);
  return { accessPolicyIds };
}
