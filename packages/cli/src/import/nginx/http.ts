import { RULE } from '@evenkeel/model/limits.ts';
import type { LoadBalancerDocument } from '@evenkeel/model/resources/document.ts';
import type { ForwardingPatch } from '@evenkeel/model/resources/forwarding.ts';
import type { ListenerDocument } from '@evenkeel/model/resources/listener.ts';
import type { RuleDocument } from '@evenkeel/model/resources/rule.ts';
import type { Findings, Origin } from '../findings.ts';
import { Names } from '../names.ts';
import type { Context } from './context.ts';
import { type Listen, listensOf } from './listen.ts';
import { httpSettings, tlsSettings } from './listener.ts';
import type { LocationRule } from './location.ts';
import { classOrder, type HostGroup, hostGroupsOf, rulesOfServer } from './server.ts';
import { Services } from './services.ts';
import type { Directive } from './words.ts';

/** A `server` of the `http` block, on one of the ports that it listens on. */
interface Placed {
  readonly server: VirtualServer;
  readonly listen: Listen;
}

interface VirtualServer {
  readonly directive: Directive;
  readonly context: Context;
  readonly groups: readonly HostGroup[];
  readonly listens: readonly Listen[];
}

/** The load balancers of the `http` block: one for each address that servers listen on. */
export function httpLoadBalancers(http: Context, name: string, findings: Findings): LoadBalancerDocument[] {
  const upstreams = http.own('upstream');
  const servers = http.own('server').map((directive) => virtualServer(http, directive, findings));
  const placed = servers.flatMap((server) => server.listens.map((listen) => ({ server, listen })));
  const addresses = [...new Set(placed.map(({ listen }) => listen.address))];
  const names = new Names();
  return addresses.map((address) => {
    const own = placed.filter(({ listen }) => listen.address === address);
    if (address !== '') {
      findings.add('to-do', own[0]!.listen.directive, `listens on ${address}: set \`vip\` if nodes have that address`);
    }
    const services = new Services(upstreams, 'http', findings);
    const ruleGroups: { name: string; rules: RuleDocument[] }[] = [];
    const listeners = [...new Set(own.map(({ listen }) => listen.port))].map((port) => {
      const there = own.filter(({ listen }) => listen.port === port);
      const { listener, rules } = listenerFor(port, there, services, findings);
      if (rules.length === 0) return listener;
      const known = ruleGroups.find((group) => JSON.stringify(group.rules) === JSON.stringify(rules));
      const group = known?.name ?? `port-${port}`;
      if (known === undefined) ruleGroups.push({ name: group, rules });
      return { ...listener, ruleGroup: group };
    });
    return {
      name: names.fresh(addresses.length === 1 || address === '' ? name : `${name}-${address}`),
      ...(services.all.length === 0 ? {} : { backendServices: services.all }),
      ...(ruleGroups.length === 0 ? {} : { ruleGroups }),
      listeners,
    };
  });
}

function virtualServer(http: Context, directive: Directive, findings: Findings): VirtualServer {
  const context = http.within(directive);
  const listens = listensOf(context, findings);
  const everywhere: Listen = { directive, address: '', port: 80, tls: false, isDefault: false, proxyProtocol: false };
  return {
    directive,
    context,
    groups: hostGroupsOf(context, findings),
    listens: listens.length > 0 ? listens : [everywhere],
  };
}

function listenerFor(
  port: number,
  placed: readonly Placed[],
  services: Services,
  findings: Findings,
): { listener: ListenerDocument; rules: RuleDocument[] } {
  // The default server comes first: it is the one whose settings hold before the host is known.
  const chosen = placed.find(({ listen }) => listen.isDefault) ?? placed[0]!;
  const ordered = [chosen, ...placed.filter((one) => one !== chosen)];
  const tls = ordered.some(({ listen }) => listen.tls);
  const told: { origin: Origin; forwarding: ForwardingPatch }[] = [];
  const rules = rulesFor(ordered, { services, told, findings });
  const contexts = ordered.map(({ server }) => server.context);
  const secure = ordered.map(({ server }) => ({ context: server.context, names: sniNames(server.groups) }));
  return {
    rules,
    listener: {
      name: `${tls ? 'https' : 'http'}-${port}`,
      protocol: tls ? 'https' : 'http',
      port,
      ...httpSettings(contexts, findings),
      ...(tls ? tlsSettings(secure, chosen.listen.directive, findings) : {}),
      ...(ordered.some(({ listen }) => listen.proxyProtocol) ? { acceptProxyProtocol: true } : {}),
      forwarding: forwardingOf(told, findings),
    },
  };
}

/** What one location wants targets to be told, all of the listener are. */
function forwardingOf(
  told: readonly { readonly origin: Origin; readonly forwarding: ForwardingPatch }[],
  findings: Findings,
): ForwardingPatch {
  const all: ForwardingPatch = Object.assign({ clientAddress: 'off' }, ...told.map(({ forwarding }) => forwarding));
  for (const { origin, forwarding } of told) {
    const same = JSON.stringify({ clientAddress: 'off', ...forwarding }) === JSON.stringify(all);
    if (!same)
      findings.add('differs', origin, 'targets get the X-Forwarded headers that other locations of the port set');
  }
  return all;
}

/** Rules by host, in the order in which nginx looks for one; those of the default server are for all the others, too. */
function rulesFor(ordered: readonly Placed[], around: Parameters<typeof rulesOfServer>[2]): RuleDocument[] {
  const names = new Names();
  const made = ordered.map(({ server }) => ({ server, own: rulesOfServer(server.context, server.directive, around) }));
  const named = made
    .flatMap(({ server, own }) => server.groups.map((group) => ({ group, own })))
    .sort((a, b) => classOrder(a.group) - classOrder(b.group) || longest(b.group) - longest(a.group));
  const [fallback] = made;
  const rules = (made.length === 1 ? [] : merged(named)).flatMap(({ group, own }) =>
    upToTheLast(own).map((rule) => ruleNamed(rule, names, group.hosts)),
  );
  return [...rules, ...upToTheLast(fallback?.own ?? []).map((rule) => ruleNamed(rule, names, []))];
}

function ruleNamed({ does, match, ...rest }: LocationRule, names: Names, hosts: readonly string[]): RuleDocument {
  const full = { ...(hosts.length === 0 ? {} : { hosts: [...hosts] }), ...match };
  return { name: names.fresh(does), ...(Object.keys(full).length === 0 ? {} : { match: full }), ...rest };
}

/** Hosts of one server that follow each other share their rules. */
function merged<T extends { readonly group: HostGroup; readonly own: unknown }>(named: readonly T[]): T[] {
  const result: T[] = [];
  for (const next of named) {
    const last = result.at(-1);
    const together = last === undefined ? 0 : last.group.hosts.length + next.group.hosts.length;
    if (last === undefined || last.own !== next.own || together > RULE.entries) result.push(next);
    else {
      const hosts = [...last.group.hosts, ...next.group.hosts];
      result[result.length - 1] = { ...last, group: { ...last.group, hosts } };
    }
  }
  return result;
}

/** None behind the one that is for every path: they would never match. */
function upToTheLast(rules: readonly LocationRule[]): readonly LocationRule[] {
  const last = rules.findIndex(({ match }) => Object.keys(match ?? {}).length === 0);
  return last < 0 ? rules : rules.slice(0, last + 1);
}

/** The longer name of two wildcards is looked for first. */
function longest({ class: kind, hosts }: HostGroup): number {
  return kind === 'leading' || kind === 'trailing' ? Math.max(...hosts.map((host) => host.length)) : 0;
}

function sniNames(groups: readonly HostGroup[]): string[] {
  return groups.flatMap(({ class: kind, hosts }) => (kind === 'exact' || kind === 'leading' ? hosts : []));
}
