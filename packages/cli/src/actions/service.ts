import { items } from '@evenkeel/client/items.ts';
import type { BackendServiceCreate, BackendServicePatch } from '@evenkeel/model/resources/backend-service.ts';
import type { OptionValues } from 'commander';
import type { Call } from '../commands/call.ts';
import { bodyOf } from '../commands/fields.ts';
import { nameField, serviceFields } from '../commands/resource-fields.ts';
import { details } from '../output/details.ts';
import { serviceColumns } from './columns.ts';
import { backendServices, loadBalancers, targetGroups } from './kinds.ts';
import { authorityOrNone } from './listener-tls.ts';
import { listQuery, namesFor } from './listing.ts';
import { resolve, resolvePart } from './reference.ts';
import { removeAll } from './remove.ts';
import { printList, printOne, type Session, withSession } from './session.ts';
import { merged, patchOf, precondition, written } from './write.ts';

export function list(call: Call) {
  return withSession(call, async (session) => {
    const { lb, targetGroup } = call.options;
    const query = {
      ...(await listQuery(session, call.options)),
      ...(targetGroup && { targetGroupId: (await resolvePart(session, targetGroups, targetGroup, lb)).id }),
    };
    const all = await Array.fromAsync(items(session.client.listBackendServices, { query }));
    const names = await namesFor(session, 'listLoadBalancers', 'listTargetGroups');
    printList(session, all, serviceColumns(names), (service) => service.id);
  });
}

export function show(call: Call) {
  return withSession(call, async (session) => {
    const service = await find(session, call);
    printOne(session, service, () => details(service, session.paint));
  });
}

export function create(call: Call) {
  return withSession(call, async (session) => {
    const { options } = call;
    const lb = await resolve(session, loadBalancers, options.lb);
    const body = {
      loadBalancerId: lb.id,
      name: call.args[0],
      protocol: options.protocol,
      port: options.port,
      ...(options.targetGroup && { targetGroupId: await groupOrNone(session, lb.id, options.targetGroup) }),
      ...(options.target && { targets: options.target }),
      ...merged(bodyOf(serviceFields, options), await tlsAuthorityOf(session, options)),
    } as BackendServiceCreate;
    const made = await session.client.createBackendService({ body });
    const message = `Backend service ${lb.name}/${made.name} (${made.id}) created.`;
    await written(session, made, message, made.operationId, options);
  });
}

export function update(call: Call) {
  return withSession(call, async (session) => {
    const { options } = call;
    const service = await find(session, call);
    const { targetGroup } = options;
    const body = patchOf<BackendServicePatch>([nameField, ...serviceFields], options, {
      ...(targetGroup && { targetGroupId: await groupOrNone(session, service.loadBalancerId, targetGroup) }),
      ...(await tlsAuthorityOf(session, options)),
    });
    const changed = await session.client.updateBackendService({
      params: { backendServiceId: service.id },
      body,
      ...precondition(options),
    });
    await written(session, changed, `Backend service ${changed.name} changed.`, changed.operationId, options);
  });
}

export function rotateKey(call: Call) {
  return withSession(call, async (session) => {
    const { id: backendServiceId } = await find(session, call);
    const changed = await session.client.rotateStickinessKey({
      params: { backendServiceId },
      ...precondition(call.options),
    });
    const message = `Cookies of backend service ${changed.name} have a new key.`;
    await written(session, changed, message, changed.operationId, call.options);
  });
}

export function remove(call: Call) {
  return withSession(call, (session) =>
    removeAll(session, call, {
      noun: 'backend service',
      find: (text) => resolvePart(session, backendServices, text, call.options.lb),
      describe: async ({ name, id }) => `${name} (${id})`,
      remove: ({ id }) =>
        session.client.deleteBackendService({ params: { backendServiceId: id }, ...precondition(call.options) }),
    }),
  );
}

async function tlsAuthorityOf(session: Session, { tlsAuthority }: OptionValues): Promise<BackendServicePatch> {
  return tlsAuthority === undefined ? {} : { tls: { authorityId: await authorityOrNone(session, tlsAuthority) } };
}

async function groupOrNone(session: Session, lb: string, text: string): Promise<string | null> {
  return text === 'none' ? null : (await resolvePart(session, targetGroups, text, lb)).id;
}

function find(session: Session, call: Call) {
  return resolvePart(session, backendServices, call.args[0] as string, call.options.lb);
}
