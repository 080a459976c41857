import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { VpcCreate, VpcPatch } from '@evenkeel/model/resources/vpc.ts';
import type { Call } from '../commands/call.ts';
import { bodyOf } from '../commands/fields.ts';
import { nameField, vpcFields } from '../commands/resource-fields.ts';
import { details, titled } from '../output/details.ts';
import { table } from '../output/table.ts';
import { vpcs } from './kinds.ts';
import { listQuery } from './listing.ts';
import { subnetColumns, vpcColumns } from './network-columns.ts';
import { resolve } from './reference.ts';
import { removeAll } from './remove.ts';
import { printList, printOne, type Session, withSession } from './session.ts';
import { patchOf, precondition, written } from './write.ts';

export function list(call: Call) {
  return withSession(call, async (session) => {
    const query = await listQuery(session, call.options);
    const all = await Array.fromAsync(items(session.client.listVpcs, { query }));
    printList(session, all, vpcColumns, ({ id }) => id);
  });
}

export function show(call: Call) {
  return withSession(call, async (session) => {
    const vpc = await find(session, call);
    const query = { vpcId: vpc.id, limit: PAGE.maximum };
    const subnets = session.form === 'text' ? await Array.fromAsync(items(session.client.listSubnets, { query })) : [];
    const text = () => titled('subnets', table(subnetColumns, subnets, session.paint), session.paint);
    printOne(session, vpc, () => `${details(vpc, session.paint)}${subnets.length === 0 ? '' : `\n${text()}`}`);
  });
}

export function create(call: Call) {
  return withSession(call, async (session) => {
    const { cidrs } = call.options;
    const body = { name: call.args[0], cidrs, ...bodyOf(vpcFields, call.options) } as VpcCreate;
    const made = await session.client.createVpc({ body });
    await written(session, made, `VPC ${made.name} (${made.id}) created.`, made.operationId, call.options);
  });
}

export function update(call: Call) {
  return withSession(call, async (session) => {
    const cidrs = call.options.cidrs as string[] | undefined;
    const extra = cidrs === undefined ? {} : { cidrs };
    const body = patchOf<VpcPatch>([nameField, ...vpcFields], call.options, extra);
    const { id } = await find(session, call);
    const changed = await session.client.updateVpc({ params: { vpcId: id }, body, ...precondition(call.options) });
    await written(session, changed, `VPC ${changed.name} changed.`, changed.operationId, call.options);
  });
}

export function remove(call: Call) {
  return withSession(call, (session) =>
    removeAll(session, call, {
      noun: 'VPC',
      find: (text) => resolve(session, vpcs, text),
      describe: async ({ name, id, cidrs }) => `${name} (${id}), ${cidrs.join(', ')}`,
      remove: ({ id }) => session.client.deleteVpc({ params: { vpcId: id }, ...precondition(call.options) }),
    }),
  );
}

function find(session: Session, call: Call) {
  return resolve(session, vpcs, call.args[0] as string);
}
