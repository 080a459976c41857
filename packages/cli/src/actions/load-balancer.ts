import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { LoadBalancerCreate } from '@evenkeel/model/resources/document.ts';
import type { LoadBalancer, LoadBalancerPatch } from '@evenkeel/model/resources/load-balancer.ts';
import type { OptionValues } from 'commander';
import type { Call } from '../commands/call.ts';
import { bodyOf, flagsGiven } from '../commands/fields.ts';
import { type LoadBalancerField, STANDARD_FIELDS } from '../commands/load-balancer-list-fields.ts';
import { forwardingFields, loadBalancerFields, nameField } from '../commands/resource-fields.ts';
import type { ProtocolAndPort, TargetSpec } from '../commands/values.ts';
import { EXIT } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { details, titled } from '../output/details.ts';
import { table } from '../output/table.ts';
import {
  listenerColumns,
  loadBalancerColumns,
  Names,
  ruleGroupColumns,
  serviceColumns,
  targetGroupColumns,
} from './columns.ts';
import { certificates, loadBalancers, securityGroups } from './kinds.ts';
import type { OutputForm } from './load-balancer-list.ts';
import { loadBalancerPlacementText, sayIfNowhere } from './placement.ts';
import { resolve } from './reference.ts';
import { printList, printOne, type Session, withSession } from './session.ts';
import { patchOf, precondition, written } from './write.ts';

export function list(call: Call) {
  return withSession(call, async (session) => {
    const all = await chosen(session, call);
    const { fields, output } = call.options as { fields?: LoadBalancerField[]; output?: OutputForm };
    if (fields !== undefined || output !== undefined) {
      return (await import('./load-balancer-list.ts')).printFields(session, all, fields ?? STANDARD_FIELDS, output);
    }
    const names = session.form === 'text' ? await Names.load(session.client, 'listElasticIps') : new Names();
    printList(session, all, loadBalancerColumns(names), (lb) => lb.id);
  });
}

/** The load balancers that arguments and options name, in order of creation. */
async function chosen(session: Session, { args, options }: Call): Promise<LoadBalancer[]> {
  const { type, tag = {} } = options as { type?: LoadBalancer['type']; tag?: Readonly<Record<string, string>> };
  const ids = new Set<string>();
  for (const text of args[0] as readonly string[]) ids.add((await resolve(session, loadBalancers, text)).id);
  const query = { limit: PAGE.maximum, ...(type && { type }) };
  const all = await Array.fromAsync(items(session.client.listLoadBalancers, { query }));
  const wanted = Object.entries(tag);
  return all.filter(({ id, tags }) => {
    return (ids.size === 0 || ids.has(id)) && wanted.every(([key, value]) => tags[key] === value);
  });
}

export function show(call: Call) {
  return withSession(call, async (session) => {
    const lb = await resolve(session, loadBalancers, call.args[0] as string);
    const content =
      session.form === 'text' ? (await contentOf(session, lb)) + (await loadBalancerPlacementText(session, lb.id)) : '';
    printOne(session, lb, () => `${details(lb, session.paint)}${content}`);
  });
}

/** The listeners, backend services and target groups of a load balancer, as tables. */
async function contentOf({ client, paint }: Session, { id: loadBalancerId }: LoadBalancer): Promise<string> {
  const query = { loadBalancerId, limit: PAGE.maximum };
  const [names, listeners, services, groups, rules] = await Promise.all([
    Names.load(client, 'listBackendServices', 'listTargetGroups'),
    Array.fromAsync(items(client.listListeners, { query })),
    Array.fromAsync(items(client.listBackendServices, { query })),
    Array.fromAsync(items(client.listTargetGroups, { query })),
    Array.fromAsync(items(client.listRuleGroups, { query })),
  ]);
  const tables = [
    ['listeners', listeners.length, table(listenerColumns(names).slice(1), listeners, paint)],
    ['rule groups', rules.length, table(ruleGroupColumns(names).slice(1), rules, paint)],
    ['backend services', services.length, table(serviceColumns(names).slice(1), services, paint)],
    ['target groups', groups.length, table(targetGroupColumns(names).slice(1), groups, paint)],
  ] as const;
  return tables
    .filter(([, length]) => length > 0)
    .map(([title, , text]) => `\n${titled(title, text, paint)}`)
    .join('');
}

export function create(call: Call) {
  return withSession(call, async (session) => {
    const { options } = call;
    const certificate = options.defaultCertificate as string[] | undefined;
    const body = creation(call.args[0] as string | undefined, options, await namesOf(session, certificate));
    const made = await session.client.createLoadBalancer({ body });
    const listening = (body.listeners ?? []).map(({ protocol, port }) => addressText(protocol, made.vip, port));
    const message = [`Load balancer ${made.name} (${made.id}) created: VIP ${made.vip}.`, ...listening].join('\n');
    await written(session, made, message, made.operationId, options);
    const isPlaced = [options.region, options.zones, options.subnet].some((one) => one !== undefined);
    if (isPlaced && options.wait !== false) await sayIfNowhere(session, made);
  });
}

/** Names of certificates, in the order given: a document has no identifiers. */
async function namesOf(session: Session, references: readonly string[] = []): Promise<string[]> {
  const names: string[] = [];
  for (const text of references) names.push((await resolve(session, certificates, text)).name);
  return names;
}

/**
 * The whole of a new load balancer: with listeners, a target group that their services share. `defaultCertificates`
 * are names, for the listeners at which TLS ends.
 */
export function creation(
  name: string | undefined,
  options: OptionValues,
  defaultCertificates: readonly string[] = [],
): LoadBalancerCreate {
  const {
    listener = [],
    target: targets,
    targetPort,
    type,
    subnet,
    vip,
    region,
    eip,
    securityGroups: groups,
  } = options as {
    listener?: ProtocolAndPort[];
    target?: TargetSpec[];
    targetPort?: number;
    type?: string;
    subnet?: string;
    vip?: string;
    region?: string;
    eip?: string;
    securityGroups?: readonly string[];
  };
  const forwarding = bodyOf(forwardingFields, options);
  const own = {
    ...(name !== undefined && { name }),
    ...(type !== undefined && { type }),
    ...(subnet !== undefined && { subnet }),
    ...(vip !== undefined && { vip }),
    ...(region !== undefined && { region }),
    ...(eip !== undefined && { elasticIp: eip }),
    ...(groups !== undefined && { securityGroups: groups }),
    ...bodyOf(loadBalancerFields, options),
  } as LoadBalancerCreate;
  if (listener.length === 0) {
    const [orphan] = [
      targets && '--target',
      targetPort && '--target-port',
      defaultCertificates.length > 0 && '--default-certificate',
      ...flagsGiven(forwardingFields, options),
    ].filter(Boolean);
    if (orphan) throw new CliFailure(EXIT.usage, `${orphan} needs a --listener that traffic comes in by.`);
    return own;
  }
  checkCertificates(listener, defaultCertificates);
  const targetGroup = name ?? 'targets';
  const service = { targetGroup, ...(targetPort !== undefined && { port: targetPort }), ...forwarding };
  return {
    ...own,
    targetGroups: [{ name: targetGroup, targets: targets ?? [] }],
    listeners: listener.map(({ protocol, port, lastPort }) => ({
      protocol,
      port,
      ...(lastPort !== undefined && { lastPort }),
      ...(endsTls(protocol) && { defaultCertificates }),
      service,
    })),
  } as LoadBalancerCreate;
}

const endsTls = (protocol: string) => protocol === 'https' || protocol === 'tls';

function checkCertificates(listeners: readonly ProtocolAndPort[], certificates: readonly string[]): void {
  const ending = listeners.find(({ protocol }) => endsTls(protocol));
  if (ending === undefined && certificates.length > 0) {
    throw new CliFailure(EXIT.usage, '--default-certificate needs a --listener of protocol https or tls.');
  }
  if (ending !== undefined && certificates.length === 0) {
    const { protocol, port } = ending;
    throw new CliFailure(EXIT.usage, `--listener ${protocol}:${port} needs a certificate: --default-certificate.`, [
      'See "evenkeel certificate create --help".',
    ]);
  }
}

function addressText(protocol: string, vip: string, port: number): string {
  const host = vip.includes(':') ? `[${vip}]` : vip;
  return `  ${protocol}://${host}:${port}${protocol.startsWith('http') ? '/' : ''}`;
}

export function update(call: Call) {
  return withSession(call, async (session) => {
    const groups = call.options.securityGroups as readonly string[] | undefined;
    const vip = call.options.vip as string | undefined;
    const extra = {
      ...(vip !== undefined && { vip }),
      ...(groups !== undefined && { securityGroupIds: await idsOf(session, groups) }),
    };
    const body = patchOf<LoadBalancerPatch>([nameField, ...loadBalancerFields], call.options, extra);
    const { id } = await resolve(session, loadBalancers, call.args[0] as string);
    const changed = await session.client.updateLoadBalancer({
      params: { loadBalancerId: id },
      body,
      ...precondition(call.options),
    });
    await written(session, changed, `Load balancer ${changed.name} changed.`, changed.operationId, call.options);
  });
}

async function idsOf(session: Session, references: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const text of references) ids.push((await resolve(session, securityGroups, text)).id);
  return ids;
}

export function clone(call: Call) {
  return withSession(call, async (session) => {
    const [text, name] = call.args as readonly [string, string?];
    const { id, name: source } = await resolve(session, loadBalancers, text);
    const { vip } = call.options;
    const body = { ...(name !== undefined && { name }), ...(vip !== undefined && { vip: vip as string }) };
    const made = await session.client.cloneLoadBalancer({ params: { loadBalancerId: id }, body });
    const message = `Load balancer ${made.name} (${made.id}) created like ${source}: VIP ${made.vip}.`;
    await written(session, made, message, made.operationId, call.options);
  });
}

export function start(call: Call) {
  return withSession(call, async (session) => {
    const { id } = await resolve(session, loadBalancers, call.args[0] as string);
    const params = { loadBalancerId: id };
    const done = await session.client.startLoadBalancer({ params, ...precondition(call.options) });
    await written(session, done, `Load balancer ${done.name} started.`, done.operationId, call.options);
  });
}

export function stop(call: Call) {
  return withSession(call, async (session) => {
    const { id } = await resolve(session, loadBalancers, call.args[0] as string);
    const params = { loadBalancerId: id };
    const done = await session.client.stopLoadBalancer({ params, ...precondition(call.options) });
    await written(session, done, `Load balancer ${done.name} stopped.`, done.operationId, call.options);
  });
}
