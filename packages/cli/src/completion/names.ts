import type { Client } from '@evenkeel/client/client.ts';
import { createClient } from '@evenkeel/client/client.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import { type ConnectionOptions, findConnection } from '../actions/connection.ts';
import { fetchFor } from '../actions/fetch.ts';
import type { Hint } from '../commands/hints.ts';
import type { Io } from '../io.ts';
import { oneLine } from '../output/text.ts';

type Nameable = Exclude<Hint, 'file' | 'folder'>;

/** Milliseconds that somebody who presses the tab key waits. */
const PATIENCE = 1_000;

/** The options that say where the control plane is, what it is known by, and what it is called with. */
const CONNECTION = ['home', 'url', 'token', 'tenant', 'ca', 'profile', 'fingerprint'] as const;

/**
 * The names that may stand for a kind of object, as the control plane knows them now; of parts of a load balancer with
 * it in front, unless `--lb` is given. None when it does not answer soon: completion never says why.
 */
export async function findNames(
  hint: Nameable,
  given: ReadonlyMap<string, string>,
  io: Io,
): Promise<{ value: string; description: string }[]> {
  try {
    const connection = findConnection(connectionOptions(given), io.env);
    const signal = AbortSignal.timeout(PATIENCE);
    const found = await ask(createClient({ ...connection, fetch: await fetchFor(connection) }), hint, given, signal);
    return found.map(({ value, description }) => ({ value, description: oneLine(description) }));
  } catch {
    return [];
  }
}

async function ask(client: Client, hint: Nameable, given: ReadonlyMap<string, string>, signal: AbortSignal) {
  const query = { limit: PAGE.maximum };
  switch (hint) {
    case 'loadBalancer':
      return (await client.listLoadBalancers({ query, signal })).items.map(({ name, vip }) => ({
        value: name,
        description: vip,
      }));
    case 'elasticIp':
      return (await client.listElasticIps({ query, signal })).items.map(({ name, address }) => ({
        value: name,
        description: address,
      }));
    case 'certificate':
      return (await client.listCertificates({ query, signal })).items.map(({ name, names }) => ({
        value: name,
        description: names.join(', '),
      }));
    case 'authority':
      return (await client.listAuthorities({ query, signal })).items.map(({ id, name }) => ({
        value: name,
        description: id,
      }));
    case 'securityPolicy':
      return (await client.listSecurityPolicies({ query, signal })).items.map(({ name, description }) => ({
        value: name,
        description,
      }));
    case 'region':
      return (await client.listRegions({ query, signal })).items.map(({ name, description }) => ({
        value: name,
        description,
      }));
    case 'zone':
      return (await client.listZones({ query, signal })).items.map(({ name, region }) => ({
        value: name,
        description: region,
      }));
    case 'webhook':
      return (await client.listWebhooks({ query, signal })).items.map(({ name, url }) => ({
        value: name,
        description: url,
      }));
    case 'securityGroup':
      return (await client.listSecurityGroups({ query, signal })).items.map(({ name, description }) => ({
        value: name,
        description,
      }));
    case 'vpc':
      return (await client.listVpcs({ query, signal })).items.map(({ name, cidrs }) => ({
        value: name,
        description: cidrs.join(', '),
      }));
    case 'subnet':
      return (await client.listSubnets({ query, signal })).items.map(({ name, cidr }) => ({
        value: name,
        description: cidr,
      }));
    case 'tenant':
      return (await client.listTenants({ query, signal })).items.map(({ name, description }) => ({
        value: name,
        description,
      }));
    case 'accessPolicy':
      return (await client.listAccessPolicies({ query, signal })).items.map(({ name, description }) => ({
        value: name,
        description,
      }));
    case 'accessKey':
      return (await client.listAccessKeys({ query, signal })).items.map(({ id, name }) => ({
        value: id,
        description: name,
      }));
    case 'user':
      return (await client.listUsers({ query, signal })).items.map(({ name, role }) => ({
        value: name,
        description: role,
      }));
    case 'token':
      return (await client.listTokens({ query, signal })).items.map(({ id, name, status }) => ({
        value: id,
        description: `${name}, ${status}`,
      }));
    case 'node':
      return (await client.listNodes({ query, signal })).items.map(({ id, status }) => ({
        value: id,
        description: status,
      }));
    case 'operation':
      return (await client.listOperations({ query: { limit: 20 }, signal })).items.map(({ id, action, status }) => ({
        value: id,
        description: `${action}, ${status}`,
      }));
    case 'listener':
      return qualified(client, given, signal, (await client.listListeners({ query, signal })).items);
    case 'backendService':
      return qualified(client, given, signal, (await client.listBackendServices({ query, signal })).items);
    case 'targetGroup':
      return qualified(client, given, signal, (await client.listTargetGroups({ query, signal })).items);
    case 'ruleGroup':
      return qualified(client, given, signal, (await client.listRuleGroups({ query, signal })).items);
    case 'rule':
      return rulesOf(client, given, signal);
    case 'target':
      return (await client.listTargetHealth({ query, signal })).items.map(({ targetId, address, port, state }) => ({
        value: targetId,
        description: `${address}:${port}, ${state}`,
      }));
  }
}

/** Of the group that `--group` names: rules have no names without one. */
async function rulesOf(client: Client, given: ReadonlyMap<string, string>, signal: AbortSignal) {
  const query = { limit: PAGE.maximum };
  const wanted = given.get('--group') ?? '';
  const groups = await qualified(client, given, signal, (await client.listRuleGroups({ query, signal })).items);
  const group = groups.find(
    ({ value, description: id }) => [value, id].includes(wanted) || value.endsWith(`/${wanted}`),
  );
  if (group === undefined) return [];
  const { items } = await client.listRules({ params: { ruleGroupId: group.description }, query, signal });
  return items.map(({ name, priority }) => ({ value: name, description: `priority ${priority}` }));
}

async function qualified(
  client: Client,
  given: ReadonlyMap<string, string>,
  signal: AbortSignal,
  parts: readonly { readonly id: string; readonly name: string; readonly loadBalancerId: string }[],
) {
  const { items } = await client.listLoadBalancers({ query: { limit: PAGE.maximum }, signal });
  const lb = given.get('--lb');
  const owners = new Map(items.map(({ id, name }) => [id, name]));
  return parts
    .map(({ id, name, loadBalancerId }) => ({
      id,
      name,
      loadBalancerId,
      owner: owners.get(loadBalancerId) ?? loadBalancerId,
    }))
    .filter(({ owner, loadBalancerId }) => lb === undefined || lb === owner || lb === loadBalancerId)
    .map(({ id, name, owner }) => ({ value: lb === undefined ? `${owner}/${name}` : name, description: id }));
}

function connectionOptions(given: ReadonlyMap<string, string>): ConnectionOptions {
  const typed = CONNECTION.map((name) => [name, given.get(`--${name}`)] as const);
  return Object.fromEntries(typed.filter(([, value]) => value !== undefined));
}
