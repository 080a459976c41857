import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type {
  AccessPolicy,
  AccessPolicyCreate,
  AccessPolicyPatch,
  AccessStatementInput,
} from '@evenkeel/model/resources/access-policy.ts';
import { statementText } from '../commands/access-statement.ts';
import type { Call } from '../commands/call.ts';
import { bodyOf } from '../commands/fields.ts';
import { commonFields, nameField } from '../commands/resource-fields.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { details } from '../output/details.ts';
import type { Column } from '../output/table.ts';
import { userOf } from './credentials.ts';
import { accessPolicies } from './kinds.ts';
import { resolve } from './reference.ts';
import { removeAll } from './remove.ts';
import { print, printList, printOne, withSession } from './session.ts';
import { patchOf, precondition } from './write.ts';

const COLUMNS: readonly Column<AccessPolicy>[] = [
  { head: 'NAME', of: ({ name }) => name },
  { head: 'ID', of: ({ id }) => id },
  { head: 'USERS', of: ({ usedBy }) => usedBy.map(({ name }) => name).join(', ') || null },
  { head: 'STATEMENTS', of: ({ statements }) => statements.map(textOf).join('; ') },
];

export function list(call: Call) {
  return withSession(call, async (session) => {
    const query = { limit: PAGE.maximum };
    const all = await Array.fromAsync(items(session.client.listAccessPolicies, { query }));
    printList(session, all, COLUMNS, ({ id }) => id);
  });
}

export function show(call: Call) {
  return withSession(call, async (session) => {
    const policy = await resolve(session, accessPolicies, call.args[0] as string);
    const shown = { ...policy, statements: policy.statements.map(textOf) };
    printOne(session, policy, () => details(shown, session.paint));
  });
}

export function create(call: Call) {
  return withSession(call, async (session) => {
    const statements = statementsIn(call);
    if (statements.length === 0) throw new CliFailure(EXIT.usage, 'an access policy needs a --deny or an --allow.');
    const body = { name: call.args[0], statements, ...bodyOf(commonFields, call.options) } as AccessPolicyCreate;
    const made = await session.client.createAccessPolicy({ body });
    const next = `"evenkeel user update USER --access-policies ${made.name}" gives it to a user.`;
    printOne(session, made, () => `Access policy ${made.name} (${made.id}) created. ${next}\n`);
  });
}

export function update(call: Call) {
  return withSession(call, async (session) => {
    const statements = statementsIn(call);
    const extra = statements.length === 0 ? {} : { statements };
    const body = patchOf<AccessPolicyPatch>([nameField, ...commonFields], call.options, extra as AccessPolicyPatch);
    const { id } = await resolve(session, accessPolicies, call.args[0] as string);
    const params = { accessPolicyId: id };
    const made = await session.client.updateAccessPolicy({ params, body, ...precondition(call.options) });
    printOne(session, made, () => `Access policy ${made.name} changed.\n`);
  });
}

export function remove(call: Call) {
  return withSession(call, (session) =>
    removeAll(session, call, {
      noun: 'access policy',
      find: (text) => resolve(session, accessPolicies, text),
      describe: async ({ name, id }) => `${name} (${id})`,
      remove: ({ id }) =>
        session.client.deleteAccessPolicy({ params: { accessPolicyId: id }, ...precondition(call.options) }),
    }),
  );
}

export async function can(call: Call): Promise<number> {
  let allowed = false;
  await withSession(call, async (session) => {
    const { on: resourceId } = call.options;
    const query = {
      action: call.args[0] as string,
      ...(resourceId && { resourceId }),
      ...(await userOf(session, call)),
    };
    const decision = await session.client.checkAccess({ query });
    allowed = decision.allowed;
    const ids = [allowed ? 'yes' : 'no'];
    print(session, { json: decision, ids, text: () => `${allowed ? 'Yes' : 'No'}: ${decision.reason}.\n` });
  });
  return allowed ? EXIT.ok : EXIT.failed;
}

function statementsIn({ options }: Call): AccessStatementInput[] {
  const { deny = [], allow = [] } = options as Record<'deny' | 'allow', readonly AccessStatementInput[] | undefined>;
  return [...deny, ...allow];
}

function textOf(statement: AccessPolicy['statements'][number]): string {
  return `${statement.effect} ${statementText(statement)}`;
}
