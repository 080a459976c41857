import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { TargetGroupCreate, TargetGroupPatch } from '@evenkeel/model/resources/target-group.ts';
import type { Call } from '../commands/call.ts';
import { bodyOf } from '../commands/fields.ts';
import { nameField, targetGroupFields } from '../commands/resource-fields.ts';
import { details, titled } from '../output/details.ts';
import { table } from '../output/table.ts';
import { count } from '../output/text.ts';
import { Names, targetColumns, targetGroupColumns } from './columns.ts';
import { loadBalancers, targetGroups } from './kinds.ts';
import { listQuery, namesFor } from './listing.ts';
import { resolve, resolvePart } from './reference.ts';
import { removeAll } from './remove.ts';
import { printList, printOne, type Session, withSession } from './session.ts';
import { patchOf, precondition, written } from './write.ts';

export function list(call: Call) {
  return withSession(call, async (session) => {
    const query = await listQuery(session, call.options);
    const all = await Array.fromAsync(items(session.client.listTargetGroups, { query }));
    const names = await namesFor(session, 'listLoadBalancers');
    printList(session, all, targetGroupColumns(names), (group) => group.id);
  });
}

export function show(call: Call) {
  return withSession(call, async (session) => {
    const group = await find(session, call);
    const content = session.form === 'text' ? await targetsOf(session, group.id) : '';
    printOne(session, group, () => `${details(group, session.paint)}${content}`);
  });
}

async function targetsOf({ client, paint }: Session, targetGroupId: string): Promise<string> {
  const all = items(client.listTargets, { params: { targetGroupId }, query: { limit: PAGE.maximum } });
  const targets = await Array.fromAsync(all);
  if (targets.length === 0) return '';
  return `\n${titled('targets', table(targetColumns(new Names()).slice(1), targets, paint), paint)}`;
}

export function create(call: Call) {
  return withSession(call, async (session) => {
    const { options } = call;
    const lb = await resolve(session, loadBalancers, options.lb);
    const body = {
      loadBalancerId: lb.id,
      name: call.args[0],
      ...bodyOf(targetGroupFields, options),
      ...(options.target && { targets: options.target }),
    } as TargetGroupCreate;
    const made = await session.client.createTargetGroup({ body });
    const message = `Target group ${lb.name}/${made.name} (${made.id}) created with ${count(made.targetCount, 'target')}.`;
    await written(session, made, message, made.operationId, options);
  });
}

export function update(call: Call) {
  return withSession(call, async (session) => {
    const body = patchOf<TargetGroupPatch>([nameField, ...targetGroupFields], call.options);
    const { id } = await find(session, call);
    const changed = await session.client.updateTargetGroup({
      params: { targetGroupId: id },
      body,
      ...precondition(call.options),
    });
    await written(session, changed, `Target group ${changed.name} changed.`, changed.operationId, call.options);
  });
}

export function remove(call: Call) {
  return withSession(call, (session) =>
    removeAll(session, call, {
      noun: 'target group',
      find: (text) => resolvePart(session, targetGroups, text, call.options.lb),
      describe: async ({ name, id, targetCount }) => `${name} (${id}) with ${count(targetCount, 'target')}`,
      remove: ({ id }) =>
        session.client.deleteTargetGroup({ params: { targetGroupId: id }, ...precondition(call.options) }),
    }),
  );
}

function find(session: Session, call: Call) {
  return resolvePart(session, targetGroups, call.args[0] as string, call.options.lb);
}
