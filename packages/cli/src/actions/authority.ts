import { items } from '@evenkeel/client/items.ts';
import { AUTHORITY } from '@evenkeel/model/limits.ts';
import type { AuthorityCreate, AuthorityPatch } from '@evenkeel/model/resources/authority.ts';
import type { OptionValues } from 'commander';
import type { Call } from '../commands/call.ts';
import { bodyOf } from '../commands/fields.ts';
import { authorityFields, nameField } from '../commands/resource-fields.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { inputName, readTextFile } from '../input-file.ts';
import type { Io } from '../io.ts';
import { details } from '../output/details.ts';
import { authorityColumns } from './columns.ts';
import { authorities } from './kinds.ts';
import { listQuery } from './listing.ts';
import { resolve } from './reference.ts';
import { removeAll } from './remove.ts';
import { printList, printOne, type Session, withSession } from './session.ts';
import { patchOf, precondition, written } from './write.ts';

export function list(call: Call) {
  return withSession(call, async (session) => {
    const query = await listQuery(session, call.options);
    const all = await Array.fromAsync(items(session.client.listAuthorities, { query }));
    printList(session, all, authorityColumns, ({ id }) => id);
  });
}

export function show(call: Call) {
  return withSession(call, async (session) => {
    const authority = await find(session, call);
    printOne(session, authority, () => details(authority, session.paint));
  });
}

export function create(call: Call) {
  return withSession(call, async (session) => {
    const [name] = call.args;
    const body = {
      ...(name !== undefined && { name }),
      ...(await material(session.io, call.options)),
      ...bodyOf(authorityFields, call.options),
    } as AuthorityCreate;
    const made = await session.client.createAuthority({ body });
    await written(session, made, `Authority ${made.name} (${made.id}) created.`, made.operationId, call.options);
  });
}

export function update(call: Call) {
  return withSession(call, async (session) => {
    const extra = await material(session.io, call.options);
    const body = patchOf<AuthorityPatch>([nameField, ...authorityFields], call.options, extra);
    const { id } = await find(session, call);
    const params = { authorityId: id };
    const changed = await session.client.updateAuthority({ params, body, ...precondition(call.options) });
    await written(session, changed, `Authority ${changed.name} changed.`, changed.operationId, call.options);
  });
}

export function remove(call: Call) {
  return withSession(call, (session) =>
    removeAll(session, call, {
      noun: 'authority',
      find: (text) => resolve(session, authorities, text),
      describe: async ({ name, id }) => `${name} (${id})`,
      remove: ({ id }) =>
        session.client.deleteAuthority({ params: { authorityId: id }, ...precondition(call.options) }),
    }),
  );
}

/** What the files that the options name hold. */
async function material(io: Io, { certificates, crl }: OptionValues): Promise<Partial<AuthorityCreate>> {
  const lists = crl === 'none' ? '' : crl && (await readTextFile(crl, io, AUTHORITY.revocationListsLength));
  // A file that could not be fetched is no reason to let in everybody whom it would have named.
  if (lists === '' && crl !== 'none') {
    throw new CliFailure(EXIT.usage, `${inputName(crl)} is empty; "--crl none" takes the lists away.`);
  }
  return {
    ...(certificates && { certificates: await readTextFile(certificates, io, AUTHORITY.certificatesLength) }),
    ...(lists !== undefined && { revocationLists: lists }),
  };
}

function find(session: Session, call: Call) {
  return resolve(session, authorities, call.args[0] as string);
}
