import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { ElasticIp, ElasticIpCreate, ElasticIpPatch } from '@evenkeel/model/resources/elastic-ip.ts';
import type { Call } from '../commands/call.ts';
import { bodyOf } from '../commands/fields.ts';
import { elasticIpFields, nameField } from '../commands/resource-fields.ts';
import { details } from '../output/details.ts';
import { elasticIpColumns } from './columns.ts';
import { elasticIps, loadBalancers } from './kinds.ts';
import { listQuery, namesFor } from './listing.ts';
import { notFound, resolve } from './reference.ts';
import { removeAll } from './remove.ts';
import { printList, printOne, type Session, withSession } from './session.ts';
import { patchOf, precondition, written } from './write.ts';

export function list(call: Call) {
  return withSession(call, async (session) => {
    const query = await listQuery(session, call.options);
    const all = await Array.fromAsync(items(session.client.listElasticIps, { query }));
    const names = await namesFor(session, 'listLoadBalancers');
    printList(session, all, elasticIpColumns(names), (eip) => eip.id);
  });
}

export function show(call: Call) {
  return withSession(call, async (session) => {
    const eip = await find(session, call.args[0] as string);
    printOne(session, eip, () => details(eip, session.paint));
  });
}

export function create(call: Call) {
  return withSession(call, async (session) => {
    const [name] = call.args;
    const { address } = call.options;
    const body = {
      ...(name !== undefined && { name }),
      ...(address !== undefined && { address }),
      ...bodyOf(elasticIpFields, call.options),
    } as ElasticIpCreate;
    const made = await session.client.createElasticIp({ body });
    const message = `Elastic IP ${made.name} (${made.id}) created: ${made.address}.`;
    await written(session, made, message, made.operationId, call.options);
  });
}

export function associate(call: Call) {
  return withSession(call, async (session) => {
    const eip = await find(session, call.args[0] as string);
    const lb = await resolve(session, loadBalancers, call.args[1] as string);
    const changed = await session.client.associateElasticIp({
      params: { elasticIpId: eip.id },
      body: { loadBalancerId: lb.id },
      ...precondition(call.options),
    });
    const message = `Elastic IP ${changed.name} (${changed.address}) now belongs to load balancer ${lb.name}.`;
    await written(session, changed, message, changed.operationId, call.options);
  });
}

export function disassociate(call: Call) {
  return withSession(call, async (session) => {
    const { id, name, address } = await find(session, call.args[0] as string);
    if (call.options.release === true) {
      const query = { disassociate: true };
      const params = { elasticIpId: id };
      const gone = await session.client.deleteElasticIp({ params, query, ...precondition(call.options) });
      const message = `Elastic IP ${name} (${address}) belongs to no load balancer, and is deleted.`;
      await written(session, gone, message, gone.operationId, call.options);
      return;
    }
    const changed = await session.client.disassociateElasticIp({
      params: { elasticIpId: id },
      ...precondition(call.options),
    });
    const message = `Elastic IP ${changed.name} (${changed.address}) belongs to no load balancer.`;
    await written(session, changed, message, changed.operationId, call.options);
  });
}

export function update(call: Call) {
  return withSession(call, async (session) => {
    const body = patchOf<ElasticIpPatch>([nameField, ...elasticIpFields], call.options);
    const { id } = await find(session, call.args[0] as string);
    const changed = await session.client.updateElasticIp({
      params: { elasticIpId: id },
      body,
      ...precondition(call.options),
    });
    await written(session, changed, `Elastic IP ${changed.name} changed.`, changed.operationId, call.options);
  });
}

export function remove(call: Call) {
  return withSession(call, (session) =>
    removeAll(session, call, {
      noun: 'elastic IP',
      find: (text) => find(session, text),
      describe: async ({ name, id, address }) => `${name} (${id}), ${address}`,
      remove: ({ id }) =>
        session.client.deleteElasticIp({ params: { elasticIpId: id }, ...precondition(call.options) }),
    }),
  );
}

/** By identifier, name, or address; a name may look like an address. */
async function find(session: Session, text: string): Promise<ElasticIp> {
  if (!/^[\d.]+$|:/.test(text)) return resolve(session, elasticIps, text);
  for await (const eip of items(session.client.listElasticIps, { query: { limit: PAGE.maximum } })) {
    if (eip.address === text || eip.name === text) return eip;
  }
  throw notFound('elastic IP', text);
}
