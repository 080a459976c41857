import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { SecurityPolicyCreate, SecurityPolicyPatch } from '@evenkeel/model/resources/security-policy.ts';
import type { Call } from '../commands/call.ts';
import { bodyOf } from '../commands/fields.ts';
import { nameField, securityPolicyFields } from '../commands/resource-fields.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { details } from '../output/details.ts';
import { cipherColumns, securityPolicyColumns } from './columns.ts';
import { securityPolicies } from './kinds.ts';
import { listQuery } from './listing.ts';
import { resolve } from './reference.ts';
import { removeAll } from './remove.ts';
import { printList, printOne, type Session, withSession } from './session.ts';
import { patchOf, precondition, written } from './write.ts';

export function list(call: Call) {
  return withSession(call, async (session) => {
    const query = await listQuery(session, call.options);
    const all = await Array.fromAsync(items(session.client.listSecurityPolicies, { query }));
    printList(session, all, securityPolicyColumns, ({ id }) => id);
  });
}

export function show(call: Call) {
  return withSession(call, async (session) => {
    const policy = await find(session, call);
    printOne(session, policy, () => details(policy, session.paint));
  });
}

export function create(call: Call) {
  return withSession(call, async (session) => {
    const { versions, ciphers } = call.options;
    if (versions === undefined || ciphers === undefined) {
      throw new CliFailure(EXIT.usage, 'a security policy needs --versions and --ciphers.');
    }
    const body = { name: call.args[0], ...bodyOf(securityPolicyFields, call.options) } as SecurityPolicyCreate;
    const made = await session.client.createSecurityPolicy({ body });
    await written(session, made, `Security policy ${made.name} (${made.id}) created.`, made.operationId, call.options);
  });
}

export function update(call: Call) {
  return withSession(call, async (session) => {
    const body = patchOf<SecurityPolicyPatch>([nameField, ...securityPolicyFields], call.options);
    const { id } = await find(session, call);
    const params = { securityPolicyId: id };
    const changed = await session.client.updateSecurityPolicy({ params, body, ...precondition(call.options) });
    await written(session, changed, `Security policy ${changed.name} changed.`, changed.operationId, call.options);
  });
}

export function remove(call: Call) {
  return withSession(call, (session) =>
    removeAll(session, call, {
      noun: 'security policy',
      find: (text) => resolve(session, securityPolicies, text),
      describe: async ({ name, id }) => `${name} (${id})`,
      remove: ({ id }) =>
        session.client.deleteSecurityPolicy({ params: { securityPolicyId: id }, ...precondition(call.options) }),
    }),
  );
}

export function ciphers(call: Call) {
  return withSession(call, async (session) => {
    const { items: all } = await session.client.listCiphers({ query: { limit: PAGE.maximum } });
    printList(session, all, cipherColumns, ({ name }) => name);
  });
}

function find(session: Session, call: Call) {
  return resolve(session, securityPolicies, call.args[0] as string);
}
