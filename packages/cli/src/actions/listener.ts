import { items } from '@evenkeel/client/items.ts';
import type { ListenerCreate, ListenerPatch } from '@evenkeel/model/resources/listener.ts';
import type { OptionValues } from 'commander';
import type { Call } from '../commands/call.ts';
import { bodyOf, flagsGiven } from '../commands/fields.ts';
import { forwardingFields, listenerFields, nameField } from '../commands/resource-fields.ts';
import type { ProtocolAndPort } from '../commands/values.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { details } from '../output/details.ts';
import { listenerColumns, portText } from './columns.ts';
import { backendServices, listeners, loadBalancers, ruleGroups, targetGroups } from './kinds.ts';
import { tlsReferencesOf } from './listener-tls.ts';
import { listQuery, namesFor } from './listing.ts';
import { resolve, resolvePart } from './reference.ts';
import { removeAll } from './remove.ts';
import { printList, printOne, type Session, withSession } from './session.ts';
import { merged, patchOf, precondition, written } from './write.ts';

export function list(call: Call) {
  return withSession(call, async (session) => {
    const { lb, service } = call.options;
    const query = {
      ...(await listQuery(session, call.options)),
      ...(service && { backendServiceId: (await resolvePart(session, backendServices, service, lb)).id }),
    };
    const all = await Array.fromAsync(items(session.client.listListeners, { query }));
    const names = await namesFor(session, 'listLoadBalancers', 'listBackendServices');
    printList(session, all, listenerColumns(names), (listener) => listener.id);
  });
}

export function show(call: Call) {
  return withSession(call, async (session) => {
    const listener = await find(session, call);
    printOne(session, listener, () => details(listener, session.paint));
  });
}

export function create(call: Call) {
  return withSession(call, async (session) => {
    const { options } = call;
    const { protocol, port, lastPort } = call.args[0] as ProtocolAndPort;
    const lb = await resolve(session, loadBalancers, options.lb);
    const body = {
      loadBalancerId: lb.id,
      protocol,
      port,
      ...(lastPort !== undefined && { lastPort }),
      ...(options.name !== undefined && { name: options.name }),
      ...merged(bodyOf(listenerFields, options), await tlsReferencesOf(session, lb.id, options)),
      ...(await ruleGroupOf(session, lb.id, options)),
      ...(await forwardingOf(session, lb.id, options)),
    } as ListenerCreate;
    const made = await session.client.createListener({ body });
    await written(session, made, `Listener ${lb.name}/${made.name} (${made.id}) created.`, made.operationId, options);
  });
}

/** The backend service that the listener gets: one that exists, or one of its own when anything about it is said. */
async function forwardingOf(session: Session, lb: string, options: OptionValues): Promise<Partial<ListenerCreate>> {
  const { service, target: targets, targetGroup, targetPort } = options;
  const { tlsAuthority } = options;
  const own = {
    ...merged(
      bodyOf(forwardingFields, options),
      tlsAuthority === undefined ? {} : { tls: { authority: none(tlsAuthority) } },
    ),
    ...(targets && { targets }),
    ...(targetGroup && { targetGroup: (await resolvePart(session, targetGroups, targetGroup, lb)).id }),
    ...(targetPort !== undefined && { port: targetPort }),
  };
  if (service === undefined) return Object.keys(own).length === 0 ? {} : { service: own };
  const [flag] = [...flagsGiven(forwardingFields, options), ...(tlsAuthority === undefined ? [] : ['--tls-authority'])];
  if (flag !== undefined) {
    throw new CliFailure(EXIT.usage, `${flag} belongs to the backend service: see "evenkeel service update --help".`);
  }
  return { backendServiceId: (await resolvePart(session, backendServices, service, lb)).id };
}

export function update(call: Call) {
  return withSession(call, async (session) => {
    const { options } = call;
    const listener = await find(session, call);
    const { loadBalancerId } = listener;
    const { service } = options;
    const body = patchOf<ListenerPatch>([nameField, ...listenerFields], options, {
      ...(service && { backendServiceId: await serviceOrNone(session, loadBalancerId, service) }),
      ...(await tlsReferencesOf(session, loadBalancerId, options)),
      ...(await ruleGroupOf(session, loadBalancerId, options)),
    });
    const changed = await session.client.updateListener({
      params: { listenerId: listener.id },
      body,
      ...precondition(options),
    });
    await written(session, changed, `Listener ${changed.name} changed.`, changed.operationId, options);
  });
}

/** The word `none` as the API says it. */
function none(text: string): string | null {
  return text === 'none' ? null : text;
}

async function ruleGroupOf(session: Session, lb: string, { ruleGroup: text }: OptionValues) {
  if (text === undefined) return {};
  return { ruleGroupId: text === 'none' ? null : (await resolvePart(session, ruleGroups, text, lb)).id };
}

async function serviceOrNone(session: Session, lb: string, text: string): Promise<string | null> {
  return text === 'none' ? null : (await resolvePart(session, backendServices, text, lb)).id;
}

export function remove(call: Call) {
  return withSession(call, (session) =>
    removeAll(session, call, {
      noun: 'listener',
      find: (text) => resolvePart(session, listeners, text, call.options.lb),
      describe: async ({ name, id, protocol, port, lastPort }) =>
        `${name} (${id}) on ${protocol}:${portText({ port, lastPort })}`,
      remove: ({ id }) => session.client.deleteListener({ params: { listenerId: id }, ...precondition(call.options) }),
    }),
  );
}

function find(session: Session, call: Call) {
  return resolvePart(session, listeners, call.args[0] as string, call.options.lb);
}
