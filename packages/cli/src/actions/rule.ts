import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { Rule, RuleInput } from '@evenkeel/model/resources/rule.ts';
import type { RuleGroup } from '@evenkeel/model/resources/rule-group.ts';
import type { Call } from '../commands/call.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { details } from '../output/details.ts';
import { Names, ruleColumns } from './columns.ts';
import { ruleGroups } from './kinds.ts';
import { isIdOf, notFound, plainName, resolvePart } from './reference.ts';
import { removeAll } from './remove.ts';
import { ruleBody } from './rule-body.ts';
import { printList, printOne, type Session, withSession } from './session.ts';
import { precondition, written } from './write.ts';

export function list(call: Call) {
  return withSession(call, async (session) => {
    const { id: ruleGroupId } = await groupOf(session, call);
    const query = { limit: PAGE.maximum };
    const all = await Array.fromAsync(items(session.client.listRules, { params: { ruleGroupId }, query }));
    const names = session.form === 'text' ? await Names.load(session.client, 'listBackendServices') : new Names();
    printList(session, all, ruleColumns(names), (rule) => rule.id);
  });
}

export function show(call: Call) {
  return withSession(call, async (session) => {
    const { group, rule } = await placed(session, call);
    const { rules } = await session.client.getRuleGroupTraffic({ params: { ruleGroupId: group.id } });
    const requests = rules.find(({ ruleId }) => ruleId === rule.id)?.requests ?? 0;
    const shown = { ...rule, requests };
    printOne(session, shown, () => details(shown, session.paint));
  });
}

export function create(call: Call) {
  return withSession(call, async (session) => {
    const { options } = call;
    const group = await groupOf(session, call);
    const body = { name: call.args[0], ...(await ruleBody(session, group.loadBalancerId, options, null)) } as RuleInput;
    const made = await session.client.createRule({ params: { ruleGroupId: group.id }, body });
    const message = `Rule ${group.name}/${made.name} (${made.id}) created with priority ${made.priority}.`;
    await written(session, made, message, made.operationId, options);
  });
}

export function update(call: Call) {
  return withSession(call, async (session) => {
    const { options } = call;
    const { group, rule } = await placed(session, call);
    const body = await ruleBody(session, group.loadBalancerId, options, rule);
    if (Object.keys(body).length === 0) {
      throw new CliFailure(EXIT.usage, 'nothing to change: name at least one field, see --help.');
    }
    const changed = await session.client.updateRule({
      params: { ruleGroupId: group.id, ruleId: rule.id },
      body,
      ...precondition(options),
    });
    await written(session, changed, `Rule ${group.name}/${changed.name} changed.`, changed.operationId, options);
  });
}

export function remove(call: Call) {
  return withSession(call, async (session) => {
    await removeAll(session, call, {
      noun: 'rule',
      find: async (text) => (await placed(session, call, text)).rule,
      describe: async ({ name, id, priority }) => `${name} (${id}) of priority ${priority}`,
      remove: ({ id, ruleGroupId }) =>
        session.client.deleteRule({ params: { ruleGroupId, ruleId: id }, ...precondition(call.options) }),
    });
  });
}

/** A rule by its identifier or name in `--group`, or as `group/rule` or `load-balancer/group/rule`. */
async function placed(session: Session, { args, options }: Call, text = args[0] as string) {
  const slash = options.group === undefined ? text.lastIndexOf('/') : -1;
  const name = options.group ?? text.slice(0, Math.max(0, slash));
  if (name === '') {
    throw new CliFailure(EXIT.usage, `which rule group has the rule? Say GROUP/${text}, or --group GROUP.`);
  }
  const group = await resolvePart(session, ruleGroups, name, options.lb);
  return { group, rule: await find(session, group, text.slice(slash + 1)) };
}

function groupOf(session: Session, { options }: Call): Promise<RuleGroup> {
  return resolvePart(session, ruleGroups, options.group, options.lb);
}

async function find({ client }: Session, { id: ruleGroupId }: RuleGroup, text: string): Promise<Rule> {
  if (isIdOf('rule', text)) return client.getRule({ params: { ruleGroupId, ruleId: text } });
  const found = await client.listRules({ params: { ruleGroupId }, query: { name: plainName('rule', text) } });
  if (found.items.length === 0) throw notFound('rule', text);
  return found.items[0];
}
