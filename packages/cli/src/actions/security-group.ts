import { items } from '@evenkeel/client/items.ts';
import { SECURITY_GROUP } from '@evenkeel/model/limits.ts';
import { canonicalNetwork } from '@evenkeel/model/network.ts';
import type {
  SecurityGroup,
  SecurityGroupCreate,
  SecurityGroupPatch,
  SecurityRuleInput,
} from '@evenkeel/model/resources/security-group.ts';
import type { Call } from '../commands/call.ts';
import { bodyOf } from '../commands/fields.ts';
import { nameField, securityGroupFields } from '../commands/resource-fields.ts';
import { securityRuleText } from '../commands/security-rule.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { details, titled } from '../output/details.ts';
import { table } from '../output/table.ts';
import { securityGroupColumns, securityRuleColumns } from './columns.ts';
import { securityGroups } from './kinds.ts';
import { listQuery } from './listing.ts';
import { resolve } from './reference.ts';
import { removeAll } from './remove.ts';
import { printList, printOne, type Session, withSession } from './session.ts';
import { patchOf, precondition, written } from './write.ts';

export function list(call: Call) {
  return withSession(call, async (session) => {
    const query = await listQuery(session, call.options);
    const all = await Array.fromAsync(items(session.client.listSecurityGroups, { query }));
    printList(session, all, securityGroupColumns, ({ id }) => id);
  });
}

export function show(call: Call) {
  return withSession(call, async (session) => {
    const group = await find(session, call);
    const { rules, ...rest } = group;
    const inOrder = rules.toSorted((a, b) => a.priority - b.priority || rankOf(a) - rankOf(b));
    printOne(session, group, () => {
      const text = table(securityRuleColumns, inOrder, session.paint);
      return `${details(rest, session.paint)}\n${titled('rules', text, session.paint)}`;
    });
  });
}

/** Among rules of the same priority, those that deny come first. */
function rankOf({ action }: SecurityRuleInput): number {
  return action === 'deny' ? 0 : 1;
}

export function create(call: Call) {
  return withSession(call, async (session) => {
    const { rule: rules } = call.options;
    if (rules === undefined) throw new CliFailure(EXIT.usage, 'a security group needs at least one --rule.');
    const body = { name: call.args[0], rules, ...bodyOf(securityGroupFields, call.options) } as SecurityGroupCreate;
    const made = await session.client.createSecurityGroup({ body });
    await written(session, made, `Security group ${made.name} (${made.id}) created.`, made.operationId, call.options);
  });
}

export function update(call: Call) {
  return withSession(call, async (session) => {
    const { rule, addRule, removeRule } = call.options;
    if (rule !== undefined && (addRule !== undefined || removeRule !== undefined)) {
      throw new CliFailure(EXIT.usage, '--rule replaces all rules: it does not go with --add-rule and --remove-rule.');
    }
    const group = await find(session, call);
    const edits = addRule !== undefined || removeRule !== undefined;
    const rules = edits ? edited(group, addRule ?? [], removeRule ?? []) : rule;
    const extra = rules === undefined ? {} : { rules };
    const body = patchOf<SecurityGroupPatch>([nameField, ...securityGroupFields], call.options, extra);
    const params = { securityGroupId: group.id };
    // Rules that somebody else has added meanwhile are not to be lost.
    const condition = edits ? { ifMatch: `"${group.generation}"` } : {};
    const changed = await session.client.updateSecurityGroup({
      params,
      body,
      ...condition,
      ...precondition(call.options),
    });
    await written(session, changed, `Security group ${changed.name} changed.`, changed.operationId, call.options);
  });
}

/** The rules of a group after these edits. Refuses to take away what is not there. */
function edited(
  { name, rules }: SecurityGroup,
  added: readonly SecurityRuleInput[],
  removed: readonly SecurityRuleInput[],
): SecurityRuleInput[] {
  const left: SecurityRuleInput[] = [...rules];
  for (const rule of removed) {
    const text = comparable(rule);
    const at = left.findIndex((other) => comparable(other) === text);
    if (at < 0) throw new CliFailure(EXIT.usage, `security group ${name} has no rule "${securityRuleText(rule)}".`);
    left.splice(at, 1);
  }
  return [...left, ...added];
}

function comparable(rule: SecurityRuleInput): string {
  const { priority = SECURITY_GROUP.priority.default, source } = rule;
  return securityRuleText({ ...rule, priority, source: canonicalNetwork(source) ?? source });
}

export function remove(call: Call) {
  return withSession(call, (session) =>
    removeAll(session, call, {
      noun: 'security group',
      find: (text) => resolve(session, securityGroups, text),
      describe: async ({ name, id }) => `${name} (${id})`,
      remove: ({ id }) =>
        session.client.deleteSecurityGroup({ params: { securityGroupId: id }, ...precondition(call.options) }),
    }),
  );
}

function find(session: Session, call: Call) {
  return resolve(session, securityGroups, call.args[0] as string);
}
