import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { SubnetCreate, SubnetPatch } from '@evenkeel/model/resources/subnet.ts';
import type { Call } from '../commands/call.ts';
import { bodyOf } from '../commands/fields.ts';
import { nameField, subnetFields } from '../commands/resource-fields.ts';
import { details } from '../output/details.ts';
import { subnets, vpcs } from './kinds.ts';
import { listQuery } from './listing.ts';
import { addressColumns, subnetColumns } from './network-columns.ts';
import { resolve } from './reference.ts';
import { removeAll } from './remove.ts';
import { printList, printOne, type Session, withSession } from './session.ts';
import { patchOf, precondition, written } from './write.ts';

export function list(call: Call) {
  return withSession(call, async (session) => {
    const vpc = call.options.vpc as string | undefined;
    const vpcId = vpc === undefined ? {} : { vpcId: (await resolve(session, vpcs, vpc)).id };
    const query = { ...vpcId, ...(await listQuery(session, call.options)) };
    const all = await Array.fromAsync(items(session.client.listSubnets, { query }));
    printList(session, all, subnetColumns, ({ id }) => id);
  });
}

export function show(call: Call) {
  return withSession(call, async (session) => {
    const subnet = await find(session, call);
    printOne(session, subnet, () => details(subnet, session.paint));
  });
}

export function create(call: Call) {
  return withSession(call, async (session) => {
    const { vpc, cidr } = call.options as { readonly vpc: string; readonly cidr: string };
    const { id: vpcId } = await resolve(session, vpcs, vpc);
    const body = { name: call.args[0], vpcId, cidr, ...bodyOf(subnetFields, call.options) } as SubnetCreate;
    const made = await session.client.createSubnet({ body });
    const message = `Subnet ${made.name} (${made.id}) created: ${made.usage.free} free addresses.`;
    await written(session, made, message, made.operationId, call.options);
  });
}

export function addresses(call: Call) {
  return withSession(call, async (session) => {
    const { id } = await find(session, call);
    const { free, limit = PAGE.default } = call.options as { readonly free?: boolean; readonly limit?: number };
    const query = {
      state: free === true ? ('free' as const) : ('used' as const),
      limit: Math.min(limit, PAGE.maximum),
    };
    const found = [];
    for await (const one of items(session.client.listSubnetAddresses, { params: { subnetId: id }, query })) {
      if (found.push(one) >= limit) break;
    }
    printList(session, found, addressColumns, ({ address }) => address);
  });
}

export function update(call: Call) {
  return withSession(call, async (session) => {
    const body = patchOf<SubnetPatch>([nameField, ...subnetFields], call.options);
    const { id } = await find(session, call);
    const params = { subnetId: id };
    const changed = await session.client.updateSubnet({ params, body, ...precondition(call.options) });
    await written(session, changed, `Subnet ${changed.name} changed.`, changed.operationId, call.options);
  });
}

export function remove(call: Call) {
  return withSession(call, (session) =>
    removeAll(session, call, {
      noun: 'subnet',
      find: (text) => resolve(session, subnets, text),
      describe: async ({ name, id, cidr }) => `${name} (${id}), ${cidr}`,
      remove: ({ id }) => session.client.deleteSubnet({ params: { subnetId: id }, ...precondition(call.options) }),
    }),
  );
}

function find(session: Session, call: Call) {
  return resolve(session, subnets, call.args[0] as string);
}
