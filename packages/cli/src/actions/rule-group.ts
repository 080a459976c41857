import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { RuleGroupCreate, RuleGroupPatch } from '@evenkeel/model/resources/rule-group.ts';
import type { Call } from '../commands/call.ts';
import { bodyOf } from '../commands/fields.ts';
import { nameField, ruleGroupFields } from '../commands/resource-fields.ts';
import { details, titled } from '../output/details.ts';
import { table } from '../output/table.ts';
import { count } from '../output/text.ts';
import { Names, ruleColumns, ruleGroupColumns } from './columns.ts';
import { loadBalancers, ruleGroups } from './kinds.ts';
import { listQuery, namesFor } from './listing.ts';
import { resolve, resolvePart } from './reference.ts';
import { removeAll } from './remove.ts';
import { printList, printOne, type Session, withSession } from './session.ts';
import { patchOf, precondition, written } from './write.ts';

export function list(call: Call) {
  return withSession(call, async (session) => {
    const query = await listQuery(session, call.options);
    const all = await Array.fromAsync(items(session.client.listRuleGroups, { query }));
    const names = await namesFor(session, 'listLoadBalancers');
    printList(session, all, ruleGroupColumns(names), (group) => group.id);
  });
}

export function show(call: Call) {
  return withSession(call, async (session) => {
    const group = await find(session, call);
    const content = session.form === 'text' ? await rulesOf(session, group.id) : '';
    printOne(session, group, () => `${details(group, session.paint)}${content}`);
  });
}

async function rulesOf({ client, paint }: Session, ruleGroupId: string): Promise<string> {
  const query = { limit: PAGE.maximum };
  const rules = await Array.fromAsync(items(client.listRules, { params: { ruleGroupId }, query }));
  if (rules.length === 0) return '';
  const names = await Names.load(client, 'listBackendServices');
  return `\n${titled('rules', table(ruleColumns(names), rules, paint), paint)}`;
}

export function create(call: Call) {
  return withSession(call, async (session) => {
    const { options } = call;
    const lb = await resolve(session, loadBalancers, options.lb);
    const body = { loadBalancerId: lb.id, name: call.args[0], ...bodyOf(ruleGroupFields, options) } as RuleGroupCreate;
    const made = await session.client.createRuleGroup({ body });
    await written(session, made, `Rule group ${lb.name}/${made.name} (${made.id}) created.`, made.operationId, options);
  });
}

export function update(call: Call) {
  return withSession(call, async (session) => {
    const body = patchOf<RuleGroupPatch>([nameField, ...ruleGroupFields], call.options);
    const { id } = await find(session, call);
    const changed = await session.client.updateRuleGroup({
      params: { ruleGroupId: id },
      body,
      ...precondition(call.options),
    });
    await written(session, changed, `Rule group ${changed.name} changed.`, changed.operationId, call.options);
  });
}

export function remove(call: Call) {
  return withSession(call, (session) =>
    removeAll(session, call, {
      noun: 'rule group',
      find: (text) => resolvePart(session, ruleGroups, text, call.options.lb),
      describe: async ({ name, id, ruleCount }) => `${name} (${id}) with ${count(ruleCount, 'rule')}`,
      remove: ({ id }) =>
        session.client.deleteRuleGroup({ params: { ruleGroupId: id }, ...precondition(call.options) }),
    }),
  );
}

function find(session: Session, call: Call) {
  return resolvePart(session, ruleGroups, call.args[0] as string, call.options.lb);
}
