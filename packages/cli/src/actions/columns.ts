import type { Client } from '@evenkeel/client/client.ts';
import { items } from '@evenkeel/client/items.ts';
import { PAGE } from '@evenkeel/model/limits.ts';
import type { Authority } from '@evenkeel/model/resources/authority.ts';
import type { BackendService } from '@evenkeel/model/resources/backend-service.ts';
import type { Certificate } from '@evenkeel/model/resources/certificate.ts';
import type { ElasticIp } from '@evenkeel/model/resources/elastic-ip.ts';
import type { Listener } from '@evenkeel/model/resources/listener.ts';
import type { LoadBalancer } from '@evenkeel/model/resources/load-balancer.ts';
import type { Rule } from '@evenkeel/model/resources/rule.ts';
import type { RuleGroup } from '@evenkeel/model/resources/rule-group.ts';
import type { SecurityGroup, SecurityRule } from '@evenkeel/model/resources/security-group.ts';
import type { Cipher, SecurityPolicy } from '@evenkeel/model/resources/security-policy.ts';
import type { Target } from '@evenkeel/model/resources/target.ts';
import type { TargetGroup } from '@evenkeel/model/resources/target-group.ts';
import { securityRuleText } from '../commands/security-rule.ts';
import type { Column } from '../output/table.ts';
import { actionText, matchText } from './rule-text.ts';

/** Items of a list that are shown in one cell. */
const LISTED = 3;

/** Names of the objects that others refer to by identifier; an unknown one stays an identifier. */
export class Names {
  readonly #names = new Map<string, string>();

  /** Asks for the names of these kinds, all at once. */
  static async load(
    client: Client,
    ...lists: readonly (
      | 'listLoadBalancers'
      | 'listBackendServices'
      | 'listTargetGroups'
      | 'listRuleGroups'
      | 'listElasticIps'
    )[]
  ): Promise<Names> {
    const names = new Names();
    await Promise.all(
      lists.map(async (list) => {
        const all = items<{ query?: { cursor?: string; limit?: number } }, { id: string; name: string }>(client[list], {
          query: { limit: PAGE.maximum },
        });
        for await (const { id, name } of all) names.#names.set(id, name);
      }),
    );
    return names;
  }

  of(id: string | null): string | null {
    return id === null ? null : (this.#names.get(id) ?? id);
  }
}

export function loadBalancerColumns(names: Names): Column<LoadBalancer>[] {
  return [
    { head: 'NAME', of: (lb) => lb.name },
    { head: 'ID', of: (lb) => lb.id },
    { head: 'TYPE', of: (lb) => lb.type },
    { head: 'VIP', of: (lb) => lb.vip },
    { head: 'EIP', of: (lb) => names.of(lb.elasticIpId) },
    { head: 'STATUS', of: (lb) => lb.status },
  ];
}

/** `80`, or `9000-9100`. */
export function portText({ port, lastPort }: { readonly port: number; readonly lastPort: number | null }): string {
  return lastPort === null ? String(port) : `${port}-${lastPort}`;
}

export function listenerColumns(names: Names): Column<Listener>[] {
  return [
    { head: 'LB', of: (listener) => names.of(listener.loadBalancerId) },
    { head: 'NAME', of: (listener) => listener.name },
    { head: 'ID', of: (listener) => listener.id },
    { head: 'PORT', of: (listener) => `${listener.protocol}:${portText(listener)}` },
    { head: 'SERVICE', of: (listener) => names.of(listener.backendServiceId) },
    { head: 'STATUS', of: (listener) => statusOf(listener) },
  ];
}

/** With the time at which the last of its nodes went, where none is left. */
function statusOf({ status, nodes }: Listener): string {
  if (status !== 'offline') return status;
  const times = nodes.map(({ offlineSince }) => offlineSince ?? '').sort();
  return `offline since ${times.at(-1)}`;
}

export function serviceColumns(names: Names): Column<BackendService>[] {
  return [
    { head: 'LB', of: (service) => names.of(service.loadBalancerId) },
    { head: 'NAME', of: (service) => service.name },
    { head: 'ID', of: (service) => service.id },
    { head: 'PORT', of: (service) => `${service.protocol}:${service.port}` },
    { head: 'TARGET GROUP', of: (service) => names.of(service.targetGroupId) },
    { head: 'ALGORITHM', of: (service) => service.algorithm },
    { head: 'HEALTH CHECK', of: (service) => checkText(service) },
  ];
}

export function targetGroupColumns(names: Names): Column<TargetGroup>[] {
  return [
    { head: 'LB', of: (group) => names.of(group.loadBalancerId) },
    { head: 'NAME', of: (group) => group.name },
    { head: 'ID', of: (group) => group.id },
    { head: 'TARGETS', of: (group) => group.targetCount },
  ];
}

export function targetColumns(names: Names): Column<Target>[] {
  return [
    { head: 'GROUP', of: (target) => names.of(target.targetGroupId) },
    { head: 'TARGET', of: (target) => placeOf(target) },
    { head: 'ID', of: (target) => target.id },
    { head: 'NAME', of: (target) => target.name },
    { head: 'WEIGHT', of: (target) => target.weight },
    { head: 'ZONE', of: (target) => target.zone },
    { head: 'STATE', of: (target) => target.state },
  ];
}

export function ruleGroupColumns(names: Names): Column<RuleGroup>[] {
  return [
    { head: 'LB', of: (group) => names.of(group.loadBalancerId) },
    { head: 'NAME', of: (group) => group.name },
    { head: 'ID', of: (group) => group.id },
    { head: 'ORDER', of: (group) => group.order },
    { head: 'RULES', of: (group) => group.ruleCount },
  ];
}

export function ruleColumns(names: Names): Column<Rule>[] {
  return [
    { head: 'PRIORITY', of: (rule) => rule.priority },
    { head: 'NAME', of: (rule) => rule.name },
    { head: 'ID', of: (rule) => rule.id },
    { head: 'MATCH', of: ({ match }) => matchText(match) },
    { head: 'ACTION', of: (rule) => actionText(rule, names) },
  ];
}

export function elasticIpColumns(names: Names): Column<ElasticIp>[] {
  return [
    { head: 'NAME', of: (eip) => eip.name },
    { head: 'ID', of: (eip) => eip.id },
    { head: 'ADDRESS', of: (eip) => eip.address },
    { head: 'MBIT/S', of: ({ bandwidth }) => bandwidth ?? '' },
    { head: 'LB', of: (eip) => names.of(eip.loadBalancerId) },
  ];
}

export const certificateColumns: Column<Certificate>[] = [
  { head: 'NAME', of: ({ name }) => name },
  { head: 'ID', of: ({ id }) => id },
  { head: 'HOST NAMES', of: ({ names }) => someOf(names) },
  { head: 'KEY', of: ({ keyType, keySize }) => `${keyType} ${keySize}` },
  { head: 'DAYS LEFT', of: ({ daysLeft }) => daysLeft },
  { head: 'STATUS', of: ({ status }) => status },
  { head: 'USED BY', of: ({ usedBy }) => someOf(usedBy.map(({ name }) => name)) },
];

export const authorityColumns: Column<Authority>[] = [
  { head: 'NAME', of: ({ name }) => name },
  { head: 'ID', of: ({ id }) => id },
  { head: 'CERTIFICATES', of: ({ certificates }) => someOf(certificates.map(({ subject }) => subject)) },
  { head: 'DAYS LEFT', of: ({ daysLeft }) => daysLeft },
  { head: 'STATUS', of: ({ status }) => status },
  { head: 'USED BY', of: ({ usedBy }) => someOf(usedBy.map(({ name }) => name)) },
];

export const securityPolicyColumns: Column<SecurityPolicy>[] = [
  { head: 'NAME', of: ({ name }) => name },
  { head: 'ID', of: ({ id }) => id },
  { head: 'VERSIONS', of: ({ versions }) => versions.join(', ') },
  { head: 'CIPHERS', of: ({ ciphers }) => ciphers.length },
  { head: 'BUILT IN', of: ({ builtIn }) => (builtIn ? 'yes' : 'no') },
  { head: 'USED BY', of: ({ usedBy }) => someOf(usedBy.map(({ name }) => name)) },
];

export const securityGroupColumns: Column<SecurityGroup>[] = [
  { head: 'NAME', of: ({ name }) => name },
  { head: 'ID', of: ({ id }) => id },
  { head: 'RULES', of: ({ rules }) => rules.length },
  { head: 'USED BY', of: ({ usedBy }) => someOf(usedBy.map(({ name }) => name)) },
];

export const securityRuleColumns: Column<SecurityRule>[] = [
  { head: 'PRIORITY', of: ({ priority }) => priority },
  { head: 'RULE', of: (rule) => securityRuleText(rule) },
  { head: 'DESCRIPTION', of: ({ description }) => description },
];

export const cipherColumns: Column<Cipher>[] = [
  { head: 'NAME', of: ({ name }) => name },
  { head: 'TLS', of: ({ version }) => version },
  { head: 'KEYS', of: ({ keyTypes }) => keyTypes.join(', ') },
  { head: 'FORWARD SECRECY', of: ({ forwardSecrecy }) => (forwardSecrecy ? 'yes' : 'no') },
];

/** The first of a list that may be long. */
function someOf(texts: readonly string[]): string | null {
  if (texts.length === 0) return null;
  const more = texts.length > LISTED ? ` and ${texts.length - LISTED} more` : '';
  return `${texts.slice(0, LISTED).join(', ')}${more}`;
}

/** `10.0.0.1:8080`, `[2001:db8::1]:8080`, or the address alone for a target that takes the port of its service. */
export function placeOf({ address, port }: { readonly address: string; readonly port: number | null }): string {
  if (port === null) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function checkText({ healthCheck }: BackendService): string {
  if (!healthCheck.enabled) return 'off';
  const { protocol } = healthCheck;
  const what = protocol.startsWith('http') ? `${protocol} ${healthCheck.path}` : protocol;
  return `${what} every ${healthCheck.interval} s`;
}
